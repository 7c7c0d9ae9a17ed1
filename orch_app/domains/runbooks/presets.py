"""Presets: sets of values for the form of a runbook, kept by name, one's own or shared by an admin.

They hold no secrets, and nothing that they hold is believed: whoever uses one has it checked against the schema of that
moment.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, func, or_, select

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.audit.actions import Action
from orch_app.domains.audit.service import record
from orch_app.domains.runbooks.errors import InputProblem
from orch_app.domains.runbooks.inputs import DEFAULT_INPUT_KB, check_inputs, check_size, with_defaults
from orch_app.domains.runbooks.models import Runbook, RunbookPreset
from orch_app.domains.runbooks.queries import get_runbook
from orch_app.domains.runbooks.schema_rules import Schema, escaped, followed
from orch_app.kit.clock import now
from orch_app.kit.errors import Conflict, Invalid, NotFound, Problem
from orch_app.kit.ids import new_id

LONGEST_NAME = 80
MOST = 50
PRIVATE_KEY = "PRIVATE KEY-----"
NO_SECRETS = ("A preset keeps no secrets.", "Uma predefinição não guarda segredos.")
GONE = (
    "Left out, for the runbook has them no longer: {names}.",
    "Deixados de fora, pois o runbook não os tem mais: {names}.",
)


@dataclass(frozen=True)
class Fitted:
    """A preset as the form of today takes it: values with defaults, and what is wrong with them."""

    values: dict[str, Any]
    problems: tuple[InputProblem, ...]


def list_presets(session: Session, actor: Actor, runbook_name: str) -> Sequence[RunbookPreset]:
    """The caller's own presets of a runbook and the shared ones, by name.

    Raises:
        NotFound: there is no such runbook.
    """
    require(actor, Permission.RUNBOOKS_READ)
    get_runbook(session, actor, runbook_name)
    query = select(RunbookPreset).where(RunbookPreset.runbook_name == runbook_name, _seen_by(actor))
    return session.exec(query.order_by(func.lower(RunbookPreset.name), col(RunbookPreset.id))).all()


def get_preset(session: Session, actor: Actor, runbook_name: str, preset_id: str) -> RunbookPreset:
    """One of them.

    Raises:
        NotFound: there is none with this id, or it is somebody else's own.
    """
    require(actor, Permission.RUNBOOKS_READ)
    query = select(RunbookPreset).where(RunbookPreset.id == preset_id, RunbookPreset.runbook_name == runbook_name)
    found = session.exec(query.where(_seen_by(actor))).first()
    if found is None:
        raise NotFound("There is no such preset.", "preset_not_found")
    return found


def create(
    session: Session, actor: Actor, runbook_name: str, name: str, inputs: Mapping[str, Any], *, shared: bool = False
) -> RunbookPreset:
    """Keep these values by a name; they need not be complete.

    Raises:
        NotFound: there is no such runbook, or the caller has no account.
        Forbidden: only admins share.
        Invalid: the name is empty or too long, the values are too large or hold a secret, or there are too many.
        Conflict: the caller, or with `shared` the runbook, has a preset of that name.
    """
    require(actor, Permission.RUNBOOKS_EXECUTE)
    _require_sharing(actor, shared=shared)
    if actor.user_id is None:
        raise NotFound("Only somebody with an account has presets.", "no_account")
    runbook = get_runbook(session, actor, runbook_name)
    moment = now()
    row = RunbookPreset(
        id=new_id("pst"),
        runbook_name=runbook_name,
        name=_acceptable_name(name),
        input_json=_acceptable(runbook, inputs),
        is_shared=shared,
        owner_id=actor.user_id,
        owner_name=actor.name,
        created_at=moment,
        updated_at=moment,
    )
    _require_room(session, row)
    _save(session, row)
    _record(session, actor, Action.PRESET_CREATED, row)
    return row


def change(
    session: Session,
    actor: Actor,
    runbook_name: str,
    preset_id: str,
    *,
    name: str | None = None,
    inputs: Mapping[str, Any] | None = None,
) -> RunbookPreset:
    """Give a preset another name or other values.

    Raises:
        NotFound, Forbidden, Invalid, Conflict: as `create`.
    """
    require(actor, Permission.RUNBOOKS_EXECUTE)
    row = get_preset(session, actor, runbook_name, preset_id)
    _require_sharing(actor, shared=row.is_shared)
    before, runbook = row.name, get_runbook(session, actor, runbook_name)
    # Nothing is asked of the database from here on to `_save`, which knows what a taken name means.
    row.name = before if name is None else _acceptable_name(name)
    row.input_json = row.input_json if inputs is None else _acceptable(runbook, inputs)
    row.updated_at = now()
    _save(session, row)
    _record(session, actor, Action.PRESET_CHANGED, row, before=before, values=inputs is not None)
    return row


def delete(session: Session, actor: Actor, runbook_name: str, preset_id: str) -> None:
    """Forget a preset.

    Raises:
        NotFound: there is none with this id, or it is somebody else's own.
        Forbidden: it is shared, and the caller is no admin.
    """
    require(actor, Permission.RUNBOOKS_EXECUTE)
    row = get_preset(session, actor, runbook_name, preset_id)
    _require_sharing(actor, shared=row.is_shared)
    session.delete(row)
    _record(session, actor, Action.PRESET_DELETED, row)


def fitted(runbook: Runbook, inputs: Mapping[str, Any]) -> Fitted:
    """The values for the form as it is now; fields that the runbook has no longer are left out and told."""
    schema = runbook.input_schema
    known = schema.get("properties", {})
    gone = [name for name in inputs if name not in known]
    kept = {name: value for name, value in inputs.items() if name in known}
    named = [sentence.format(names=", ".join(gone)) for sentence in GONE]
    told = (InputProblem("", "additionalProperties", *named),) if gone else ()
    checked = check_inputs(schema, kept, max_kb=_limit(runbook))
    return Fitted(with_defaults(schema, kept), (*checked.problems, *told))


def without_secrets(runbook: Runbook, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The values that a preset may keep, for a form in which a secret may have been typed."""
    return _stripped(runbook.input_schema, _views(runbook.input_schema, runbook.input_schema), dict(inputs))


