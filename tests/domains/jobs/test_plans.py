"""plan.json: what holds, what does not, and why."""

import json
from pathlib import Path
from typing import Any

import pytest

from orch_app.domains.jobs.execution import Workspace
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.plans import MAX_PLAN_BYTES, Plan, canonical, look_at_plan
from tests.domains.jobs.plans import APPLY, name_of, plan
from tests.runbooks import modules

JOB = Job(runbook_name="trial")  # pyright: ignore[reportCallIssue]
SECRET = "correct-horse-battery"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    found = Workspace(tmp_path, tmp_path / "secrets", tmp_path / "cp")
    found.artifacts.mkdir()
    return found


def looked(workspace: Workspace, raw: bytes | None, told: Any, job: Job = JOB) -> Plan:
    if raw is not None:
        (workspace.artifacts / "plan.json").write_bytes(raw)
    return look_at_plan(workspace, job, [SECRET], told)


def test_a_plan_that_holds_is_named_by_its_sha256_and_tells_its_target(workspace: Workspace) -> None:
    raw = canonical(plan())
    assert looked(workspace, raw, APPLY) == Plan(raw, APPLY, "zone:z1")


def test_no_plan_is_no_fault_unless_the_output_names_one(workspace: Workspace) -> None:
    assert looked(workspace, None, None) == Plan()
    assert "left no plan.json" in looked(workspace, None, APPLY).fault


@pytest.mark.parametrize("told", [None, "1" * 64, 7])
def test_the_output_must_name_the_very_plan(workspace: Workspace, told: Any) -> None:
    found = looked(workspace, canonical(plan()), told)
    assert (found.raw, found.sha256) == (None, "")
    assert "plan_sha256" in found.fault


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"runbook": "another"}, "is of another (apply)"),
        ({"direction": "rollback"}, "(rollback)"),
        ({"direction": "sideways"}, "/direction"),
        ({"target": {"kind": "zone", "id": "z1"}}, "/target/name"),
        ({"made_at": "2026-11-22T04:00:00Z"}, "/made_at"),
        ({"items": [{"id": "a"}]}, "/items/0"),
        ({"summary": {"create": -1, "update": 0, "delete": 0, "noop": 0}}, "/summary/create"),
        ({"base": "abc"}, "/base"),
        ({"facts": {"note": f"token {SECRET}"}}, "holds a secret"),
    ],
)
def test_a_plan_of_another_shape_does_not_hold(workspace: Workspace, changes: dict[str, Any], words: str) -> None:
    document = plan(**changes)
    found = looked(workspace, canonical(document), name_of(document))
    assert words in found.fault
    assert SECRET not in found.fault


def test_one_intention_has_one_spelling(workspace: Workspace) -> None:
    raw = json.dumps(plan(), indent=1).encode()
    assert "not canonical" in looked(workspace, raw, APPLY).fault


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"[]", b"[" * 100_000, b'{"a": NaN}'])
def test_what_is_no_plan_at_all_is_named_as_such(workspace: Workspace, raw: bytes) -> None:
    assert "plan.json" in looked(workspace, raw, APPLY).fault


def test_a_plan_has_a_largest_size(workspace: Workspace) -> None:
    assert "larger than" in looked(workspace, b" " * (MAX_PLAN_BYTES + 1), APPLY).fault


def test_a_link_is_not_followed(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "else").write_bytes(canonical(plan()))
    (workspace.artifacts / "plan.json").symlink_to(tmp_path / "else")
    assert "plan.json:" in looked(workspace, None, APPLY).fault


def test_a_rollback_has_a_plan_of_its_own_direction(workspace: Workspace) -> None:
    job = Job(runbook_name="trial", rollback_of="job_1")  # pyright: ignore[reportCallIssue]
    document = plan(direction="rollback")
    assert looked(workspace, canonical(document), name_of(document), job).fault == ""


def test_the_modules_spell_a_plan_as_the_product_reads_it() -> None:
    theirs = modules.shared("plan")
    document = plan(facts={"price": 4.5, "city": "São Paulo"})
    assert theirs.canonical(document) == canonical(document)
