"""An admin says which playbooks are runbooks; what comes of it is fetched, shown and trusted like everything else."""

import pytest

from orch_app.domains.access.actor import Actor
from orch_app.domains.sources import adoptions
from orch_app.domains.sources.wire import AdoptionBody
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Forbidden, Invalid, NotFound
from tests.domains.sources.conftest import Bench
from tests.domains.sources.files import runbook_files
from tests.systems.people import audited

SITE = "- hosts: all\n  tasks:\n    - ansible.builtin.debug: {msg: hello}\n"
CLOSED = {"type": "object", "additionalProperties": False}
BODY = {"playbook": "site.yml", "title": "Site", "titlePt": "Página"}


def names(bench: Bench, source_id: str) -> list[str]:
    newest = bench.shown(source_id).newest
    return [one.name for one in newest.runbooks if not one.reason] if newest else []


def test_from_a_plain_playbook_to_the_catalogue_and_back(bench: Bench) -> None:
    bench.write({"site.yml": SITE} | runbook_files())
    source_id = bench.add()
    newest = bench.sync(source_id).newest
    assert newest
    assert [(one.path, one.hosts) for one in newest.candidates] == [("site.yml", ["all"])]
    bench.adopt(source_id, "site", playbook="site.yml")
    assert bench.sync(source_id).state == "waiting"
    assert names(bench, source_id) == ["greet", "site"]
    bench.trust_newest(source_id)
    assert bench.catalogue()["site"].meta["target"] == "hosts"
    with unit_of_work() as session:
        adoptions.remove(session, bench.admin, source_id, "site")
    bench.sync(source_id)
    assert (names(bench, source_id), "site" in bench.catalogue()) == (["greet"], True)
    bench.trust_newest(source_id)
    assert list(bench.catalogue()) == ["greet"]
    assert [len(audited(action)) for action in ("source.adopted", "source.disowned")] == [1, 1]


def test_a_source_of_nothing_but_plain_playbooks_is_refused_until_one_is_adopted(bench: Bench) -> None:
    bench.write({"site.yml": SITE})
    source_id = bench.add()
    assert bench.sync(source_id).state == "refused"
    bench.adopt(source_id, "site", playbook="site.yml")
    assert bench.sync(source_id).state == "waiting"


def test_how_it_is_adopted_can_be_changed(bench: Bench) -> None:
    bench.write({"site.yml": SITE})
    source_id = bench.add()
    for title in ("First", "Second"):
        bench.adopt(source_id, "site", playbook="site.yml", title=title)
    with reading() as session:
        (row,) = adoptions.of_source(session, bench.admin, source_id)
    assert (row.meta["title"], row.updated_by_name) == ("Second", "ada")


@pytest.mark.parametrize(
    ("name", "facts", "pointer"),
    [
        ("Bad Name", {}, ""),
        ("site", {"category": "no category"}, ""),
        ("site", {"version": "one"}, ""),
        ("site", {"schema": {"type": "object"}}, "/schema"),
        ("site", {"schema": {"type": "object", "additionalProperties": False, "properties": {"a-b": {}}}}, "/schema"),
        (
            "site",
            {"schema": {"type": "object", "additionalProperties": False, "properties": {"groups": {}}}},
            "/schema",
        ),
    ],
)
def test_what_would_be_no_good_runbook_is_refused_at_once(
    bench: Bench, name: str, facts: dict[str, object], pointer: str
) -> None:
    source_id = bench.add()
    with pytest.raises(Invalid) as refused:
        bench.adopt(source_id, name, **{"playbook": "site.yml", **facts})
    assert [one.pointer for one in refused.value.errors] == [pointer]


def test_only_an_admin_adopts_and_only_what_was_adopted_is_let_go(bench: Bench, operator: Actor) -> None:
    source_id, body = bench.add(), AdoptionBody.model_validate(BODY)
    with pytest.raises(Forbidden), unit_of_work() as session:
        adoptions.put(session, operator, source_id, "site", body)
    with pytest.raises(NotFound) as missing, unit_of_work() as session:
        adoptions.remove(session, bench.admin, source_id, "site")
    assert missing.value.code == "adoption_not_found"
