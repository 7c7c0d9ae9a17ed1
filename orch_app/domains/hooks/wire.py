"""Bodies of the REST routes of inbound webhooks; the screens build the same models."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from orch_app.domains.access.launch_matrix import Environment
from orch_app.domains.hooks.models import Hook, HookDelivery
from orch_app.domains.inventory.wire import Identifier, Needle, Title
from orch_app.domains.jobs.host_limit import HostLimit
from orch_app.domains.jobs.play_tags import Tags
from orch_app.kit.pages import PageQuery
from orch_app.kit.rest import Answer, CamelModel

Provider = Literal["github", "gitlab", "generic"]
Action = Literal["launch", "sync"]
Outcome = Literal["launched", "synced", "ignored", "failed"]
SECRET_MIN, SECRET_MAX = 16, 200
SIGNATURE_HEADER, DELIVERY_HEADER = "X-Signature-256", "X-Delivery-Id"


def _secret(value: SecretStr | None) -> SecretStr | None:
    text = value.get_secret_value() if value else ""
    if value is not None and not (SECRET_MIN <= len(text) <= SECRET_MAX and text.isascii() and text.isprintable()):
        raise PydanticCustomError("secret", "A secret has 16 to 200 printable ASCII characters.")
    return value


Pointer = Annotated[str, Field(max_length=300, pattern=r"^(/[^\x00-\x1f\x7f]*)?$")]
Header = Annotated[str, Field(max_length=80, pattern=r"^([A-Za-z0-9][A-Za-z0-9-]*)?$")]
Secret = Annotated[SecretStr | None, AfterValidator(_secret)]
InputName = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^/~\x00-\x1f\x7f]+$")]
RunbookName = Annotated[str, Field(max_length=100, pattern=r"^[a-z0-9_-]*$")]
EventName = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[!-~][ -~]*$")]
HostIds = Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=5_000)]
Slots = dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=64)]]


class MappedInput(CamelModel):
    """Which value of the payload becomes which input; `removePrefix` is taken from the front of a text."""

    input: InputName
    pointer: Pointer
    required: bool = True
    remove_prefix: Annotated[str, Field(max_length=100)] = ""


class Condition(CamelModel):
    """A value that the payload must have, or the message is ignored."""

    pointer: Pointer
    equals: Annotated[str, Field(max_length=500)] | bool | int | None


Mapping = Annotated[list[MappedInput], Field(max_length=50)]
Conditions = Annotated[list[Condition], Field(max_length=20)]
Events = Annotated[list[EventName], Field(max_length=20)]


class NewHook(CamelModel):
    """An inbound webhook to be made. Without a secret one is made up; either way it is shown once, in the answer.

    The headers are of provider `generic`. `events` are names as the provider sends them; none means every event.
    """

    name: Title
    provider: Provider
    secret: Secret = None
    signature_header: Header = ""
    delivery_header: Header = ""
    timestamp_header: Header = ""
    action: Action = "launch"
    source_id: Identifier | None = None
    runbook: RunbookName = ""
    environment: Environment = "stage"
    hosts: HostIds = []
    connections: Slots = Field(default_factory=dict)
    tags: Tags = []
    skip_tags: Tags = []
    limit: HostLimit = ""
    inputs: dict[str, Any] = Field(default_factory=dict)
    mapping: Mapping = []
    conditions: Conditions = []
    events: Events = []
    is_enabled: bool = True

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.action == "launch") is not bool(self.runbook) or (self.action == "sync") is not bool(self.source_id):
            raise PydanticCustomError("action", "Name a runbook to launch, or a source to synchronise, and not both.")
        if self.provider != "generic" and (self.signature_header or self.delivery_header or self.timestamp_header):
            raise PydanticCustomError("headers", "Only a generic webhook names its headers.")
        return self


class HookChange(CamelModel):
    """What to change: only the given fields do; whoever changes a webhook becomes its owner."""

    name: Title | None = None
    secret: Secret = None
    environment: Environment | None = None
    hosts: HostIds | None = None
    connections: Slots | None = None
    tags: Tags | None = None
    skip_tags: Tags | None = None
    limit: HostLimit | None = None
    inputs: dict[str, Any] | None = None
    mapping: Mapping | None = None
    conditions: Conditions | None = None
    events: Events | None = None
    is_enabled: bool | None = None


class HooksQuery(PageQuery):
    """Filters of the list of webhooks."""

    q: Needle = ""


class HookAnswer(Answer):
    """An inbound webhook. `path` is where the other system posts to; its secret is never shown again."""

    id: str
    name: str
    path: str
    provider: Provider
    secret_set_at: datetime
    signature_header: str
    delivery_header: str
    timestamp_header: str
    action: Action
    source_id: str | None
    runbook: str
    environment: Environment
    hosts: list[str]
    connections: dict[str, str]
    tags: list[str]
    skip_tags: list[str]
    limit: str
    inputs: dict[str, Any]
    mapping: list[MappedInput]
    conditions: list[Condition]
    events: list[str]
    is_enabled: bool
    owner_name: str
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Hook) -> Self:
        """The answer for a row."""
        return cls.model_validate(facts_of(row))


class NewHookAnswer(HookAnswer):
    """The same with its secret, which is told this once."""

    secret: str = Field(repr=False)


def facts_of(row: Hook) -> dict[str, Any]:
    """What is told of a webhook."""
    renamed = {"runbook": row.runbook_name, "hosts": row.host_ids, "connections": row.connection_ids}
    renamed |= {"limit": row.host_limit}
    hidden = {"encrypted_secret", "runbook_name", "host_ids", "connection_ids", "host_limit", "owner_id"}
    return {**row.model_dump(exclude=hidden), **renamed, "path": f"/v1/hooks/{row.id}"}


class HookPage(Answer):
    """A page of webhooks."""

    items: list[HookAnswer]
    next_cursor: str | None
    prev_cursor: str | None
    total: int | None


class DeliveryAnswer(Answer):
    """What came of a message. `repeats`: how often it came again and did nothing."""

    id: str
    delivery_key: str
    event: str
    ip: str
    size: int
    outcome: Outcome
    reason: str
    detail: str
    job_id: str | None
    job_number: int | None
    repeats: int
    received_at: datetime

    @classmethod
    def of(cls, row: HookDelivery) -> Self:
        """The answer for a row."""
        return cls.model_validate(row.model_dump(exclude={"hook_id", "replay_key"}))


class DeliveryPage(Answer):
    """A page of deliveries, the newest first."""

    items: list[DeliveryAnswer]
    next_cursor: str | None
    prev_cursor: str | None
    total: int | None


class ReceiptAnswer(Answer):
    """What the sender is told. `reason` is a word, and what else is known stays with us. `isRepeat`: it came before."""

    id: str
    outcome: Outcome
    reason: str
    job_id: str | None
    job_number: int | None
    is_repeat: bool
