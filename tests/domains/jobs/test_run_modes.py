"""Preview, apply exactly that, roll back: real plays, forked and started anew."""

import json

import pytest

from orch_app.domains.access.actor import COMMAND_LINE
from orch_app.domains.jobs import engines, service
from orch_app.domains.jobs.models import Job
from orch_app.kit.db import unit_of_work
from orch_app.kit.settings import settings
from tests.domains.jobs.orders import launched
from tests.domains.jobs.plans import APPLY, MODES, ROLLBACK, SNAPSHOT, plan, previewed, tasks
from tests.domains.jobs.rows import place_of
from tests.domains.jobs.trials import GOOD, Trials, files_of, ran

pytestmark = pytest.mark.integration  # every play is a real one


@pytest.fixture(params=["plain", "warm"])
def engine(request: pytest.FixtureRequest, sqlite_trials: Trials, monkeypatch: pytest.MonkeyPatch) -> Trials:
    monkeypatch.setenv("ORCH_ENGINE", request.param)
    settings.cache_clear()
    engines.close()
    return sqlite_trials


def words(job: Job) -> list[str]:
    assert job.output_json is not None, job.reason_detail
    return job.output_json["words"]


def ending(job: Job) -> tuple[str, str]:
    return job.status, job.reason


def rolled_back(trials: Trials, job: Job, *, preview: bool, expect_plan: str = "") -> Job:
    with unit_of_work() as session:
        waiting = service.roll_back(session, trials.actor, job.id, preview=preview, expect_plan=expect_plan)
    return ran(waiting)


def test_a_change_is_shown_done_exactly_so_and_undone(engine: Trials) -> None:
    engine.write("trial", tasks(), **MODES)
    preview = ran(launched(engine.actor, "trial", mode="preview"))
    assert ending(preview) == ("SUCCESS", ""), preview.reason_detail
    assert (preview.plan_sha256, preview.snapshot_ref) == (APPLY, "")
    assert words(preview) == ["preview", "", "", "", "True True"]
    assert json.loads(place_of(preview, "plan.json").read_bytes()) == plan()

    apply = ran(launched(engine.actor, "trial", expect_plan=preview.plan_sha256))
    assert words(apply) == ["apply", APPLY, "", "", "False False"]
    assert (ending(apply), apply.plan_sha256) == (("SUCCESS", ""), APPLY)
    assert (apply.snapshot_ref, apply.snapshot_target) == ("snapshot.json", "zone:z1")

    shown = rolled_back(engine, apply, preview=True)
    assert words(shown) == ["preview", "", apply.id, SNAPSHOT, "True True"]
    undone = rolled_back(engine, apply, preview=False, expect_plan=shown.plan_sha256)
    assert words(undone) == ["rollback", ROLLBACK, apply.id, SNAPSHOT, "False False"]
    assert (ending(undone), undone.snapshot_ref) == (("SUCCESS", ""), "snapshot.json")
    assert {"plan.json", "snapshot.json"} <= set(files_of(undone))


def test_a_snapshot_that_was_touched_is_not_put_back(sqlite_trials: Trials) -> None:
    sqlite_trials.write("trial", tasks(), **MODES)
    done = ran(launched(sqlite_trials.actor, "trial"))
    place_of(done, "snapshot.json").write_text('{"schema_version":1,"was":"else"}')
    undone = rolled_back(sqlite_trials, done, preview=False)
    assert (ending(undone), undone.started) == (("ERROR", "preparation_failed"), False)
    assert "has changed" in undone.reason_detail


@pytest.mark.parametrize(
    ("left", "expected", "reason", "detail"),
    [
        (tasks(snapshot=False), "", "output_invalid", "left no snapshot.json"),
        (tasks(snapshot=False, changed=False), "", "", ""),
        (tasks(), "ab" * 32, "stale_plan", "was expected"),
        (GOOD, APPLY, "output_invalid", "left no plan.json"),
        (tasks().replace(APPLY, "2" * 64), "", "output_invalid", "plan_sha256"),
    ],
)
def test_a_play_is_held_to_what_it_promised(
    sqlite_trials: Trials, left: str, expected: str, reason: str, detail: str
) -> None:
    sqlite_trials.write("trial", left, **MODES)
    if expected:
        previewed(canceled(launched(sqlite_trials.actor, "trial")), expected)
    job = ran(launched(sqlite_trials.actor, "trial", expect_plan=expected))
    assert ending(job) == (("ERROR", reason) if reason else ("SUCCESS", "")), job.reason_detail
    assert detail in job.reason_detail


def canceled(job: Job) -> Job:
    with unit_of_work() as session:
        return service.cancel(session, COMMAND_LINE, job.id)
