"""What people, schedules and pipelines order: a runbook with all it is to run with, and the name of just that."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from orch_app.domains.access.launch_matrix import Verdict
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.play_tags import ALL_TASKS, PlayTags
from orch_app.domains.jobs.states import Mode
from orch_app.domains.runbooks.models import Runbook

ENVIRONMENTS = ("stage", "prod")


@dataclass(frozen=True)
class Order:
    """What is to be run. `host_ids` None means "not said": localhost, where the runbook allows it.

    `origin_id` names what the trigger was, where it is something with an id. `priority` is 0 mostly; the greater goes
    first, and only some may go above 0. `expect_plan` is the SHA-256 of a plan that a preview has shown: this one is
    applied, or nothing. `rollback_of` is the job that is undone, also where that is only previewed. `limit` is a
    pattern (see `host_limit`): of the hosts that are named, or of all of the environment, those that match now.
    """

    runbook: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    host_ids: Sequence[str] | None = None
    environment: str = "stage"
    connections: Mapping[str, str] = field(default_factory=dict)
    request_reason: str = ""
    trigger: str = "manual"
    retry_of: str | None = None
    origin_id: str | None = None
    priority: int = 0
    mode: str = Mode.APPLY
    expect_plan: str = ""
    rollback_of: str | None = None
    tags: PlayTags = ALL_TASKS
    limit: str = ""


@dataclass(frozen=True)
class Subject:
    """What an order is about: everything that decides what its plan will be.

    Not its mode: a preview and the run that applies its plan are about the same. `revision` names the runbook to the
    byte.
    """

    runbook: str
    revision: str
    environment: str
    inputs: dict[str, Any]
    hosts: list[str]
    connections: dict[str, str]
    rollback_of: str | None
    tags: dict[str, list[str]]

    @property
    def sha256(self) -> str:
        """Its name: equal for two orders if they are about the same. Tags count where some were chosen."""
        facts = {name: value for name, value in vars(self).items() if name != "tags" or value}
        text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Checked:
    """An order that may be run as it is: its runbook, the inputs with their defaults, (id, name) of each host.

    `verdict` says whether somebody has to approve it first.
    """

    order: Order
    runbook: Runbook
    inputs: dict[str, Any]
    hosts: list[tuple[str, str]]
    verdict: Verdict = Verdict.ALLOW

    @property
    def needs_approval(self) -> bool:
        """Whether its job waits for an approval."""
        return self.verdict is not Verdict.ALLOW

    @property
    def host_ids(self) -> list[str]:
        """The ids alone."""
        return [host_id for host_id, _ in self.hosts]

    @property
    def subject(self) -> Subject:
        """What the order is about."""
        return Subject(
            runbook=self.runbook.name,
            revision=self.runbook.revision,
            environment=self.order.environment,
            inputs=self.inputs,
            hosts=self.host_ids,
            connections=dict(self.order.connections),
            rollback_of=self.order.rollback_of,
            tags=self.order.tags.to_json(),
        )


def subject_of(job: Job) -> Subject:
    """What a job is about, from its row."""
    return Subject(
        job.runbook_name,
        job.runbook_revision,
        job.environment,
        job.input_json,
        job.host_ids,
        job.connection_ids,
        job.rollback_of,
        job.tags_json,
    )


def order_like(job: Job, **changes: Any) -> Order:
    """What a job was ordered to do, as a new order of its own; `changes` are fields of `Order`."""
    same = Order(
        runbook=job.runbook_name,
        inputs=job.input_json,
        host_ids=job.host_ids or None,
        environment=job.environment,
        connections=job.connection_ids,
        request_reason=job.request_reason,
        tags=PlayTags.from_json(job.tags_json),
    )
    return replace(same, **changes)
