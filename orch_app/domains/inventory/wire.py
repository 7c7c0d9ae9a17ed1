"""Bodies of the inventory's REST routes; the screens build the same models."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from orch_app.domains.access.launch_matrix import Environment
from orch_app.domains.inventory.models import Connection, Host
from orch_app.integrations.ssh.keys import PublicKey, read_public_key
from orch_app.kit.allow_list import is_host_name
from orch_app.kit.egress import is_address
from orch_app.kit.pages import PageQuery
from orch_app.kit.rest import Answer, CamelModel

UseKind = Literal["host", "schedule", "pipeline", "run", "job", "source", "hook"]
HostStatus = Literal["unknown", "ok", "unreachable", "auth_failed", "key_changed"]
MAX_LABELS = 32
RESERVED_NAMES = frozenset(
    {"all", "ungrouped", "localhost", "local", "targets", "machines", "none", "hosts", "children", "vars"}
)

Title = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^\S[^\x00-\x1f\x7f]*$")]
Needle = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]
Identifier = Annotated[str, Field(max_length=64, pattern=r"^[a-z]{2,6}_[0-9A-Z]{26}$")]
HostUser = Annotated[str, Field(pattern=r"^([A-Za-z_][A-Za-z0-9_.@-]{0,63})?$")]
Port = Annotated[int, Field(ge=1, le=65535)]
LabelKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$")]
LabelValue = Annotated[str, Field(max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")]
Labels = Annotated[dict[LabelKey, LabelValue], Field(max_length=MAX_LABELS)]
VariablesGiven = Annotated[dict[str, Any], Field(max_length=2000)]
Python = Annotated[str, Field(pattern=r"^(/[A-Za-z0-9_./-]{1,200})?$")]


def _host_name(value: str) -> str:
    if value.lower() in RESERVED_NAMES:
        raise PydanticCustomError("reserved", "This name means something else in an inventory.")
    return value


def _machine(value: str) -> str:
    if not (is_address(value) or is_host_name(value)):
        raise PydanticCustomError("host", "This is neither an IP address nor a host name.")
    return value.lower()


HostName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"), AfterValidator(_host_name)]
Machine = Annotated[str, Field(max_length=253), AfterValidator(_machine)]


class NewConnection(CamelModel):
    """A connection to be made; `payload` is what its type asks for."""

    type: Annotated[str, Field(max_length=50)]
    name: Title
    environment: Environment
    payload: dict[str, Any]


class ConnectionChange(CamelModel):
    """What to change. In `payload` only the given fields change; null clears one."""

    name: Title | None = None
    payload: dict[str, Any] | None = None


class ConnectionProbe(CamelModel):
    """Which host to try a connection on; without one only the connection itself is looked at."""

    host_id: Identifier | None = None


class NewHost(CamelModel):
    """A host to be added."""

    name: HostName
    address: Machine
    port: Port = 22
    user: HostUser = ""
    connection_id: Identifier | None = None
    environment: Environment
    labels: Labels = {}
    variables: VariablesGiven = {}
    python: Python = ""


class HostChange(CamelModel):
    """What to change: only the given fields do; `connectionId` null takes the connection away."""

    name: HostName | None = None
    address: Machine | None = None
    port: Port | None = None
    user: HostUser | None = None
    connection_id: Identifier | None = None
    labels: Labels | None = None
    variables: VariablesGiven | None = None
    python: Python | None = None


class KeyScan(CamelModel):
    """Without `pin` the host's keys are shown; with the fingerprint that a person has compared, that key is pinned."""

    pin: Annotated[str, Field(max_length=100, pattern=r"^SHA256:[A-Za-z0-9+/]{43}$")] | None = None


class ConnectionsQuery(PageQuery):
    """Filters of the list of connections; several values of one filter mean any of them."""

    environment: list[Environment | Literal[""]] = []
    type: list[Annotated[str, Field(max_length=50, pattern=r"^[a-z0-9_]*$")]] = []
    q: Needle = ""


class HostsQuery(PageQuery):
    """Filters of the list of hosts; several values of one filter mean any of them.

    `group` is the name of a group; hosts of the groups in it are meant as well.
    """

    environment: list[Environment | Literal[""]] = []
    status: list[HostStatus | Literal[""]] = []
    group: list[Annotated[str, Field(max_length=63, pattern=r"^\w*$")]] = []
    connection_id: Annotated[str, Field(max_length=64, pattern=r"^\w*$")] = ""
    q: Needle = ""


class MaskedField(Answer):
    """What may be said about a secret: that it is set, and since when."""

    set: bool
    set_at: datetime | None = None


class LastTest(Answer):
    """How the last test of a connection went."""

    at: datetime
    ok: bool
    detail: str
    detail_code: str
    duration_ms: int


