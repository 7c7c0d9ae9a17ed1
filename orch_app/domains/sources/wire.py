"""Bodies of the REST routes of sources; the screens build the same models."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from orch_app.domains.inventory.wire import Identifier, Needle, Title
from orch_app.domains.sources.models import RunbookSource, SourceEdition
from orch_app.integrations.git.snapshot import RefKind
from orch_app.kit.file_tree import is_inside
from orch_app.kit.pages import PageQuery
from orch_app.kit.rest import Answer, CamelModel

SourceKind = Literal["folder", "git"]
SourceState = Literal["new", "syncing", "failed", "refused", "waiting", "trusted"]
A_WEEK_MIN = 7 * 24 * 60
_NEVER_IN_A_REF = ("..", "//", "@{", "/.")


def _ref(value: str) -> str:
    if any(part in value for part in _NEVER_IN_A_REF) or value.endswith((".", "/", ".lock")):
        raise PydanticCustomError("ref", "This cannot be the name of a branch or a tag.")
    return value


def _subfolder(value: str) -> str:
    value = value.strip("/")
    if value and not is_inside(value):
        raise PydanticCustomError("subfolder", "This does not stay inside the source.")
    return value


def _playbook(value: str) -> str:
    if not (is_inside(value) and value.endswith((".yml", ".yaml"))):
        raise PydanticCustomError("playbook", "Name a playbook by its path in the source.")
    return value


def _no_inputs() -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": {}}


RefName = Annotated[str, Field(max_length=200, pattern=r"^([A-Za-z0-9_][A-Za-z0-9_.+@/-]*)?$"), AfterValidator(_ref)]
Subfolder = Annotated[str, Field(max_length=300, pattern=r"^[^\x00-\x1f\x7f\\]*$"), AfterValidator(_subfolder)]
MachinePath = Annotated[str, Field(max_length=400, pattern=r"^(/[^\x00-\x1f\x7f]*)?$")]
Interval = Annotated[int, Field(ge=0, le=A_WEEK_MIN)]


class NewSource(CamelModel):
    """A source to be added. Of kind `git`: connection and ref; of kind `folder`: the path on the workers' machines.

    `everyMin`: minutes from one fetch to the next, 0 for never. `trustsItself`: whatever comes is trusted at once.
    """

    name: Title
    kind: SourceKind
    path: MachinePath = ""
    connection_id: Identifier | None = None
    ref_kind: RefKind = "branch"
    ref: RefName = ""
    subfolder: Subfolder = ""
    every_min: Interval = 0
    trusts_itself: bool = False

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        of_git, of_folder = {"connectionId": self.connection_id, "ref": self.ref}, {"path": self.path}
        needed, foreign = (of_git, of_folder) if self.kind == "git" else (of_folder, of_git)
        for name, value in needed.items():
            if not value:
                raise PydanticCustomError(
                    "missing", "A source of kind {kind} needs {name}.", {"kind": self.kind, "name": name}
                )
        for name, value in foreign.items():
            if value:
                raise PydanticCustomError(
                    "not_allowed", "A source of kind {kind} has no {name}.", {"kind": self.kind, "name": name}
                )
        return self


class SourceChange(CamelModel):
    """What to change: only the given fields do. Kind, path and connection stay what they are."""

    name: Title | None = None
    ref_kind: RefKind | None = None
    ref: RefName | None = None
    subfolder: Subfolder | None = None
    every_min: Interval | None = None
    trusts_itself: bool | None = None


class SourcesQuery(PageQuery):
    """Filters of the list of sources."""

    q: Needle = ""


class AskedApprovals(CamelModel):
    """Who has to agree to a run, by environment: nobody, somebody who may approve, or somebody else."""

    prod: Literal["none", "required", "required_other_person"] = "none"
    stage: Literal["none", "required", "required_other_person"] = "none"


class AdoptionBody(CamelModel):
    """How a plain playbook is made into a runbook: what its runbook.yaml and its schema.json are to say.

    Each property of `schema` becomes a variable of that name. `playTags` are tags that a launch may choose.
    """

    playbook: Annotated[str, Field(max_length=300), AfterValidator(_playbook)]
    title: Annotated[str, Field(min_length=1, max_length=120)]
    title_pt: Annotated[str, Field(min_length=1, max_length=120)]
    description: Annotated[str, Field(max_length=2000)] = ""
    description_pt: Annotated[str, Field(max_length=2000)] = ""
    version: Annotated[str, Field(max_length=64)] = "1.0.0"
    category: Annotated[str, Field(max_length=32)] = "playbooks"
    risk: Literal["low", "medium", "high"] = "high"
    mutates: bool = True
    target: Literal["localhost", "hosts", "both"] = "hosts"
    network: Literal["none", "egress"] = "none"
    timeout_s: Annotated[int, Field(ge=1, le=86400)] = 3600
    approval: AskedApprovals = AskedApprovals()
    play_tags: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=50)] = []
    input_schema: dict[str, Any] = Field(default_factory=_no_inputs, alias="schema")


class AdoptionAnswer(Answer):
    """An adopted playbook, by the name of its runbook."""

    name: str
    playbook: str
    meta: dict[str, Any]
    input_schema: dict[str, Any] = Field(serialization_alias="schema")
    updated_by_name: str
    updated_at: datetime


class Candidate(Answer):
    """A plain playbook that could be adopted: what it works on, and the variables that it asks or sets for itself."""

    path: str
    hosts: list[str]
    variables: list[str]


class EditionRunbook(Answer):
    """A runbook of an edition; `reason` says why it is broken, and is empty when it can run."""

    name: str
    version: str
    reason: str


class EditionAnswer(Answer):
    """One fetched state. `refusal`: why it cannot be trusted; `leftOut`: paths that were not taken, such as links.

    `taken`: names that were in the catalogue from elsewhere when it was trusted, and stayed what they were.
    """

    id: str
    commit_id: str
    author: str
    subject: str
    committed_at: datetime | None
    tree_sha256: str
    files: int
    size: int
    refusal: str
    runbooks: list[EditionRunbook]
    candidates: list[Candidate]
    left_out: list[str]
    taken: list[str]
    fetched_at: datetime
    trusted_at: datetime | None
    trusted_by: str

    @classmethod
    def of(cls, row: SourceEdition) -> Self:
        """The answer for a row."""
        names = ("runbooks", "candidates", "left_out", "taken")
        lists = {name: getattr(row, f"{name}_json") for name in names}
        hidden = {"source_id", "trusted_by_name", *(f"{name}_json" for name in names)}
        return cls.model_validate({**row.model_dump(exclude=hidden), **lists, "trusted_by": row.trusted_by_name})


class SourceAnswer(Answer):
    """A source with what was fetched last and what is trusted.

    `state`: `new` (nothing fetched yet), `syncing`, `failed` (the last fetch, see `fault`), `refused` (what came cannot
    be trusted), `waiting` (for an admin to trust what came), `trusted` (what came last is in the catalogue).
    """

    id: str
    name: str
    kind: SourceKind
    path: str
    connection_id: str | None
    ref_kind: RefKind
    ref: str
    subfolder: str
    every_min: int
    trusts_itself: bool
    state: SourceState
    synced_at: datetime | None
    fault_code: str
    fault: str
    newest: EditionAnswer | None
    trusted: EditionAnswer | None
    version: int
    created_by_name: str
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: RunbookSource, newest: SourceEdition | None, trusted: SourceEdition | None) -> Self:
        """The answer for a row and its editions."""
        hidden = {"sync_due_at", "sync_fence", "is_syncing", "newest_id", "trusted_id", "created_by"}
        editions = {"newest": newest and EditionAnswer.of(newest), "trusted": trusted and EditionAnswer.of(trusted)}
        return cls.model_validate({**row.model_dump(exclude=hidden), **editions, "state": state_of(row, newest)})


def state_of(row: RunbookSource, newest: SourceEdition | None) -> SourceState:
    """Where a source stands, in one word."""
    if row.is_syncing:
        return "syncing"
    if row.fault_code:
        return "failed"
    if newest is None:
        return "new"
    if newest.refusal:
        return "refused"
    return "trusted" if row.trusted_id == newest.id else "waiting"


class SourcePage(Answer):
    """A page of sources."""

    items: list[SourceAnswer]
    next_cursor: str | None
    prev_cursor: str | None
    total: int | None


class EditionPage(Answer):
    """A page of editions, the newest first."""

    items: list[EditionAnswer]
    next_cursor: str | None
    prev_cursor: str | None
    total: int | None


class FileChangeAnswer(Answer):
    """What became of one file. `diff` is a unified diff; where there is none, `note` says why."""

    path: str
    change: Literal["added", "changed", "removed"]
    diff: str
    note: Literal["", "binary", "large", "mode"]


class DiffAnswer(Answer):
    """What trusting an edition would change. `truncated`: only the first files are shown in full."""

    edition_id: str
    trusted_id: str | None
    files: list[FileChangeAnswer]
    truncated: bool
