"""The drawer in which a source is added or changed: a folder, or a branch or tag of a Git repository."""

from collections.abc import Iterator, Sequence
from typing import Any

import reflex as rx
from pydantic import ValidationError
from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.permissions import Permission
from orch_app.domains.inventory.queries import list_connections
from orch_app.domains.inventory.wire import ConnectionsQuery
from orch_app.domains.sources import service
from orch_app.domains.sources.wire import NewSource, SourceChange
from orch_app.kit.errors import Conflict, Invalid, Problem
from orch_app.kit.rest import etag
from orch_app.state.guard import act, ask, guarded
from orch_app.state.launch_view import sentences
from orch_app.state.notices import Notices
from orch_app.state.screen import Screen
from orch_app.state.session import has_arrived
from orch_app.state.shape_faults import problems_of
from orch_app.state.sources import SourcesState
from orch_app.state.sources_view import NO_SOURCE, read_sources

AT_ONCE = 200
TEXTS = ("name", "path", "ref", "subfolder", "everyMin")
NEEDED = ("This is needed.", "Isto é necessário.")
MINUTES = ("From 0 to 10,080 minutes, which is a week.", "De 0 a 10.080 minutos, que é uma semana.")
SENTENCES = {
    "ref": ("This cannot be the name of a branch or a tag.", "Este não pode ser o nome de um branch ou de uma tag."),
    "subfolder": ("This does not stay inside the source.", "Isto não fica dentro da fonte."),
    "string_pattern_mismatch": ("This has a form that cannot be used.", "Isto tem uma forma que não pode ser usada."),
    "greater_than_equal": MINUTES,
    "less_than_equal": MINUTES,
}
Shown = dict[str, Any]


class SourceFormState(Screen, rx.State):
    """`source` is the one that is changed; without an id it is a new one. Texts come with the form when it is sent."""

    is_open: bool = False
    source: Shown = NO_SOURCE
    kind: str = "git"
    ref_kind: str = "branch"
    connection_id: str = ""
    connections: list[dict[str, str]] = []
    faults: dict[str, str] = {}
    faults_pt: dict[str, str] = {}

    @rx.event
    @guarded(Permission.ME)
    async def leave(self) -> None:
        """Whoever comes back to the page finds no form of the last visit."""
        if await has_arrived(self):
            self.is_open = False

    @rx.event
    @guarded(Permission.SOURCES_WRITE)
    async def open_new(self) -> None:
        """Show the empty form."""
        await self._open(NO_SOURCE)

    @rx.event
    @guarded(Permission.SOURCES_WRITE)
    async def open_edit(self, source_id: str) -> None:
        """Show the form of one; nothing opens when it is gone."""
        found = next((row for row in await ask(read_sources) if row["id"] == source_id), None)
        if found:
            await self._open(found)

    @rx.event
    @guarded(Permission.SOURCES_READ)
    async def close(self) -> None:
        """Close the form."""
        self.is_open = False

    @rx.event
    @guarded(Permission.SOURCES_WRITE)
    async def choose_kind(self, kind: str) -> None:
        """A folder or a repository; this cannot be changed later."""
        self.kind = "folder" if kind == "folder" else "git"
        self.faults, self.faults_pt = {}, {}

    @rx.event
    @guarded(Permission.SOURCES_WRITE)
    async def choose_ref_kind(self, ref_kind: str) -> None:
        """A branch, which moves, or a tag."""
        self.ref_kind = "tag" if ref_kind == "tag" else "branch"

    @rx.event
    @guarded(Permission.SOURCES_WRITE)
    async def choose_connection(self, connection_id: str) -> None:
        """By which connection the repository is read."""
        self.connection_id = connection_id[:64]

    @rx.event
    @guarded(Permission.SOURCES_WRITE)
    async def save(self, values: dict[str, Any]) -> Any:
        """Keep the source and have it fetched; what is refused is shown at its field."""
        if not self.is_open:
            return None
        texts = {name: str(values.get(name, "")).strip() for name in TEXTS}
        missing = list(self._missing(texts))
        if missing:
            self._show(missing)
            return None
        try:
            await self._save(texts, trusts_itself=values.get("trustsItself", self.source["trustsItself"]) is True)
        except ValidationError as error:
            self._show(problems_of(error, SENTENCES))
            return None
        except (Invalid, Conflict) as refused:
            if not refused.errors:
                raise
            self._show(refused.errors)
            return None
        self.is_open = False
        return [Notices.show_done("source.saved"), SourcesState.load]

    def _missing(self, texts: dict[str, str]) -> Iterator[Problem]:
        """What the kind of source needs and the form does not have."""
        of_git = {"connectionId": self.connection_id, "ref": texts["ref"]}
        of_folder = {"path": self.source["path"] or texts["path"]}
        needed = {"name": texts["name"], **(of_git if self.kind == "git" else of_folder)}
        yield from (Problem(f"/{name}", "missing", *NEEDED) for name, value in needed.items() if not value)

    async def _save(self, texts: dict[str, str], *, trusts_itself: bool) -> None:
        is_git = self.kind == "git"
        place: Shown = {"refKind": self.ref_kind, "ref": texts["ref"]} if is_git else {}
        given: Shown = {"name": texts["name"], "subfolder": texts["subfolder"], "everyMin": texts["everyMin"] or 0}
        given |= place | {"trustsItself": trusts_itself}
        if self.source["id"]:
            seen = etag(self.source["id"], self.source["version"])
            await act(service.update, self.source["id"], SourceChange.model_validate(given), if_match=seen)
            return
        given |= {"connectionId": self.connection_id} if is_git else {"path": texts["path"]}
        await act(service.create, NewSource.model_validate(given | {"kind": self.kind}))

    async def _open(self, source: Shown) -> None:
        self.source, self.is_open, self.phase = source, True, "ready"
        self.kind, self.ref_kind, self.connection_id = source["kind"], source["refKind"], source["connectionId"]
        self.connections = await ask(_git_connections)
        if not source["id"] and len(self.connections) == 1:
            self.connection_id = self.connections[0]["value"]
        self.faults, self.faults_pt = {}, {}

    def _show(self, problems: Sequence[Problem]) -> None:
        self.faults, self.faults_pt = sentences(problems)


def _git_connections(session: Session, actor: Actor) -> list[dict[str, str]]:
    """Connections by which a repository can be read, as options."""
    wanted = ConnectionsQuery(type=["git"], limit=AT_ONCE)
    return [
        {"value": row.id, "label": f"{row.name} ({row.environment})"}
        for row in list_connections(session, actor, wanted).items
    ]
