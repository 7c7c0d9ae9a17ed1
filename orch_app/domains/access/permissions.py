"""The one vocabulary of permissions, for roles, tokens, routes and event handlers."""

from enum import StrEnum


class Permission(StrEnum):
    """What can be asked of the product."""

    RUNBOOKS_READ = "runbooks:read"
    RUNBOOKS_EXECUTE = "runbooks:execute"
    RUNBOOKS_SYNC = "runbooks:sync"
    SOURCES_READ = "sources:read"
    SOURCES_WRITE = "sources:write"
    SOURCES_TRUST = "sources:trust"
    HOOKS_READ = "hooks:read"
    HOOKS_WRITE = "hooks:write"
    JOBS_READ = "jobs:read"
    JOBS_CANCEL = "jobs:cancel"
    JOBS_APPROVE = "jobs:approve"
    JOBS_PRIORITIZE = "jobs:prioritize"
    JOBS_DELETE = "jobs:delete"
    PIPELINES_READ = "pipelines:read"
    PIPELINES_RUN = "pipelines:run"
    PIPELINES_WRITE = "pipelines:write"
    SCHEDULES_READ = "schedules:read"
    SCHEDULES_WRITE = "schedules:write"
    CONNECTIONS_READ = "connections:read"
    CONNECTIONS_USE = "connections:use"
    CONNECTIONS_WRITE = "connections:write"
    HOSTS_READ = "hosts:read"
    HOSTS_WRITE = "hosts:write"
    AUDIT_READ = "audit:read"
    USERS_WRITE = "users:write"
    SETTINGS_WRITE = "settings:write"
    WORKERS_WRITE = "workers:write"
    ME = "me"


class Role(StrEnum):
    """The built-in roles, weakest first."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


_VIEWER = {
    Permission.ME,
    Permission.RUNBOOKS_READ,
    Permission.JOBS_READ,
    Permission.PIPELINES_READ,
    Permission.SCHEDULES_READ,
    Permission.HOSTS_READ,
}
_OPERATOR = _VIEWER | {
    Permission.RUNBOOKS_EXECUTE,
    Permission.JOBS_CANCEL,
    Permission.JOBS_APPROVE,
    Permission.PIPELINES_RUN,
    Permission.SCHEDULES_WRITE,
    Permission.CONNECTIONS_READ,
    Permission.CONNECTIONS_USE,
    Permission.SOURCES_READ,
    Permission.HOOKS_READ,
}

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset(_VIEWER),
    Role.OPERATOR: frozenset(_OPERATOR),
    Role.ADMIN: frozenset(Permission),
}


def weakest_role(permission: Permission) -> Role:
    """The role to ask for when this permission is missing."""
    return next(role for role in Role if permission in GRANTS[role])
