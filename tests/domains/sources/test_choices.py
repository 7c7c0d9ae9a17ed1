"""Sources as choices in the form of a runbook that reads one."""

from orch_app.domains.access.actor import Actor
from orch_app.domains.runbooks.choices.found import Asked, Choice
from orch_app.domains.sources import choices
from orch_app.kit.db import reading
from tests.domains.sources.conftest import Bench


def test_only_a_source_with_a_trusted_edition_can_be_chosen(bench: Bench, operator: Actor) -> None:
    bench.write({"inventory/hosts.ini": "w1\n"})
    source_id, asked = bench.add(), Asked("stage")
    bench.sync(source_id)
    with reading() as session:
        assert choices.find(session, operator, asked).items == ()
        assert not choices.has(session, operator, asked, source_id)
    bench.trust_newest(source_id)
    with reading() as session:
        assert choices.find(session, operator, asked).items == (Choice(source_id, "ops", "folder"),)
        assert choices.find(session, operator, Asked("stage", text="elsewhere")).items == ()
        assert choices.has(session, operator, asked, source_id)
        assert not choices.has(session, operator, asked, "src_nobody")
