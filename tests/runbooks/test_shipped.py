"""Every runbook in the repository can run, says so in both languages, and its own cases hold."""

import ast
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from orch_app.domains.jobs.states import SharedReason
from orch_app.domains.runbooks.catalogue import read_folder
from orch_app.domains.runbooks.contract import RunbookSpec
from orch_app.domains.runbooks.inputs import check_inputs
from orch_app.domains.runbooks.schema_rules import Schema, walk
from orch_app.kit.settings import ROOT
from tests.runbooks.modules import RUNBOOKS

ENTRIES = read_folder(RUNBOOKS)
SPECS = [entry for entry in ENTRIES if isinstance(entry, RunbookSpec)]
each = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
# The calls in which a module names the reason of a failed job.
NAMING = {"Fault", "UpstreamError", "Unfit", "fail", "empty"}


def titled(schema: Schema) -> list[tuple[str, Schema]]:
    found: list[tuple[str, Any]] = [
        (f"{pointer}/{name}", child)
        for pointer, node in walk(schema)
        if "/allOf/" not in pointer
        for name, child in node.get("properties", {}).items()
    ]
    return found


def test_all_of_them_can_run() -> None:
    assert [entry for entry in ENTRIES if not isinstance(entry, RunbookSpec)] == []
    assert {"host_report", "connectivity_test"} <= {spec.name for spec in SPECS}


@each
def test_its_own_cases_hold(spec: RunbookSpec) -> None:
    cases = json.loads((spec.folder / "tests" / "cases.json").read_text())
    for inputs in cases["accepted"]:
        assert check_inputs(spec.schema, inputs).problems == ()
    for case in cases["refused"]:
        found = [[problem.pointer, problem.code] for problem in check_inputs(spec.schema, case["inputs"]).problems]
        assert found == case["problems"]
    assert len(cases["accepted"]) >= 3
    assert len(cases["refused"]) >= 5


@each
def test_every_field_has_a_title_and_its_help_in_both_languages(spec: RunbookSpec) -> None:
    for pointer, field in titled(spec.schema):
        assert field.get("title"), pointer
        assert field.get("x-title-pt"), pointer
        assert ("x-help" in field) == ("x-help-pt" in field), pointer


@each
def test_it_describes_itself_in_both_languages(spec: RunbookSpec) -> None:
    assert spec.description
    assert spec.description_pt
    assert "## Português" in spec.readme
    for table in spec.output_schema["x-output"]:
        assert table["title"]
        assert table["title-pt"]
        assert all(column["title"] and column["title-pt"] for column in table["columns"])


def test_what_travels_to_hosts_needs_python_3_8_and_nothing_else() -> None:
    files = [*(RUNBOOKS / "module_utils").rglob("*.py"), *(RUNBOOKS / "library").glob("*.py")]
    assert len(files) >= 10
    for path in files:
        tree = ast.parse(path.read_text(), str(path), feature_version=(3, 8))
        assert imported(tree) <= {*sys.stdlib_module_names, "ansible", *more_on_the_worker(path)}, path


def more_on_the_worker(path: Path) -> set[str]:
    """What runs on the worker alone, through connections, has ansible-core's own YAML besides."""
    return {"yaml"} if path.parent.name == "stack" else set()


def imported(tree: ast.AST) -> set[str]:
    nodes = list(ast.walk(tree))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return {name.partition(".")[0] for name in plain | {str(n.module) for n in nodes if isinstance(n, ast.ImportFrom)}}


@pytest.mark.parametrize("language", ["en", "pt-BR"])
def test_whatever_a_runbook_names_as_the_reason_of_a_failure_is_told_in_words(language: str) -> None:
    files = [*(RUNBOOKS / "module_utils").rglob("*.py"), *(RUNBOOKS / "library").glob("*.py")]
    named = set().union(*(reasons_in(ast.parse(path.read_text())) for path in files)) | set(SharedReason)
    assert {"cli_failed", "key_mismatch", "image_not_found", "stale_plan", "secret_missing"} <= named
    words = json.loads((ROOT / "orch_app" / "i18n" / f"{language}.json").read_text("utf-8"))
    missing = [key for one in named for key in (f"reason.{one}", f"attention.detail.{one}") if key not in words]
    assert missing == []


def reasons_in(tree: ast.AST) -> set[str]:
    """The first argument of every call that names a reason, and what an error has as its `code`."""
    nodes = list(ast.walk(tree))
    called = [node.args[0] for node in nodes if isinstance(node, ast.Call) and node.args and name_of(node) in NAMING]
    given = [node.value for node in nodes if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "code"]
    texts = [node.value for node in (*called, *given) if isinstance(node, ast.Constant)]
    return {text for text in texts if isinstance(text, str)}


def name_of(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]