def may_change(actor: Actor, row: RunbookPreset) -> bool:
    """Whether the actor may rename, overwrite and delete a preset that he or she sees."""
    return actor.may(Permission.RUNBOOKS_EXECUTE) and (not row.is_shared or actor.may(Permission.SETTINGS_WRITE))


def _seen_by(actor: Actor) -> Any:
    return or_(col(RunbookPreset.is_shared).is_(True), col(RunbookPreset.owner_id) == actor.user_id)


def _require_sharing(actor: Actor, *, shared: bool) -> None:
    if shared:
        require(actor, Permission.SETTINGS_WRITE)


def _acceptable_name(name: str) -> str:
    plain = " ".join(name.split())
    if not 0 < len(plain) <= LONGEST_NAME:
        fault = Problem(
            "/name", "name", f"Must have 1 to {LONGEST_NAME} characters.", f"Deve ter de 1 a {LONGEST_NAME} caracteres."
        )
        raise Invalid("The preset needs a name.", "validation", errors=(fault,))
    return plain


def _acceptable(runbook: Runbook, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The values, when they are such as a runbook takes at all and no secret is among them."""
    places = _secrets(runbook.input_schema, _views(runbook.input_schema, runbook.input_schema), inputs, "")
    problems = check_size(dict(inputs), max_kb=_limit(runbook)) or [
        InputProblem(at, "secret", *NO_SECRETS) for at in places
    ]
    if problems:
        faults = tuple(replace(fault, pointer=f"/inputs{fault.pointer}") for fault in problems)
        raise Invalid("These values cannot be kept.", "validation", errors=faults)
    return dict(inputs)


def _limit(runbook: Runbook) -> int:
    return runbook.meta.get("limits", {}).get("input_kb", DEFAULT_INPUT_KB)


def _views(root: Schema, schema: Any) -> list[Schema]:
    """Every schema that may speak about a value: the one itself and, of its alternatives, each."""
    plain = followed(root, schema)
    branches = [branch for key in ("allOf", "anyOf", "oneOf") for branch in plain.get(key, [])]
    branches += [plain[key] for key in ("then", "else") if key in plain]
    return [plain, *(view for branch in branches for view in _views(root, branch))]


def _is_secret(views: Sequence[Schema], value: Any) -> bool:
    is_marked = any(view.get("writeOnly") is True or view.get("x-widget") == "password" for view in views)
    return is_marked or (isinstance(value, str) and PRIVATE_KEY in value)


def _parts(root: Schema, views: Sequence[Schema], value: Any) -> Iterator[tuple[str | int, list[Schema], Any]]:
    """What a value is made of: each part with its key and the schemas that speak about it."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            found = [view.get("properties", {}).get(name, view.get("additionalProperties")) for view in views]
            yield name, [each for schema in found for each in _views(root, schema)], item
    elif isinstance(value, list):
        below = [each for view in views for each in _views(root, view.get("items"))]
        yield from ((at, below, item) for at, item in enumerate(value))


def _secrets(root: Schema, views: Sequence[Schema], value: Any, pointer: str) -> Iterator[str]:
    if _is_secret(views, value):
        yield pointer
        return
    for key, below, item in _parts(root, views, value):
        yield from _secrets(root, below, item, f"{pointer}/{escaped(str(key))}")


def _stripped(root: Schema, views: Sequence[Schema], value: Any) -> Any:
    kept = [
        (key, _stripped(root, below, item))
        for key, below, item in _parts(root, views, value)
        if not _is_secret(below, item)
    ]
    if isinstance(value, Mapping):
        return dict(kept)
    return [item for _, item in kept] if isinstance(value, list) else value


def _require_room(session: Session, row: RunbookPreset) -> None:
    same = select(func.count()).select_from(RunbookPreset).where(RunbookPreset.runbook_name == row.runbook_name)
    owned = same.where(RunbookPreset.owner_id == row.owner_id)
    if session.exec(owned).one() >= MOST:
        fault = Problem("/name", "maxItems", f"At most {MOST} for each runbook.", f"No máximo {MOST} por runbook.")
        raise Invalid("There are too many presets.", "validation", errors=(fault,))


def _save(session: Session, row: RunbookPreset) -> None:
    """Write the row now, so that a taken name is answered and not found at commit."""
    fault = Problem("/name", "name_taken", "This name is taken.", "Este nome já existe.")
    taken = Conflict(f"There is already a preset named {row.name}.", "name_taken", errors=(fault,))
    try:
        session.add(row)
        session.flush()
    except IntegrityError as error:
        raise taken from error


def _record(session: Session, actor: Actor, action: Action, row: RunbookPreset, **more: Any) -> None:
    facts = {"runbook": row.runbook_name, "name": row.name, "shared": row.is_shared}
    record(session, actor, action, ("preset", row.id), metadata=facts | more)
