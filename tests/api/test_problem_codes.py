"""Every code that an error of the product can carry is explained in the reference, and no other."""

import ast
import re
from collections.abc import Iterator

from orch_app.api import problem_pages, renderer
from orch_app.domains.accounts import service
from orch_app.kit import errors, upstream_failures
from orch_app.kit.settings import ROOT

PAGE = ROOT / "docs" / "reference" / "problems.md"
FAMILY = {
    name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, errors.OrchError)
}


def calls(tree: ast.AST, family: set[str]) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in family:
            yield node


def codes() -> set[str]:
    trees = [ast.parse(path.read_text("utf-8")) for path in (ROOT / "orch_app").rglob("*.py")]
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    heirs = {node.name for node in classes for base in node.bases if isinstance(base, ast.Name) and base.id in FAMILY}
    named = FAMILY | heirs - {upstream_failures.UpstreamError.__name__}  # which is told a kind, not a code
    found = {call.args[1] for tree in trees for call in calls(tree, named) if len(call.args) > 1}
    return {code.value for code in found if isinstance(code, ast.Constant) and isinstance(code.value, str)}


def test_every_code_is_explained() -> None:
    built_by_name = {f"bad_{field}" for field in ("email", "name", "role")}
    assert service._refusal("email", "x").code in built_by_name
    built_by_name |= set(upstream_failures.PROBLEMS.values())
    expected = codes() | built_by_name | {"error"} | set(renderer._CODES.values())
    assert sorted(problem_pages.catalogue()) == sorted(expected)


def test_the_reference_says_what_the_pages_say() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \| (\d*) ?\| (.+) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert {code: (int(status or 0), meaning) for code, status, meaning in rows} == {
        code: (known["status"], known["en"]) for code, known in problem_pages.catalogue().items()
    }
    assert len(rows) == len(problem_pages.catalogue())
