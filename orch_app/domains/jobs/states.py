"""The words a job's state is told with: five statuses, their phases, and why it ended."""

from enum import StrEnum


class Status(StrEnum):
    """What the contract fixes; everything finer is in the phase and the reason."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    ERROR = "ERROR"
    CANCELED = "CANCELED"


class Phase(StrEnum):
    """Where within its status a job is."""

    AWAITING_APPROVAL = "awaiting_approval"
    QUEUED = "queued"
    WAITING_LOCK = "waiting_lock"
    WAITING_LIMIT = "waiting_limit"
    WAITING_RETRY = "waiting_retry"
    PREPARING = "preparing"
    RUNNING = "running"
    CANCELING = "canceling"
    KILLING = "killing"
    FINALIZING = "finalizing"
    DONE = "done"


class Mode(StrEnum):
    """What a run is for: only to look, to do, or to undo what an earlier job did."""

    PREVIEW = "preview"
    APPLY = "apply"
    ROLLBACK = "rollback"


class Outcome(StrEnum):
    """How one attempt at a job went; only `ended` is the end of the job too."""

    OPEN = ""
    ENDED = "ended"
    FAILED = "failed"
    NOT_STARTED = "not_started"
    WORKER_LOST = "worker_lost"


class Need(StrEnum):
    """What a runbook can ask for before a job may start."""

    LOCK = "lock"
    LIMIT = "limit"
    RATE = "rate"


class Reason(StrEnum):
    """Why a job ended as it did; runbooks may add codes of their own through their output's `failure`."""

    CANCELED = "canceled"
    APPROVAL_DENIED = "approval_denied"
    APPROVAL_EXPIRED = "approval_expired"
    INTERRUPTED = "interrupted"
    TIMEOUT = "timeout"
    TASK_FAILED = "task_failed"
    UNREACHABLE = "unreachable"
    OUTPUT_INVALID = "output_invalid"
    STALE_PLAN = "stale_plan"
    OUTPUT_LIMIT = "output_limit"
    MEMORY_LIMIT = "memory_limit"
    PROCESS_LIMIT = "process_limit"
    DISK_LIMIT = "disk_limit"
    PLAYBOOK_ERROR = "playbook_error"
    ISOLATION_UNAVAILABLE = "isolation_unavailable"
    PREPARATION_FAILED = "preparation_failed"
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    START_FAILED = "start_failed"
    LIMIT_REACHED = "limit_reached"
    HOST_NOT_REGISTERED = "host_not_registered"
    INTERNAL_ERROR = "internal_error"


class SharedReason(StrEnum):
    """Reasons of the same meaning in every runbook, told by its output's `failure`, besides some of `Reason`."""

    AUTH_FAILED = "auth_failed"
    INSUFFICIENT_SCOPES = "insufficient_scopes"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    RATE_LIMITED = "rate_limited"
    UPSTREAM_5XX = "upstream_5xx"
    VALIDATION = "validation"
    LOCK_TIMEOUT = "lock_timeout"
    PARTIAL_APPLY = "partial_apply"
    VERIFY_FAILED = "verify_failed"
    SNAPSHOT_FAILED = "snapshot_failed"
    SUSPICIOUS_EMPTY = "suspicious_empty"
    TLS = "tls"
    RESOURCE_UNAVAILABLE = "resource_unavailable"
    QUOTA_EXCEEDED = "quota_exceeded"


TERMINAL = frozenset({Status.SUCCESS, Status.ERROR, Status.CANCELED})
CLAIMABLE = (Phase.QUEUED, Phase.WAITING_LOCK, Phase.WAITING_LIMIT, Phase.WAITING_RETRY)
DEAD_LETTER = (Reason.START_FAILED, Reason.TOO_MANY_ATTEMPTS)
MAX_ATTEMPTS = 3
MAX_PRIORITY = 10


def is_terminal(status: str) -> bool:
    """Whether nothing more can happen to a job of this status."""
    return status in TERMINAL
