"""Whether a definition can be kept: its graph, its runbooks, its expressions, and types as far as they are known."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from orch_app.domains.inventory.models import Connection, Host
from orch_app.domains.jobs.host_limit import read_limit
from orch_app.domains.pipelines import graph, shapes
from orch_app.domains.pipelines.definition import PipelineBody, StepBody, nodes_of
from orch_app.domains.pipelines.expressions import Reference, parse, references, sole_reference, syntax_problems, texts
from orch_app.domains.pipelines.faults import Place, fault
from orch_app.domains.runbooks.errors import RunbookBroken
from orch_app.domains.runbooks.inputs import check_inputs
from orch_app.domains.runbooks.models import Runbook
from orch_app.domains.runbooks.schema_rules import require_acceptable
from orch_app.kit.errors import Invalid, Problem
from orch_app.kit.json_text import pointer

MAX_PROBLEMS = 100
ANYWAY = frozenset({"required", "additionalProperties"})
"""Faults of an object that hold whatever the expressions below it become."""


def check(session: Session, body: PipelineBody) -> None:
    """Refuse a definition that could not run.

    Raises:
        Invalid: with a pointer to each fault.
    """
    problems = [*_schema_problems(body), *_graph_problems(body)]
    if not problems:
        problems = list(_Checker(session, body).problems())
    if problems:
        count = len(problems)
        message = f"{count} {'thing is' if count == 1 else 'things are'} wrong with the pipeline."
        raise Invalid(message, "validation", errors=tuple(problems[:MAX_PROBLEMS]))


def _schema_problems(body: PipelineBody) -> Iterator[Problem]:
    try:
        require_acceptable(body.inputs_schema, "inputsSchema")
    except RunbookBroken as error:
        yield fault(("inputsSchema",), "bad_schema", why=error.reason)


def _graph_problems(body: PipelineBody) -> Iterator[Problem]:
    ids = [step.id for step in body.steps]
    for position, step in enumerate(body.steps):
        if step.id in ids[:position]:
            yield fault(("steps", position, "id"), "duplicate_id", step=step.id)
        named = [edge.step for edge in step.needs]
        for place, name in enumerate(named):
            where: Place = ("steps", position, "needs", place, "step")
            if name not in ids:
                yield fault(where, "unknown_step", step=name)
            elif name in named[:place]:
                yield fault(where, "duplicate_edge", step=name)
    circle = graph.circle(nodes_of(body.steps))
    if circle:
        yield fault(("steps", ids.index(circle[0]), "needs"), "circle", steps=", ".join(circle))


@dataclass(frozen=True)
class _At:
    """One step with its place and its runbook."""

    position: int
    step: StepBody
    runbook: Runbook

    def place(self, *below: str | int) -> Place:
        return ("steps", self.position, *below)


class _Checker:
    """Looks at the steps one by one, when the graph is known to be one."""

    def __init__(self, session: Session, body: PipelineBody) -> None:
        self._session = session
        self._body = body
        self._nodes = nodes_of(body.steps)
        names = {step.runbook for step in body.steps}
        found = session.exec(select(Runbook).where(col(Runbook.name).in_(names)))
        self._runbooks = {runbook.name: runbook for runbook in found}
        self._runbook_of = {step.id: step.runbook for step in body.steps}

    def problems(self) -> Iterator[Problem]:
        for position, step in enumerate(self._body.steps):
            runbook = self._runbooks.get(step.runbook)
            if runbook is None or runbook.broken_reason:
                code = "broken_runbook" if runbook else "unknown_runbook"
                yield fault(("steps", position, "runbook"), code, runbook=step.runbook)
                continue
            yield from self._of_step(_At(position, step, runbook))

    def _of_step(self, at: _At) -> Iterator[Problem]:
        step = at.step
        for name in ("inputs", "hosts", "connections", "limit"):
            value = getattr(step, name)
            wrong = syntax_problems(value, at.place(name))
            yield from wrong or self._reference_problems(at, name, value)
        yield from self._input_problems(at)
        yield from self._host_problems(at)
        yield from self._connection_problems(at)
        yield from _tag_problems(at)
        yield from _limit_problems(at)

    def _reference_problems(self, at: _At, name: str, value: Any) -> Iterator[Problem]:
        before = graph.ancestors(self._nodes, at.step.id)
        for path, wanted in references(value):
            where = at.place(name, *path)
            if wanted.root == "steps" and wanted.step not in self._runbook_of:
                yield fault(where, "unknown_step", step=wanted.step)
            elif wanted.root == "steps" and wanted.step not in before:
                yield fault(where, "not_before", shown=wanted, step=wanted.step)
            elif self._types(wanted) is None:
                yield self._absent(where, wanted)

    def _absent(self, where: Place, wanted: Reference) -> Problem:
        part = ".".join(wanted.below)
        if wanted.root == "inputs":
            return fault(where, "unknown_input", part=part)
        return fault(where, "unknown_output", runbook=self._runbook_of[wanted.step], part=part)

    def _types(self, wanted: Reference) -> shapes.Types | None:
        """What is known of the value that a reference will have."""
        if wanted.root == "env":
            return frozenset({"string"})
        if wanted.root == "inputs":
            return shapes.types_at(self._body.inputs_schema, wanted.below)
        runbook = self._runbooks.get(self._runbook_of.get(wanted.step, ""))
        return shapes.types_at(runbook.output_schema, wanted.below) if runbook else shapes.UNKNOWN

    def _input_problems(self, at: _At) -> Iterator[Problem]:
        if syntax_problems(at.step.inputs, ()):
            return
        spoken = {pointer(path): text for path, text in texts(at.step.inputs) if _has_reference(text)}
        for problem in check_inputs(at.runbook.input_schema, at.step.inputs).problems:
            if not _may_vanish(problem, spoken):
                place = pointer(at.place("inputs")) + problem.pointer
                yield Problem(place, problem.code, problem.detail, problem.detail_pt)
        for path, text in texts(at.step.inputs):
            if pointer(path) in spoken:
                yield from self._type_problems(at, path, text)

    def _type_problems(self, at: _At, path: Place, text: str) -> Iterator[Problem]:
        sole = sole_reference(text)
        found = (self._types(sole) or shapes.UNKNOWN) if sole else frozenset({"string"})
        wanted = shapes.types_at(at.runbook.input_schema, [str(part) for part in path]) or shapes.UNKNOWN
        if not shapes.fits(found, wanted):
            names = {"found": " | ".join(sorted(found)), "wanted": " | ".join(sorted(wanted))}
            yield fault(at.place("inputs", *path), "type", shown=sole or f'"{text[:60]}"', **names)

    def _host_problems(self, at: _At) -> Iterator[Problem]:
        hosts, target = at.step.hosts, at.runbook.meta.get("target", "localhost")
        place = at.place("hosts")
        if not hosts and not at.step.limit and target == "hosts":
            yield fault(place, "hosts_required")
        elif hosts and target in {"none", "localhost"}:
            yield fault(place, "hosts_not_allowed")
        elif isinstance(hosts, list):
            yield from self._unknown_hosts(place, hosts)
        elif hosts and not syntax_problems(hosts, ()) and sole_reference(hosts) is None:
            yield fault(place, "one_expression")

    def _unknown_hosts(self, place: Place, hosts: list[str]) -> Iterator[Problem]:
        literal = [host for host in hosts if "${" not in host]
        known = set(self._session.exec(select(Host.id).where(col(Host.id).in_(literal))))
        unknown = (position for position, host in enumerate(hosts) if host in literal and host not in known)
        yield from (fault((*place, position), "unknown_host") for position in unknown)

    def _connection_problems(self, at: _At) -> Iterator[Problem]:
        slots: Mapping[str, Mapping[str, Any]] = {slot["slot"]: slot for slot in at.runbook.meta.get("connections", [])}
        for name, chosen in at.step.connections.items():
            place = at.place("connections", name)
            if name not in slots:
                yield fault(place, "unknown_slot")
            elif "${" not in chosen:
                yield from self._connection_fault(place, chosen, slots[name]["type"])
        for name, slot in slots.items():
            if slot.get("required", True) and name not in at.step.connections:
                yield fault(at.place("connections", name), "connection_required", kind=slot["type"])

    def _connection_fault(self, place: Place, connection_id: str, wanted: str) -> Iterator[Problem]:
        found = self._session.get(Connection, connection_id)
        if found is None:
            yield fault(place, "unknown_connection")
        elif found.type != wanted:
            yield fault(place, "wrong_connection", found=found.type, wanted=wanted)


def _tag_problems(at: _At) -> Iterator[Problem]:
    offered = at.runbook.meta.get("play_tags", [])
    for field, tags in (("tags", at.step.tags), ("skipTags", at.step.skip_tags)):
        places = (position for position, tag in enumerate(tags) if tag not in offered)
        yield from (fault(at.place(field, position), "unknown_tag", tag=tags[position]) for position in places)


def _limit_problems(at: _At) -> Iterator[Problem]:
    limit, target = at.step.limit, at.runbook.meta.get("target", "localhost")
    if limit and target in {"none", "localhost"}:
        yield fault(at.place("limit"), "hosts_not_allowed")
    elif limit and "${" not in limit:
        try:
            read_limit(limit)
        except Invalid as refused:
            place = pointer(at.place("limit"))
            yield from (Problem(place, one.code, one.detail, one.detail_pt) for one in refused.errors)


def _has_reference(text: str) -> bool:
    return any(isinstance(part, Reference) for part in parse(text))


def _may_vanish(problem: Problem, spoken: Mapping[str, str]) -> bool:
    """Whether the fault may be one of an expression's text, not of the value that it will become."""
    if problem.pointer in spoken:
        return True
    above = any(place.startswith(f"{problem.pointer}/") for place in spoken)
    return above and problem.code not in ANYWAY
