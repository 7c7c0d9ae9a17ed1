"""The reference is complete: what the program knows and what the pages list are the same."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.sources import ROOT

REFERENCE = ROOT / "docs" / "reference"
DECISIONS = ROOT / "docs" / "decisions"
CODE = re.compile(r"`([^`]+)`")
ONE_SCREEN = 60
LINK = re.compile(r"\]\(([^)#\s]+)(#[^)\s]*)?\)")


def listed(page: str) -> list[str]:
    """First cell of every table row of a reference page that is written as code, in the page's order."""
    rows = [line for line in (REFERENCE / page).read_text("utf-8").splitlines() if line.startswith("| `")]
    return [CODE.findall(row)[0] for row in rows]


def same(page: str, known: set[str]) -> None:
    """The page lists each known thing once and nothing else."""
    found = listed(page)
    assert known, f"nothing is known that {page} could list"
    assert sorted(found) == sorted(known)


def test_every_setting_is_documented():
    from orch_app.kit.settings import Settings

    same("settings.md", {f"ORCH_{name.upper()}" for name in Settings.model_fields})


def test_every_command_is_documented():
    import typer.main

    from orch_app.cli import app
    from tools.launcher.commands import HELP, OF_THE_TESTS

    def walk(command: object, path: str) -> set[str]:
        below: dict[str, object] = getattr(command, "commands", {})
        if not below:
            return {path}
        itself = {path} if getattr(command, "invoke_without_command", False) else set[str]()
        return itself | {found for name, child in below.items() for found in walk(child, f"{path} {name}".strip())}

    own = {"up", "install", "test", "check", *OF_THE_TESTS}
    commands = walk(typer.main.get_command(app), "")
    same("cli.md", {f"./orch {name}" for name in commands | own})
    assert [name for name in commands | own if f"  {name.split()[0]} " not in HELP] == []


def test_every_permission_is_documented():
    from orch_app.domains.access.permissions import Permission

    same("permissions.md", {permission.value for permission in Permission})


def test_who_may_start_what_is_documented_cell_by_cell():
    from orch_app.domains.access.launch_matrix import MATRIX, Verdict

    words = {"yes": Verdict.ALLOW, "other person": Verdict.OTHER_PERSON, "": Verdict.DENY}
    text = (REFERENCE / "permissions.md").read_text("utf-8").partition("| May start |")[2]
    head, _, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.partition("\n\n")[0].split("\n")
    ]
    found = {
        (role, *place.split(", ")): words[cell]
        for role, *cells in rows
        for place, cell in zip(head, cells, strict=True)
    }
    assert found == MATRIX


def test_every_reason_of_a_job_is_documented():
    from orch_app.domains.jobs.execution import spec
    from orch_app.domains.jobs.states import Reason, SharedReason

    rows = [
        line.split("|")[1]
        for line in (REFERENCE / "failure-reasons.md").read_text("utf-8").splitlines()
        if line.startswith("| `")
    ]
    assert sorted(name for row in rows for name in CODE.findall(row)) == sorted({*Reason, *SharedReason, *spec.Reason})


def test_every_place_of_the_repository_is_in_the_architecture():
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    ignored = {line.strip().strip("/") for line in (ROOT / ".gitignore").read_text("utf-8").splitlines()}
    places = {path.name for path in ROOT.iterdir() if path.is_dir()} - ignored - {".git"}
    assert {"orch_app", "tools"} <= places
    assert [name for name in sorted(places) if f"`{name}/" not in text] == []


def test_the_reverse_proxy_lets_pass_what_the_product_takes():
    from orch_app.api import LARGER_BODIES

    text = (ROOT / "docs" / "howto" / "reverse-proxy.md").read_text("utf-8")
    (megabytes,) = re.findall(r"client_max_body_size (\d+)m;", text)
    assert int(megabytes) * 1024 * 1024 >= max(LARGER_BODIES.values())


def test_the_unit_says_when_up_kills():
    from tools.launcher.supervise import STOP_S

    assert f"after {STOP_S:.0f} s." in (ROOT / "docs" / "howto" / "systemd-unit.md").read_text("utf-8")


def test_every_audit_action_is_documented():
    from orch_app.domains.audit.actions import Action

    same("audit-actions.md", {action.value for action in Action})


def test_every_route_is_documented():
    from fastapi.routing import iter_route_contexts

    from orch_app import api

    found = iter_route_contexts(api.build().routes)
    routes = [context for context in found if not (getattr(context, "path", None) or "...").endswith("...")]
    known = {
        f"{method} {context.path}"
        for context in routes
        for method in sorted(getattr(context, "methods", None) or {"WS"})
        if method != "HEAD"
    }
    same("routes.md", known)


def test_every_field_of_every_connection_is_documented():
    from orch_app.domains.inventory.types import TYPES

    def walk(nodes: list[dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
        found = {f"{kind}{node['pointer'].replace('/', '.')}": node for node in nodes}
        return found | {name: one for node in nodes for name, one in walk(node.get("fields", []), kind).items()}

    fields = {name: node for known in TYPES.values() for name, node in walk(known.form(), known.name).items()}
    same("connections.md", set(fields))
    page = (REFERENCE / "connections.md").read_text("utf-8")
    assert sorted(re.findall(r"`([^`]+)`\* ", page)) == sorted(name for name, node in fields.items() if node["secret"])
    assert [known.name for known in TYPES.values() if f"## {known.name}\n\n{known.help}\n" not in page] == []
    assert [right for known in TYPES.values() for right in known.policy if f"`{right}`" not in page] == []


def decisions() -> list[Path]:
    return sorted(DECISIONS.glob("[0-9]*.md"))


def test_decisions_are_numbered_without_a_hole():
    numbers = [int(path.name.partition("-")[0]) for path in decisions()]
    assert numbers
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_a_decision_fits_on_one_screen():
    long = [path.name for path in decisions() if len(path.read_text("utf-8").splitlines()) > ONE_SCREEN]
    assert long == []


def pages() -> list[Path]:
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("kind", ["tutorial", "howto", "reference", "explanation"])
def test_there_are_pages_of_each_of_the_four_kinds(kind: str):
    assert list((ROOT / "docs" / kind).glob("*.md"))


def test_every_page_can_be_reached_from_the_readme():
    reached, ahead = set[Path](), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        if page in reached:
            continue
        reached.add(page)
        targets = [(page.parent / target).resolve() for target, _ in LINK.findall(page.read_text("utf-8"))]
        folders = [target for target in targets if target.is_dir()]
        ahead += [target for target in targets if target.suffix == ".md" and target.is_file()]
        ahead += [found for folder in folders for found in folder.glob("*.md")]
    assert [str(page.relative_to(ROOT)) for page in pages() if page.resolve() not in reached] == []


def test_links_between_pages_lead_somewhere():
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages()
        for target, _ in LINK.findall(page.read_text("utf-8"))
        if "://" not in target and not target.startswith("mailto:") and not (page.parent / target).exists()
    ]
    assert broken == []
