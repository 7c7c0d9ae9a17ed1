"""The queue's one task: its message is an id and a signature, and what it rings for is run by ansible-runner."""

import hmac
import pickle
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_runner import Runner

from orch_app.kit.keyring import keyring
from tests.domains.jobs.trials import GOOD, Trials, fresh

pytestmark = pytest.mark.integration


def waiting(tasks: SimpleNamespace) -> list[bytes]:
    """The messages as they lie in the queue."""
    return list(tasks.huey.storage.enqueued_items())


def take(tasks: SimpleNamespace) -> Any:
    return tasks.huey.dequeue()


def test_the_task_reaches_ansible_runner(
    trials: Trials, tasks: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []
    original = Runner.run

    def spy(runner: Any) -> Any:
        seen.append(runner.config.command)
        return original(runner)

    monkeypatch.setattr(Runner, "run", spy)
    job = trials.launch(GOOD)
    tasks.run.call_local(job.id)
    assert fresh(job.id).status == "SUCCESS"
    assert len(seen) == 1
    assert any(part.endswith("playbook.yml") for part in seen[0])


def test_a_launch_puts_one_message_into_the_queue_that_holds_only_the_id(
    trials: Trials, tasks: SimpleNamespace
) -> None:
    job = trials.launch(GOOD)
    (raw,) = waiting(tasks)
    task = take(tasks)
    assert (task.name, task.args, task.kwargs) == ("jobs.run", (), {"job_id": job.id})
    assert job.id.encode() in raw
    assert len(raw) < 600
    assert waiting(tasks) == []


def test_taken_from_the_queue_it_runs_and_a_replay_does_nothing(trials: Trials, tasks: SimpleNamespace) -> None:
    job = trials.launch(GOOD)
    (raw,) = waiting(tasks)
    tasks.huey.execute(take(tasks))
    ended = fresh(job.id)
    assert ended.status == "SUCCESS"
    tasks.huey.storage.enqueue(raw)
    tasks.huey.execute(take(tasks))
    again = fresh(job.id)
    assert (again.fence, again.attempt, again.finished_at) == (ended.fence, 1, ended.finished_at)


SPRUNG: list[str] = []


class Trap:
    """Whoever unpacks this has run a stranger's code."""

    def __reduce__(self) -> Any:
        return spring, ()


def spring() -> None:
    SPRUNG.append("sprung")


def forged(raw: bytes, job_id: str) -> dict[str, bytes]:
    """Messages of somebody who can write to the queue and does not know the key."""
    trap = pickle.dumps(Trap())
    return {
        "unsigned": trap,
        "signed with another key": trap + b":" + hmac.new(b"another key", trap, "sha1").hexdigest().encode(),
        "with the signature of another": trap + b":" + raw.rpartition(b":")[2],
        "altered": raw.replace(job_id.encode(), b"job_00000000000000000000000000"),
        "cut": raw[:-1],
        "empty": b"",
    }


def test_a_forged_message_is_never_unpacked(trials: Trials, tasks: SimpleNamespace) -> None:
    job = trials.launch(GOOD)
    (raw,) = waiting(tasks)
    take(tasks)
    for message in forged(raw, job.id).values():
        tasks.huey.storage.enqueue(message)
        with pytest.raises(ValueError, match=r"Separator|Signature"):
            take(tasks)
    assert SPRUNG == []
    assert fresh(job.id).status == "PENDING"


def test_the_trap_would_have_been_sprung() -> None:
    pickle.loads(pickle.dumps(Trap()))
    assert SPRUNG.pop() == "sprung"


def test_the_signing_key_is_derived_from_the_master_key_for_this_purpose_alone(
    trials: Trials, tasks: SimpleNamespace
) -> None:
    assert tasks.huey.serializer.secret == keyring().derive("queue").hex().encode()
    assert tasks.huey.serializer.secret != keyring().derive("jwt").hex().encode()


def test_results_are_not_kept_for_the_row_is_the_truth(trials: Trials, tasks: SimpleNamespace) -> None:
    assert (tasks.huey.results, tasks.huey.utc, tasks.run.retries) == (False, True, 0)
