"""The drawer in which a webhook is made or changed: who posts, what of it is heeded, and the order that comes of it."""

from collections.abc import Sequence
from typing import Any

import reflex as rx
from pydantic import ValidationError
from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.permissions import Permission
from orch_app.domains.hooks import queries, service
from orch_app.domains.hooks.models import Hook
from orch_app.domains.hooks.wire import HookAnswer, HookChange, NewHook
from orch_app.domains.runbooks.form import form_model
from orch_app.domains.runbooks.inputs import check_inputs, with_defaults
from orch_app.kit.errors import Conflict, Invalid, Problem
from orch_app.kit.rest import etag
from orch_app.state import hook_form_view, launch_view
from orch_app.state.guard import act, ask, guarded
from orch_app.state.hooks import HooksState
from orch_app.state.hooks_view import read_source_options
from orch_app.state.notices import Notices
from orch_app.state.order_form import OrderForm
from orch_app.state.schedules_view import read_runbooks
from orch_app.state.session import environment_of, has_arrived
from orch_app.state.shape_faults import problems_of

PROVIDERS = ("github", "gitlab", "generic")
ACTIONS = ("launch", "sync")
OF_MESSAGES = ("events", "conditions", "mapping", *hook_form_view.HEADERS)
AROUND = ("name", "runbook", "sourceId")
NEEDED = ("This is needed.", "Isto é necessário.")
LONGEST = 100
Shown = dict[str, Any]


