"""A limit says by a pattern which hosts are meant, and is heeded at the launch."""

from typing import Any

import pytest

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs import service
from orch_app.domains.jobs.host_limit import read_limit
from orch_app.domains.jobs.orders import Order, order_like
from orch_app.kit.db import unit_of_work
from orch_app.kit.errors import Invalid
from tests.domains.inventory.samples import add_connection, add_group, add_host
from tests.domains.jobs.trials import GOOD, Trials

HOSTS = {"web1": {"role": "web"}, "web2": {"role": "web", "zone": "b"}, "db1": {"role": "db"}, "Cache": {}}


GROUPS = {"web1": {"front", "site"}, "web2": {"site"}}


def meant(limit: str) -> set[str]:
    pattern = read_limit(limit)
    return {name for name, labels in HOSTS.items() if pattern.matches(name, labels, GROUPS.get(name, ()))}


@pytest.mark.parametrize(
    ("limit", "names"),
    [
        ("web*", {"web1", "web2"}),
        ("web1:db1", {"web1", "db1"}),
        ("role=web, !web2", {"web1"}),
        ("all,!role=*", {"Cache"}),
        ("!web?", {"db1", "Cache"}),
        ("web*:&zone=b", {"web2"}),
        ("cache", {"Cache"}),
        ("WEB1", {"web1"}),
        ("role=", set()),
        ("site", {"web1", "web2"}),
        ("SITE:!front", {"web2"}),
        ("fr*,db1", {"web1", "db1"}),
        ("all:&site", {"web1", "web2"}),
    ],
)
def test_a_pattern_means_names_and_labels(limit: str, names: set[str]) -> None:
    assert meant(limit) == names


@pytest.mark.parametrize("limit", [" ", ",", "!", "web[1", "a b", "${inputs.x}", "@file", "~^web"])
def test_what_is_no_pattern_is_refused_in_both_languages(limit: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_limit(limit)
    (fault,) = refused.value.errors
    assert (fault.pointer, fault.code, bool(fault.detail_pt)) == ("/limit", "pattern", True)


@pytest.fixture
def fleet(trials: Trials, admin: Actor) -> dict[str, str]:
    """The ids of hosts by their names, and one that no job can work on."""
    trials.write("everywhere", GOOD, target="both")
    trials.write("here", GOOD)
    reached: dict[str, Any] = {"connection_id": add_connection(admin).id, "pinned": True}
    known = {name: add_host(admin, name, labels=labels, **reached).id for name, labels in HOSTS.items()}
    return known | {"bare": add_host(admin, "bare").id}


def launched_on(actor: Actor, **order: object) -> list[str]:
    with unit_of_work() as session:
        job = service.launch(session, actor, Order("everywhere", **order))  # pyright: ignore[reportArgumentType]
        assert order_like(job).host_ids == job.host_ids
        return job.host_names


def test_at_the_launch_it_means_hosts_of_the_environment_or_of_those_that_are_named(
    trials: Trials, fleet: dict[str, str]
) -> None:
    assert launched_on(trials.actor, limit="role=web") == ["web1", "web2"]
    assert launched_on(trials.actor, limit="role=web", host_ids=[fleet["web2"], fleet["db1"]]) == ["web2"]


def test_a_group_means_its_hosts_and_those_of_the_groups_in_it(trials: Trials, fleet: dict[str, str]) -> None:
    add_group(trials.actor, "front", hosts=[fleet["web1"]])
    add_group(trials.actor, "site", hosts=[fleet["db1"]], children=["front"])
    assert launched_on(trials.actor, limit="site") == ["db1", "web1"]
    assert launched_on(trials.actor, limit="site,!front") == ["db1"]


@pytest.mark.parametrize(
    ("runbook", "limit", "pointer", "code"),
    [
        ("everywhere", "mail*", "/limit", "no_match"),
        ("everywhere", "bare", "/hosts/0", "no_connection"),
        ("here", "web*", "/limit", "not_allowed"),
    ],
)
def test_what_it_cannot_mean_is_said(
    trials: Trials, fleet: dict[str, str], runbook: str, limit: str, pointer: str, code: str
) -> None:
    assert fleet
    with pytest.raises(Invalid) as refused, unit_of_work() as session:
        service.launch(session, trials.actor, Order(runbook, limit=limit))
    assert [(one.pointer, one.code) for one in refused.value.errors] == [(pointer, code)]
