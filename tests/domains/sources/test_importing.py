"""An inventory of a source is imported by a job: what is trusted comes, is followed, and is taken back."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from orch_app.domains.access.actor import Actor
from orch_app.domains.inventory.models import Host, HostGroup
from orch_app.domains.jobs import given_source
from orch_app.domains.jobs.models import Job
from orch_app.domains.runbooks.choices.sources import choose_also
from orch_app.domains.runbooks.queries import get_runnable
from orch_app.domains.sources import service
from orch_app.domains.sources.choices import CHOICES
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Invalid
from orch_app.kit.queue import install_bell
from orch_app.kit.settings import ROOT
from tests.domains.jobs.orders import launched, sync_runbooks
from tests.domains.jobs.trials import ran, text_of
from tests.domains.sources.conftest import Bench
from tests.systems.product import bound_to

pytestmark = pytest.mark.integration
FILES = {
    "inventory/hosts.yml": "web: {hosts: {w1: {ansible_host: 10.0.0.1}, w2: {ansible_host: 10.0.0.2}}}\n",
    "inventory/group_vars/web.yml": "greeting: hello {{ inventory_hostname }}\n",
}


@pytest.fixture
def bench(migrated_sqlite: Path, admin: Actor, tmp_path: Path) -> Iterator[Bench]:
    """With the product's own runbooks."""
    data, root = tmp_path / "data", tmp_path / "sources"
    data.mkdir()
    root.mkdir()
    shutil.copy(migrated_sqlite, data / "orch.db")
    with bound_to(data, ORCH_RUNBOOKS_DIR=str(ROOT / "runbooks"), ORCH_SOURCE_FOLDERS=str(root)):
        install_bell(lambda _name, _payload: None, lambda: True)
        choose_also("sources", CHOICES)
        sync_runbooks(admin)
        yield Bench(root, admin, [])


def inputs(source_id: str, **more: Any) -> dict[str, Any]:
    return {"from": "source", "name": "ops", "source": source_id, **more}


def ordered(bench: Bench, source_id: str, **facts: Any) -> Job:
    given = {"inputs": inputs(source_id), "environment": "stage", **facts}
    return ran(launched(bench.admin, "inventory_import", **given))


def known() -> tuple[dict[str, str], dict[str, tuple[bool, dict[str, Any]]]]:
    """Addresses of hosts, and of groups whether their text is trusted, and their variables."""
    with reading() as session:
        hosts = {host.name: host.address for host in session.exec(select(Host))}
        return hosts, {one.name: (one.is_trusted_text, one.variables) for one in session.exec(select(HostGroup))}


def test_what_is_trusted_comes_is_followed_and_is_taken_back(bench: Bench) -> None:
    bench.write(FILES)
    source_id = bench.add()
    bench.sync(source_id)
    bench.trust_newest(source_id)
    seen = ordered(bench, source_id, mode="preview")
    assert (seen.status, known()) == ("SUCCESS", ({}, {})), text_of(seen)
    first = ordered(bench, source_id, expect_plan=seen.plan_sha256)
    assert (first.status, first.reason_detail) == ("SUCCESS", ""), text_of(first)
    greeting = {"web": (True, {"greeting": "hello {{ inventory_hostname }}"})}
    assert known() == ({"w1": "10.0.0.1", "w2": "10.0.0.2"}, greeting)
    again = ordered(bench, source_id)
    assert (again.status, again.output_json and again.output_json["changed"]) == ("SUCCESS", False)

    bench.write({**FILES, "inventory/hosts.yml": "web: {hosts: {w1: {ansible_host: 10.0.0.9}}}\n"})
    bench.sync(source_id)
    untrusted = ordered(bench, source_id)
    assert untrusted.output_json is not None
    assert untrusted.output_json["changed"] is False
    bench.trust_newest(source_id)
    second = ordered(bench, source_id, inputs=inputs(source_id, remove_missing=True))
    assert second.status == "SUCCESS", text_of(second)
    assert known() == ({"w1": "10.0.0.9"}, greeting)

    with unit_of_work() as session:
        service.delete(session, bench.admin, source_id)
    back = ordered(
        bench, source_id, inputs=inputs(source_id, remove_missing=True), mode="rollback", rollback_of=second.id
    )
    assert back.status == "SUCCESS", text_of(back)
    assert known() == ({"w1": "10.0.0.1", "w2": "10.0.0.2"}, {"web": (False, greeting["web"][1])})


NOT_TRUSTED = ("named", [pytest.param("untrusted"), pytest.param("src_01J0000000000000000000000A")])


@pytest.mark.parametrize(*NOT_TRUSTED)
def test_a_source_that_nobody_trusted_is_none_to_choose_at_the_launch(bench: Bench, named: str) -> None:
    with pytest.raises(Invalid) as refused:
        launched(bench.admin, "inventory_import", inputs=inputs(known_as(named, bench)), environment="stage")
    assert [(one.pointer, one.code) for one in refused.value.errors] == [("/source", "choice")]


@pytest.mark.parametrize(*NOT_TRUSTED)
def test_who_lost_the_trust_after_it_was_chosen_is_refused_at_the_same_place(bench: Bench, named: str) -> None:
    with reading() as session:
        runbook = get_runnable(session, bench.admin, "inventory_import")
        with pytest.raises(Invalid) as refused:
            given_source.require_trusted(session, bench.admin, runbook, inputs(known_as(named, bench)))
    assert [(one.pointer, one.code) for one in refused.value.errors] == [("/source", "source")]


def known_as(named: str, bench: Bench) -> str:
    """The id of a source that was fetched and never trusted, or the one of none at all."""
    if named != "untrusted":
        return named
    bench.write(FILES)
    source_id = bench.add()
    bench.sync(source_id)
    return source_id


def test_a_source_that_went_away_in_between_ends_the_job_before_it_begins(bench: Bench) -> None:
    bench.write(FILES)
    source_id = bench.add()
    bench.sync(source_id)
    bench.trust_newest(source_id)
    job = launched(bench.admin, "inventory_import", inputs=inputs(source_id), environment="stage")
    with unit_of_work() as session:
        service.delete(session, bench.admin, source_id)
    done = ran(job)
    assert (done.status, done.reason) == ("ERROR", "preparation_failed")
    assert "source that the inputs name is gone" in done.reason_detail
