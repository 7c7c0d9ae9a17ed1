"""Which tasks a job runs is chosen among what its runbook offers, and is a part of what the order is about."""

import hashlib
import json
from typing import Any

import pytest

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs import service
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.orders import Subject, order_like, subject_of
from orch_app.domains.jobs.play_tags import ALL_TASKS, PlayTags
from orch_app.kit.db import unit_of_work
from orch_app.kit.errors import Conflict, Invalid
from tests.domains.jobs.orders import launched
from tests.domains.jobs.trials import GOOD, Trials, ran, steps_of
from tests.systems.people import audited

TASKS = """
    - name: Configure
      ansible.builtin.debug: {msg: config}
      tags: [config]
    - name: Restart
      ansible.builtin.debug: {msg: restart}
      tags: [restart]
"""
OFFER = {"play_tags": ["config", "restart"]}


def names_of_steps(job: Job) -> list[str]:
    return [step.name for step in steps_of(job)]


def test_a_choice_is_the_same_in_whatever_order_it_is_made() -> None:
    assert PlayTags.of(["b", "a", "b"], ["c"]) == PlayTags.of(["a", "b"], ["c"])
    assert PlayTags.from_json(PlayTags.of(["a"], ["b"]).to_json()) == PlayTags.of(["a"], ["b"])
    assert (ALL_TASKS.to_json(), PlayTags.from_json({})) == ({}, ALL_TASKS)


def test_only_tags_that_the_runbook_offers_are_taken(trials: Trials) -> None:
    trials.write("tagged", TASKS + GOOD, **OFFER)
    with pytest.raises(Invalid) as refused:
        launched(trials.actor, "tagged", tags=PlayTags.of(["config", "all"], ["never"]))
    assert [one.pointer for one in refused.value.errors] == ["/tags", "/skipTags"]
    assert "it offers config, restart" in refused.value.errors[0].detail
    trials.write("plain", GOOD)
    with pytest.raises(Invalid, match="tags are not acceptable"):
        launched(trials.actor, "plain", tags=PlayTags.of(["config"], []))


def test_what_was_chosen_is_kept_told_and_repeated(trials: Trials) -> None:
    trials.write("tagged", TASKS + GOOD, **OFFER)
    chosen = PlayTags.of(["config"], ["restart"])
    job = launched(trials.actor, "tagged", tags=chosen)
    assert job.tags_json == {"only": ["config"], "skip": ["restart"]}
    assert audited("job.executed")[0].metadata_json["tags"] == job.tags_json
    assert order_like(job).tags == chosen


def test_other_tasks_are_another_order(trials: Trials) -> None:
    trials.write("tagged", TASKS + GOOD, **OFFER)
    plain, tagged = launched(trials.actor, "tagged"), launched(trials.actor, "tagged", tags=PlayTags.of(["config"], []))
    assert plain.order_sha256 != tagged.order_sha256
    assert subject_of(tagged).sha256 == tagged.order_sha256


def test_an_order_without_tags_has_the_name_that_it_always_had() -> None:
    known: dict[str, Any] = {"runbook": "x", "revision": "r", "environment": "stage", "inputs": {"a": 1}}
    known |= {"hosts": ["h"], "connections": {}, "rollback_of": None}
    text = json.dumps(known, sort_keys=True, separators=(",", ":"))
    assert Subject(**known, tags={}).sha256 == hashlib.sha256(text.encode()).hexdigest()


def test_a_job_of_the_same_dedup_key_with_other_tasks_is_not_joined(trials: Trials, operator: Actor) -> None:
    trials.write("tagged", TASKS + GOOD, dedup="same", **OFFER)
    first = launched(trials.actor, "tagged", tags=PlayTags.of(["config"], []))
    order = order_like(first)
    with unit_of_work() as session:
        assert service.launch_or_join(session, operator, order).job.id == first.id
    with pytest.raises(Conflict) as refused, unit_of_work() as session:
        service.launch_or_join(session, operator, service.Order("tagged"))
    assert refused.value.code == "duplicate_job"


@pytest.mark.integration
def test_the_play_runs_the_chosen_tasks_and_no_others(sqlite_trials: Trials) -> None:
    sqlite_trials.write("tagged", TASKS, **OFFER)
    for chosen, expected in (
        (ALL_TASKS, {"Configure", "Restart"}),
        (PlayTags.of(["config"], []), {"Configure"}),
        (PlayTags.of([], ["config"]), {"Restart"}),
    ):
        job = ran(launched(sqlite_trials.actor, "tagged", tags=chosen))
        assert expected == set(names_of_steps(job)) & {"Configure", "Restart"}
