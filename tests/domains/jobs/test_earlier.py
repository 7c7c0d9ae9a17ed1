"""What an earlier job left for the runbooks that ask for it: the newest good one, the one that is named, or none."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs import earlier
from orch_app.domains.jobs.earlier import Found
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.snapshots import Source
from orch_app.domains.runbooks.models import Runbook
from orch_app.kit.db import reading
from orch_app.kit.errors import Invalid
from tests.domains.jobs.rows import add_job, keep_file

WANTED = {"runbook": "keeper", "target": "thing_{{method}}:{{connection.n8n}}", "input": "backup"}
RUNBOOK = Runbook(name="restorer", meta={"earlier": WANTED})  # pyright: ignore[reportCallIssue]
pytestmark = pytest.mark.usefixtures("database")


def kept(number: int, content: bytes = b"{}", **facts: Any) -> Job:
    """A job that ended well and left a snapshot of `thing_api:con_1`."""
    ended: dict[str, Any] = {"status": "SUCCESS", "phase": "done", "snapshot_ref": "snapshot.json"}
    about: dict[str, Any] = {"runbook_name": "keeper", "snapshot_target": "thing_api:con_1"}
    job = add_job(number, **(ended | about | facts))
    keep_file(job, "snapshot.json", content)
    return job


def found(**facts: Any) -> str:
    """The job whose snapshot a new one is given; empty for none."""
    inputs = {"method": "api", "backup": facts.pop("backup", "")}
    job = Job(input_json=inputs, connection_ids={"n8n": "con_1"}, **facts)  # pyright: ignore[reportCallIssue]
    with reading() as session:
        one = earlier.find(session, job, RUNBOOK)
    return one.job_id if one else ""


def test_the_newest_good_one_of_the_target_is_found() -> None:
    assert found() == ""
    kept(1)
    newest = kept(2)
    kept(3, status="ERROR")
    kept(4, snapshot_target="thing_cli:con_1")
    kept(5, snapshot_target="thing_api:con_2")
    kept(6, runbook_name="another")
    kept(7, environment="prod")
    kept(8, snapshot_ref="")
    assert found() == newest.id


def test_one_that_is_named_is_taken_wherever_it_is_from() -> None:
    kept(1)
    named = kept(2, snapshot_target="thing_api:con_2", environment="prod")
    kept(3)
    assert found(backup=named.id) == named.id
    assert found(backup="job_nobody") == ""


def test_a_rollback_and_a_runbook_that_asks_for_nothing_are_given_none() -> None:
    job = kept(1)
    assert found(rollback_of=job.id) == ""
    plain = Runbook(name="plain", meta={})  # pyright: ignore[reportCallIssue]
    with reading() as session:
        assert earlier.find(session, job, plain) is None


def test_the_play_gets_the_very_bytes_or_nothing(tmp_path: Path) -> None:
    job, path = kept(1, b'{"a":1}'), tmp_path / "earlier.json"
    with reading() as session:
        one = earlier.find(session, Job(input_json={"backup": job.id}), RUNBOOK)  # pyright: ignore[reportCallIssue]
    assert one is not None
    earlier.hand_over(Found(job.id, Source(one.source.key, "1" * 64)), path)
    assert not path.exists(), "it was changed in the store"
    earlier.hand_over(Found(job.id, Source(one.source.key, sha256(b'{"a":1}').hexdigest())), path)
    assert path.read_bytes() == b'{"a":1}'
    earlier.hand_over(Found("job_x", Source("job_x/0/snapshot.json", "0" * 64)), tmp_path / "gone.json")
    assert not (tmp_path / "gone.json").exists()


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"runbook_name": "other"}, "not of keeper"),
        ({"status": "ERROR"}, "left nothing"),
        ({"snapshot_ref": ""}, "left nothing"),
    ],
)
def test_a_launch_that_names_a_job_which_left_nothing_is_refused(
    admin: Actor, facts: dict[str, Any], said: str
) -> None:
    job = kept(1, **facts)
    with reading() as session, pytest.raises(Invalid) as refused:
        earlier.require_named(session, admin, RUNBOOK, {"backup": job.id})
    (problem,) = refused.value.errors
    assert problem.pointer == "/backup"
    assert said in problem.detail


def test_a_launch_that_names_a_good_one_or_none_goes_on_and_one_that_names_nobody_does_not(admin: Actor) -> None:
    job = kept(1)
    with reading() as session:
        earlier.require_named(session, admin, RUNBOOK, {"backup": job.id})
        earlier.require_named(session, admin, RUNBOOK, {"backup": ""})
        with pytest.raises(Invalid, match="cannot be run"):
            earlier.require_named(session, admin, RUNBOOK, {"backup": "job_nobody"})
