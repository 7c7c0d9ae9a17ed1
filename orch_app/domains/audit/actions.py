"""Every action that can appear in the audit log; a test keeps the reference page equal to this list."""

from enum import StrEnum


class Action(StrEnum):
    """`<noun>.<verb>` of an audited act."""

    SETUP_ISSUED = "setup.token_issued"
    SETUP_COMPLETED = "setup.completed"
    SETUP_REFUSED = "setup.refused"
    LOGIN = "login.succeeded"
    LOGIN_REFUSED = "login.refused"
    LOGOUT = "logout"
    TOKEN_REUSED = "token.reused"  # noqa: S105 - a name, not a secret
    ACCESS_DENIED = "access.denied"
    USER_CREATED = "user.created"
    USER_CHANGED = "user.changed"
    PROFILE_CHANGED = "profile.changed"
    PASSWORD_REFUSED = "password.refused"  # noqa: S105 - a name, not a secret
    PASSWORD_CHANGED = "password.changed"  # noqa: S105 - a name, not a secret
    RUNBOOKS_SYNCED = "runbooks.synced"
    JOB_EXECUTED = "job.executed"
    JOB_CANCELED = "job.canceled"
    JOB_RETRIED = "job.retried"
    JOB_FINISHED = "job.finished"
    JOB_INTERRUPTED = "job.interrupted"
    JOB_PURGED = "job.purged"
    PIPELINE_CREATED = "pipeline.created"
    PIPELINE_CHANGED = "pipeline.changed"
    PIPELINE_DELETED = "pipeline.deleted"
    PIPELINE_RUN_STARTED = "pipeline_run.started"
    PIPELINE_RUN_CANCELED = "pipeline_run.canceled"
    PIPELINE_RUN_RESUMED = "pipeline_run.resumed"
    PIPELINE_RUN_FINISHED = "pipeline_run.finished"
    ARTIFACT_DOWNLOADED = "artifact.downloaded"
    CONNECTION_CREATED = "connection.created"
    CONNECTION_CHANGED = "connection.changed"
    CONNECTION_DELETED = "connection.deleted"
    CONNECTION_TESTED = "connection.tested"
    HOST_CREATED = "host.created"
    HOST_CHANGED = "host.changed"
    HOST_DELETED = "host.deleted"
    HOST_KEY_SCANNED = "host.key_scanned"
    HOST_KEY_PINNED = "host.key_pinned"
