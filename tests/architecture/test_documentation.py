"""The reference is complete: what the program knows and what the pages list are the same."""

import re
from pathlib import Path

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


def test_links_between_pages_lead_somewhere():
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages()
        for target, _ in LINK.findall(page.read_text("utf-8"))
        if "://" not in target and not target.startswith("mailto:") and not (page.parent / target).exists()
    ]
    assert broken == []
