"""Asking for choices, and checking what was chosen. Other systems are asked between transactions, never inside one.

The check of an order stands in the transaction of the launch, so it asks nobody: it knows the product's own hosts and
connections, and of other systems what `look_up` heard a moment before, outside. A system that cannot be asked, or that
has more than it hands out, refuses nothing: the run itself will say `not_found`, and a broken catalogue should not stop
work for which the value is known.
"""

import json
import time
from collections.abc import Hashable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.inventory.connections import unsealed
from orch_app.domains.inventory.queries import get_connection
from orch_app.domains.inventory.slots import check_slots
from orch_app.domains.runbooks import messages
from orch_app.domains.runbooks.choices.declared import Chosen, Declared, chosen_in, declared_at
from orch_app.domains.runbooks.choices.found import ANYTHING, Asked, Found
from orch_app.domains.runbooks.choices.kept import KEPT
from orch_app.domains.runbooks.choices.sources import SOURCES, OutsideSource, OwnSource
from orch_app.domains.runbooks.errors import InputProblem
from orch_app.domains.runbooks.models import Runbook
from orch_app.domains.runbooks.queries import get_runbook
from orch_app.kit.db import reading
from orch_app.kit.errors import Invalid, NotFound, OrchError, Problem

MOST_LOOKED_UP = 20
"""Questions to other systems for one order: a table of thousands of rows asks few different ones."""
PATIENCE_S = 8.0
"""No further question begins later than this: somebody waits for the launch."""


@dataclass(frozen=True)
class Draft:
    """An order as far as it is filled in."""

    inputs: Mapping[str, Any] = field(default_factory=dict)
    connections: Mapping[str, str] = field(default_factory=dict)
    environment: str = "stage"


@dataclass(frozen=True)
class _Question:
    """Ready to be put to another system; `key` names it among the kept answers."""

    source: OutsideSource
    payload: Any = field(repr=False)
    asked: Asked
    key: Hashable

    def answer(self) -> Found:
        kept = KEPT.get(self.key)
        if kept is None:
            kept = self.source.find(self.payload, self.asked)
            KEPT.put(self.key, kept)
        return kept


def offer(actor: Actor, runbook: str, path: list[str], draft: Draft, text: str = "") -> Found:
    """What may be chosen for a field of the form, as far as it mentions the text. Opens its own transactions.

    Raises:
        Forbidden: the role may not run runbooks, or not use connections.
        NotFound: there is no such runbook, or no choices are declared for the field.
        Invalid: the slot of the connection, or a field that the question needs, is not filled yet.
        UpstreamError: the other system does not answer, or refuses.
    """
    require(actor, Permission.RUNBOOKS_EXECUTE, environment=draft.environment)
    with reading() as session:
        row = get_runbook(session, actor, runbook)
        declared = declared_at(row.input_schema or {}, path, draft.inputs)
        if declared is None:
            raise NotFound(f"No choices are declared for /{'/'.join(path)}.", "no_choices")
        source = SOURCES.get(declared.source)
        if isinstance(source, OwnSource):
            return source.find(session, actor, Asked(draft.environment, declared.params, text))
        question = _question(session, actor, row, declared, draft, text) if source else None
    if question is None:
        return ANYTHING
    return question.answer().matching("" if question.source.searches else text)


def look_up(actor: Actor, runbook: str, draft: Draft) -> None:
    """Ask other systems about everything that was chosen, so that the check knows. Opens its own transactions.

    Whatever goes wrong here is the check's to say, or nobody's.
    """
    questions: dict[Hashable, _Question] = {}
    with suppress(OrchError), reading() as session:
        row = get_runbook(session, actor, runbook)
        questions = {question.key: question for _, question in _questions(session, actor, row, draft)}
    until = time.monotonic() + PATIENCE_S
    for question in list(questions.values())[:MOST_LOOKED_UP]:
        if time.monotonic() < until:
            with suppress(OrchError):
                question.answer()


def faults(session: Session, actor: Actor, runbook: Runbook, draft: Draft) -> tuple[InputProblem, ...]:
    """Each chosen value that is certainly no choice. Asks no other system."""
    require(actor, Permission.RUNBOOKS_EXECUTE, environment=draft.environment)
    found = [_refused(chosen) for chosen in _unknown_here(session, actor, runbook, draft)]
    for chosen, question in _questions(session, actor, runbook, draft):
        kept = KEPT.get(question.key)
        if kept is not None and kept.refuses(chosen.value):
            found.append(_refused(chosen))
    return tuple(found)


def _unknown_here(session: Session, actor: Actor, runbook: Runbook, draft: Draft) -> Iterator[Chosen]:
    """Values that name nothing of the product's own."""
    for chosen in chosen_in(runbook.input_schema or {}, draft.inputs):
        source = SOURCES.get(chosen.declared.source)
        asked = Asked(draft.environment, chosen.declared.params)
        if isinstance(source, OwnSource) and not source.has(session, actor, asked, chosen.value):
            yield chosen


def _questions(session: Session, actor: Actor, runbook: Runbook, draft: Draft) -> Iterator[tuple[Chosen, _Question]]:
    """What other systems can be asked about the chosen values; what the order still lacks is told elsewhere."""
    for chosen in chosen_in(runbook.input_schema or {}, draft.inputs):
        with suppress(OrchError):
            question = _question(session, actor, runbook, chosen.declared, draft, str(chosen.value))
            if question:
                yield chosen, question


def _question(
    session: Session, actor: Actor, runbook: Runbook, declared: Declared, draft: Draft, text: str
) -> _Question | None:
    """The question for another system; None where nobody can be asked."""
    source = SOURCES.get(declared.source)
    slot = _slot_for(runbook, declared, draft, source.type) if isinstance(source, OutsideSource) else None
    if not isinstance(source, OutsideSource) or slot is None:
        return None
    check_slots(session, actor, [{**slot, "required": True}], _only(draft.connections, slot), draft.environment)
    _require_params(declared, source)
    row = get_connection(session, actor, draft.connections[slot["slot"]])
    asked = Asked(draft.environment, declared.params, text if source.searches else "")
    params = json.dumps(asked.params, sort_keys=True, default=str)
    key = (actor.kind, actor.user_id, row.id, row.version, declared.source, params, asked.text)
    return _Question(source, unsealed(row), asked, key)


def _slot_for(runbook: Runbook, declared: Declared, draft: Draft, kind: str) -> Mapping[str, Any] | None:
    """The slot that is named; else the first of the type that is filled, else the first of the type."""
    slots = [slot for slot in runbook.meta.get("connections", []) if slot["type"] == kind]
    named = [slot for slot in slots if slot["slot"] == declared.slot]
    filled = [slot for slot in slots if slot["slot"] in draft.connections]
    return next(iter(named or ([] if declared.slot else [*filled, *slots])), None)


def _only(connections: Mapping[str, str], slot: Mapping[str, Any]) -> dict[str, str]:
    return {name: chosen for name, chosen in connections.items() if name == slot["slot"]}


def _require_params(declared: Declared, source: OutsideSource) -> None:
    missing = sorted(source.needs - declared.params.keys())
    if missing:
        problem = Problem(f"/inputs/{missing[0]}", "required", "Fill this in first.", "Preencha isto primeiro.")
        raise Invalid(f"Fill in {missing[0]} first.", "validation", errors=(problem,))


def _refused(chosen: Chosen) -> InputProblem:
    english, portuguese = messages.texts("choice", str(chosen.value))
    return InputProblem(chosen.pointer, "choice", english, portuguese)