class HookFormState(OrderForm, rx.State):
    """`hook_id` is empty for a new one. The order is that of the runbook which a message starts (`action` launch).

    `message` and what belongs to it are the form of what is heeded; `own_faults` are about what stands around both.
    """

    is_open: bool = False
    hook_id: str = ""
    version: int = 0
    name: str = ""
    provider: str = "github"
    action: str = "launch"
    runbooks: list[dict[str, str]] = []
    runbooks_pt: list[dict[str, str]] = []
    sources: list[dict[str, str]] = []
    source_id: str = ""
    message: list[Shown] = []
    message_start: Shown = {}
    message_errors: dict[str, str] = {}
    message_errors_pt: dict[str, str] = {}
    own_faults: dict[str, str] = {}
    own_faults_pt: dict[str, str] = {}
    _message: Shown = {}

    @rx.event
    @guarded(Permission.ME)
    async def leave(self) -> None:
        """Whoever comes back to the page finds no form of the last visit."""
        if await has_arrived(self):
            self.is_open = False

    @rx.event
    @guarded(Permission.HOOKS_WRITE)
    async def open_new(self) -> None:
        """Show the empty form."""
        self._clear(None)
        self.runbooks, self.runbooks_pt = await ask(read_runbooks)
        self.sources = await ask(read_source_options)
        self._begin_message(None)
        self.phase = "ready"

    @rx.event
    @guarded(Permission.HOOKS_WRITE)
    async def open_edit(self, hook_id: str) -> None:
        """Show the form of one."""
        stored = HookAnswer.of(await ask(_row, hook_id))
        self._clear(stored)
        if stored.action == "launch":
            await self._begin(await ask(launch_view.read_form, stored.runbook), _begun(stored))
        self._begin_message(stored)
        self.phase = "ready"

    @rx.event
    @guarded(Permission.HOOKS_READ)
    async def close(self) -> None:
        """Close the form."""
        self.is_open = False

    @rx.event
    @guarded(Permission.HOOKS_WRITE)
    async def give_name(self, name: str) -> None:
        """What the webhook is called."""
        self.name = name[:LONGEST]

    @rx.event
    @guarded(Permission.HOOKS_WRITE)
    async def choose_provider(self, provider: str) -> None:
        """Who posts, and so how it signs; this cannot be changed later."""
        if provider in PROVIDERS and not self.hook_id:
            self.provider = provider
            self._draw_message()

    @rx.event
    @guarded(Permission.HOOKS_WRITE)
    async def choose_action(self, action: str) -> None:
        """Whether a message starts a runbook or has a source fetched; this cannot be changed later."""
        if action in ACTIONS and not self.hook_id:
            self.action, self.runbook, self.fields, self.slots = action, {}, [], []
            self._draw_message()

    @rx.event
    @guarded(Permission.HOOKS_WRITE)
    async def choose_runbook(self, runbook: str) -> None:
        """The runbook that a message starts; the form becomes that of its inputs."""
        if runbook and not self.hook_id:
            form, environment = await ask(launch_view.read_form, runbook), await environment_of(self)
            await self._begin(form, {"environment": environment} if environment else {})
            self._draw_message()

    @rx.event
    @guarded(Permission.HOOKS_WRITE)
    async def choose_source(self, source_id: str) -> None:
        """The source that a message has fetched."""
        if not self.hook_id:
            self.source_id = source_id[:64]

    @rx.event
    @guarded(Permission.HOOKS_WRITE)
    async def heed(self, values: dict[str, Any]) -> None:
        """What of a message is heeded, as the form is now."""
        self._message = values

    @rx.event
    @guarded(Permission.HOOKS_WRITE)
    async def begin(self) -> None:
        """Show at once that it is being saved."""
        self.is_busy = True

    @rx.event
    @guarded(Permission.HOOKS_WRITE)
    async def save(self) -> Any:
        """Keep the webhook, and show it: a new one has a secret to be fetched; what is refused is at its field."""
        self.is_busy = False
        if not self.is_open:
            return None
        schema, typed = self._schema(), self.get_value("_message")
        checked = check_inputs(schema, {name: typed[name] for name in schema["properties"] if name in typed})
        faults = [*self._missing(), *checked.problems]
        if faults:
            self._show_all(faults)
            return None
        try:
            hook_id = await self._save(hook_form_view.heeded(checked.values))
        except ValidationError as error:
            self._show_all(problems_of(error))
            return None
        except (Invalid, Conflict) as refused:
            if not refused.errors:
                raise
            self._show_all(refused.errors)
            return None
        self.is_open = False
        return [Notices.show_done("hook.saved"), HooksState.open(hook_id)]

    async def _save(self, heeded: Shown) -> str:
        given: Shown = {"name": self.name.strip(), **heeded}
        if self.action == "launch":
            order = self._order()
            given |= {"environment": order.environment, "connections": order.connections, "inputs": order.inputs}
            given |= {"hosts": order.host_ids or [], "limit": order.limit}
            given |= {"tags": list(order.tags.only), "skipTags": list(order.tags.skip)}
        if self.hook_id:
            seen = etag(self.hook_id, self.version)
            await act(service.update, self.hook_id, HookChange.model_validate(given), if_match=seen)
            return self.hook_id
        about = {"runbook": self.runbook["name"]} if self.action == "launch" else {"sourceId": self.source_id}
        new = NewHook.model_validate(given | about | {"provider": self.provider, "action": self.action})
        return await act(_create, new)

    def _missing(self) -> list[Problem]:
        launches = self.action == "launch"
        wanted = {"runbook": self.runbook.get("name", "")} if launches else {"sourceId": self.source_id or self.hook_id}
        wanted["name"] = self.name.strip()
        faults = [Problem(f"/{name}", "missing", *NEEDED) for name, value in wanted.items() if not value]
        lacks_hosts = launches and bool(self.runbook) and self._order().host_ids == []
        return faults + ([launch_view.NO_HOST] if lacks_hosts else [])

    def _clear(self, stored: HookAnswer | None) -> None:
        self.is_open, self.phase, self.is_busy = True, "loading", False
        self.runbook, self.fields, self.slots, self.source_id = {}, [], [], ""
        self.hook_id, self.version, self.name = (stored.id, stored.version, stored.name) if stored else ("", 0, "")
        self.provider, self.action = (stored.provider, stored.action) if stored else ("github", "launch")
        self._show_all(())

    def _schema(self) -> Shown:
        with_headers = self.provider == "generic" and not self.hook_id
        return hook_form_view.message_schema([field["name"] for field in self.fields], with_headers=with_headers)

    def _begin_message(self, stored: HookAnswer | None) -> None:
        """Begin the form of what is heeded anew, or with what a stored one heeds."""
        self._draw_message()
        schema, begun = self._schema(), hook_form_view.begun(stored)
        known = {name: value for name, value in begun.items() if name in schema["properties"]}
        self.message_start = self._message = with_defaults(schema, known)

    def _draw_message(self) -> None:
        """Show the fields that fit what was chosen; what was typed into them stays, here as in the browser."""
        self.message = form_model(self._schema())

    def _show_all(self, faults: Sequence[Problem]) -> None:
        """Show faults at their fields: of what is heeded, of what stands around, and the others in the order's form."""
        of_messages = [fault for fault in faults if _first(fault) in OF_MESSAGES]
        own = [fault for fault in faults if _first(fault) in AROUND]
        self.message_errors, self.message_errors_pt = launch_view.sentences(of_messages)
        self.own_faults, self.own_faults_pt = launch_view.sentences(own)
        self._show_faults([fault for fault in faults if fault not in of_messages and fault not in own])
        self.fault_count += len(self.message_errors) + len(self.own_faults)


def _begun(stored: HookAnswer) -> Shown:
    """What the form of the order begins with."""
    scope = {"tags": stored.tags, "skip_tags": stored.skip_tags, "limit": stored.limit, "host_ids": stored.hosts}
    return scope | {"start": stored.inputs, "environment": stored.environment, "chosen": stored.connections}


def _create(session: Session, actor: Actor, new: NewHook) -> str:
    """Keep a new webhook and give back its id alone: its secret is not for a state."""
    return service.create(session, actor, new)[0].id


def _row(session: Session, actor: Actor, hook_id: str) -> Hook:
    return queries.get_hook(session, actor, hook_id)


def _first(fault: Problem) -> str:
    return fault.pointer.split("/")[1] if "/" in fault.pointer else ""