class ConnectionAnswer(Answer):
    """A connection without its secrets. `facts` is what its type tells about them, such as a key's fingerprint."""

    id: str
    type: str
    name: str
    environment: Environment
    payload: dict[str, Any]
    masked_fields: dict[str, MaskedField]
    facts: dict[str, str]
    used_by: int
    last_test: LastTest | None
    last_used_at: datetime | None
    created_by: str | None
    created_by_name: str
    created_at: datetime
    updated_at: datetime
    updated_by_name: str
    version: int

    @classmethod
    def of(cls, row: Connection, secret_names: Sequence[str], used_by: int) -> "ConnectionAnswer":
        """The answer for a row; `secret_names` are the secret fields of its type."""
        masked = {name: MaskedField(set=name in row.fields_set, set_at=_when(row, name)) for name in secret_names}
        shared = row.model_dump(include=set(cls.model_fields) & set(Connection.model_fields))
        return cls(
            **shared,
            payload=row.public_json["payload"],
            facts=row.public_json["facts"],
            masked_fields=masked,
            used_by=used_by,
            last_test=_last_test(row),
        )


class HostKey(Answer):
    """A public host key, as a person compares it and as a machine uses it."""

    type: str
    fingerprint: str
    line: str

    @classmethod
    def of(cls, key: PublicKey) -> "HostKey":
        return cls(type=key.type, fingerprint=key.fingerprint, line=key.line)


class HostAnswer(Answer):
    """A host; `hostKey` is the pinned one, `groups` are those in which it stands itself.

    `origin` names the import that brought it; `isTrustedText` says that templates in its variables are worked out.
    """

    id: str
    name: str
    address: str
    port: int
    user: str
    connection_id: str | None
    environment: Environment
    labels: dict[str, str]
    variables: dict[str, Any]
    is_trusted_text: bool
    groups: list[str]
    origin: str
    python: str
    host_key: HostKey | None
    host_key_pinned_at: datetime | None
    status: HostStatus
    status_detail: str
    status_detail_code: str
    last_seen_at: datetime | None
    created_by: str | None
    created_at: datetime
    updated_at: datetime
    version: int

    @classmethod
    def of(cls, row: Host, groups: Sequence[str] = ()) -> "HostAnswer":
        """The answer for a row; `groups` are the names of those in which it stands itself."""
        key = HostKey.of(read_public_key(row.host_key)) if row.host_key else None
        shared = row.model_dump(include=set(cls.model_fields) & set(Host.model_fields) - {"host_key"})
        return cls(**shared, host_key=key, groups=list(groups))


class ConnectionPage(Answer):
    """A page of connections."""

    items: list[ConnectionAnswer]
    next_cursor: str | None
    prev_cursor: str | None
    total: int | None


class HostPage(Answer):
    """A page of hosts."""

    items: list[HostAnswer]
    next_cursor: str | None
    prev_cursor: str | None
    total: int | None


class ScanAnswer(Answer):
    """The keys a host showed; `matchesPinned` is null while none is pinned."""

    host: HostAnswer
    keys: list[HostKey]
    matches_pinned: bool | None


class ProbeAnswer(Answer):
    """How a test went. `identity` is who the connection is to its system; `granted` and `missing` are rights in the
    vendor's words, as far as it tells. `jumpHostKeys` are shown when the jump host has no pinned key yet, `hostKeys`
    when the server of a repository has none.
    """

    ok: bool
    code: str
    detail: str
    detail_code: str
    duration_ms: int
    facts: dict[str, str]
    identity: str = ""
    granted: list[str] = []
    missing: list[str] = []
    jump_host_keys: list[HostKey]
    host_keys: list[HostKey] = []


class Use(Answer):
    """One thing that uses a connection; a pipeline has no environment of its own."""

    kind: UseKind
    id: str
    name: str
    environment: Environment | Literal[""]


class Uses(Answer):
    """Everything that uses a connection."""

    items: list[Use]


class ConnectionTypeAnswer(Answer):
    """A type of connection: its words, the fields that are secret, and its form as a tree of nodes.

    `policy` is the least that its secret must be allowed to do, in the vendor's words.
    """

    name: str
    title: str
    title_pt: str
    help: str
    help_pt: str
    secret_fields: list[str]
    policy: list[str]
    payload_schema: dict[str, Any] = Field(serialization_alias="schema")
    form: list[dict[str, Any]]


def _when(row: Connection, name: str) -> datetime | None:
    return datetime.fromisoformat(row.fields_set[name]) if name in row.fields_set else None


def _last_test(row: Connection) -> LastTest | None:
    if row.last_test_at is None:
        return None
    return LastTest(
        at=row.last_test_at,
        ok=bool(row.last_test_ok),
        detail=row.last_test_detail,
        detail_code=row.last_test_detail_code,
        duration_ms=row.last_test_ms or 0,
    )
