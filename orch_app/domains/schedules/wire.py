"""Bodies of the REST routes of schedules and blackouts; the screens build the same models."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, Field
from pydantic_core import PydanticCustomError

from orch_app.domains.access.launch_matrix import Environment
from orch_app.domains.inventory.wire import Needle, Title
from orch_app.domains.jobs.host_limit import HostLimit
from orch_app.domains.jobs.play_tags import Tags
from orch_app.domains.schedules.planning import MissedPolicy
from orch_app.kit.pages import PageQuery
from orch_app.kit.rest import Answer, CamelModel

FIRST_YEAR, LAST_YEAR = 2000, 2200
ONE_MONTH_MIN = 31 * 24 * 60


def _sensible(moment: datetime) -> datetime:
    if not FIRST_YEAR <= moment.year < LAST_YEAR:
        raise PydanticCustomError("far_away", "This is not between 2000 and 2200.")
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_sensible)]
Cron = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[ -~]*$")]
Zone = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_+/-]*$")]
Reason = Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")]
HostIds = Annotated[list[Annotated[str, Field(max_length=64)]], Field(min_length=1, max_length=5_000)]
Slots = dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=64)]]
ScheduleStatus = Literal["active", "paused", "ended"]


class NewSchedule(CamelModel):
    """A schedule to be made; inputs, hosts, connections, tags, limit and reason are those of `execute`.

    `overrideReason`, for admins: blackouts do not hold this schedule, and why.
    """

    name: Title
    runbook: Annotated[str, Field(min_length=1, max_length=100)]
    environment: Environment = "stage"
    cron: Cron
    timezone: Zone = "UTC"
    inputs: dict[str, Any] = Field(default_factory=dict)
    hosts: HostIds | None = None
    connections: Slots = Field(default_factory=dict)
    tags: Tags = []
    skip_tags: Tags = []
    limit: HostLimit = ""
    request_reason: Reason = ""
    missed_policy: MissedPolicy = MissedPolicy.SKIP
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    override_reason: Reason = ""


class ScheduleChange(CamelModel):
    """What to change: only the given fields do. Whoever changes a schedule becomes its owner."""

    name: Title | None = None
    environment: Environment | None = None
    cron: Cron | None = None
    timezone: Zone | None = None
    inputs: dict[str, Any] | None = None
    hosts: HostIds | None = None
    connections: Slots | None = None
    tags: Tags | None = None
    skip_tags: Tags | None = None
    limit: HostLimit | None = None
    request_reason: Reason | None = None
    missed_policy: MissedPolicy | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    override_reason: Reason | None = None


class RunBody(CamelModel):
    """`overrideReason`, for admins: start although a blackout holds, and why."""

    override_reason: Reason = ""


class SchedulesQuery(PageQuery):
    """Filters of the list of schedules."""

    environment: list[Environment | Literal[""]] = []
    runbook: Needle = ""
    owner: Needle = ""
    status: ScheduleStatus | Literal[""] = ""
    q: Needle = ""


class PreviewQuery(CamelModel):
    """An expression that somebody thinks about. With `environment`, blackouts of it are told."""

    cron: Cron
    timezone: Zone = "UTC"
    environment: Environment | Literal[""] = ""
    count: int = Field(5, ge=1, le=50)


class NextRunAnswer(Answer):
    """A moment to come; `localTime` is what clocks of the zone show. `blackout` names what will hold it."""

    at: datetime
    local_time: str
    blackout: str | None


class Preview(Answer):
    """The next moments of an expression, and what it means."""

    cron: str
    timezone: str
    sentence: str
    sentence_pt: str
    items: list[NextRunAnswer]


class FiringAnswer(Answer):
    """What came of a moment. Missed in a row for one reason is one item: `count` from `fireAt` to `until`."""

    id: str
    kind: Literal["planned", "manual"]
    fire_at: datetime
    until: datetime
    count: int
    outcome: Literal["started", "failed", "missed"]
    reason: str
    detail: str
    errors: list[dict[str, str]]
    job_id: str | None
    job_number: int | None
    actor: str
    created_at: datetime


class Owner(Answer):
    """Who a schedule belongs to; its jobs run with the rights that he or she has then."""

    id: str
    name: str


class ScheduleAnswer(Answer):
    """A schedule with its next five moments and what came of the last one."""

    id: str
    name: str
    runbook: str
    environment: Environment
    cron: str
    timezone: str
    sentence: str
    sentence_pt: str
    inputs: dict[str, Any]
    hosts: list[str] | None
    connections: dict[str, str]
    tags: list[str]
    skip_tags: list[str]
    limit: str
    request_reason: str
    missed_policy: MissedPolicy
    starts_at: datetime | None
    ends_at: datetime | None
    override_reason: str
    override_by: str
    owner: Owner
    status: ScheduleStatus
    next_fire_at: datetime | None
    next_runs: list[NextRunAnswer]
    last_firing: FiringAnswer | None
    created_at: datetime
    updated_at: datetime
    version: int


class SchedulePage(Answer):
    """A page of schedules."""

    items: list[ScheduleAnswer]
    next_cursor: str | None
    prev_cursor: str | None
    total: int | None


class FiringPage(Answer):
    """A page of firings, the newest first."""

    items: list[FiringAnswer]
    next_cursor: str | None
    prev_cursor: str | None
    total: int | None


class NewBlackout(CamelModel):
    """Either `startsAt` and `endsAt`, or `cron` with `timezone` and `durationMin`: how long each lasts, in minutes."""

    name: Title
    environment: Environment
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    cron: Annotated[str, Field(max_length=100, pattern=r"^[ -~]*$")] = ""
    timezone: Zone = "UTC"
    duration_min: Annotated[int, Field(ge=0, le=ONE_MONTH_MIN)] = 0


class BlackoutChange(CamelModel):
    """What to change: only the given fields do."""

    name: Title | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    cron: Annotated[str, Field(max_length=100, pattern=r"^[ -~]*$")] | None = None
    timezone: Zone | None = None
    duration_min: Annotated[int, Field(ge=0, le=ONE_MONTH_MIN)] | None = None


class BlackoutsQuery(PageQuery):
    """Filters of the list of blackouts."""

    environment: list[Environment | Literal[""]] = []


class BlackoutAnswer(Answer):
    """A blackout; `isActive` says that it holds now."""

    id: str
    name: str
    environment: Environment
    starts_at: datetime | None
    ends_at: datetime | None
    cron: str
    timezone: str
    duration_min: int
    sentence: str
    sentence_pt: str
    is_active: bool
    created_at: datetime
    updated_at: datetime
    version: int


class BlackoutPage(Answer):
    """A page of blackouts."""

    items: list[BlackoutAnswer]
    next_cursor: str | None
    prev_cursor: str | None
    total: int | None
