"""Every route with the permission that it needs and a well-formed body. A test keeps it complete."""

from dataclasses import dataclass, field
from typing import Any

from orch_app.domains.access.permissions import Permission

OPEN = "open to everybody"


@dataclass(frozen=True)
class Guarded:
    """One route: what it needs, and with what it can be called so that only the permission decides."""

    needs: Permission | str
    body: Any = None
    answers_open: frozenset[int] = field(default=frozenset({200}))


JOB = "job_01J9ZC5V0G3M5W6YQX4T2R8S7K"
FILLED = {
    "{user_id}": "usr_01J9ZC5V0G3M5W6YQX4T2R8S7K",
    "{job_id}": JOB,
    "{worker_id}": "wrk_01J9ZC5V0G3M5W6YQX4T2R8S7K",
    "{connection_id}": "con_01J9ZC5V0G3M5W6YQX4T2R8S7K",
    "{container_id}": "0123456789ab",
    "{group_id}": "grp_01J9ZC5V0G3M5W6YQX4T2R8S7K",
    "{host_id}": "hst_01J9ZC5V0G3M5W6YQX4T2R8S7K",
    "{pipeline_id}": "ppl_01J9ZC5V0G3M5W6YQX4T2R8S7K",
    "{run_id}": "plr_01J9ZC5V0G3M5W6YQX4T2R8S7K",
    "{schedule_id}": "sch_01J9ZC5V0G3M5W6YQX4T2R8S7K",
    "{blackout_id}": "blk_01J9ZC5V0G3M5W6YQX4T2R8S7K",
    "{hook_id}": "hok_01J9ZC5V0G3M5W6YQX4T2R8S7K",
    "{source_id}": "src_01J9ZC5V0G3M5W6YQX4T2R8S7K",
    "{edition_id}": "edt_01J9ZC5V0G3M5W6YQX4T2R8S7K",
    "{preset_id}": "pst_01J9ZC5V0G3M5W6YQX4T2R8S7K",
    "{name}": "nothing_of_that_name",
    "{code}": "rate-limited",
    "{field:path}": "zone",
}
_LOGIN = {"email": "nobody@example.com", "password": "nothing"}
_NEW_USER = {"email": "new@example.com", "password": "velvet tractor 91 lamp", "role": "viewer"}
_HOST = {"name": "web-1", "address": "192.0.2.1", "environment": "stage"}
_GROUP = {"name": "web", "environment": "stage"}
_CONNECTION = {"type": "ssh", "name": "key", "environment": "stage", "payload": {"user": "deploy", "password": "x"}}
_PIPELINE = {"name": "chain", "steps": [{"id": "first", "runbook": "host_report"}]}
_PRESET = {"name": "usual", "inputs": {}}
_SCHEDULE = {"name": "nightly", "runbook": "nothing", "cron": "0 3 * * *"}
_ADOPTION = {"playbook": "site.yml", "title": "Site", "titlePt": "Site"}
_HOOK = {"name": "pushes", "provider": "github", "runbook": "nothing"}
_SOURCE = {"name": "ops", "kind": "folder", "path": "/nothing"}
_BLACKOUT = {"name": "nights", "environment": "stage", "cron": "0 0 * * *", "durationMin": 60}

TABLE: dict[tuple[str, str], Guarded] = {
    ("POST", "/v1/auth/login"): Guarded(OPEN, _LOGIN, frozenset({401})),
    ("POST", "/v1/auth/refresh"): Guarded(OPEN, {"refreshToken": "x"}, frozenset({401})),
    ("POST", "/v1/auth/logout"): Guarded(OPEN, None, frozenset({204})),
    ("GET", "/v1/setup"): Guarded(OPEN),
    ("POST", "/v1/setup"): Guarded(OPEN, _LOGIN | {"token": "x"}, frozenset({409})),
    ("GET", "/v1/me"): Guarded(Permission.ME),
    ("PATCH", "/v1/me"): Guarded(Permission.ME, {"theme": "light"}),
    ("POST", "/v1/me/password"): Guarded(Permission.ME, {"currentPassword": "x", "newPassword": "y"}),
    ("GET", "/v1/users"): Guarded(Permission.USERS_WRITE),
    ("POST", "/v1/users"): Guarded(Permission.USERS_WRITE, _NEW_USER),
    ("GET", "/v1/users/{user_id}"): Guarded(Permission.USERS_WRITE),
    ("PATCH", "/v1/users/{user_id}"): Guarded(Permission.USERS_WRITE, {"name": "x"}),
    ("GET", "/v1/connection-types"): Guarded(Permission.CONNECTIONS_READ),
    ("GET", "/v1/portainer/endpoints"): Guarded(Permission.CONNECTIONS_USE),
    ("GET", "/v1/portainer/containers"): Guarded(Permission.CONNECTIONS_USE),
    ("GET", "/v1/portainer/containers/{container_id}"): Guarded(Permission.CONNECTIONS_USE),
    ("GET", "/v1/portainer/containers/{container_id}/logs"): Guarded(Permission.CONNECTIONS_USE),
    ("GET", "/v1/portainer/services"): Guarded(Permission.CONNECTIONS_USE),
    ("GET", "/v1/portainer/stacks"): Guarded(Permission.CONNECTIONS_USE),
    ("GET", "/v1/portainer/nodes"): Guarded(Permission.CONNECTIONS_USE),
    ("GET", "/v1/connections"): Guarded(Permission.CONNECTIONS_READ),
    ("POST", "/v1/connections"): Guarded(Permission.CONNECTIONS_WRITE, _CONNECTION),
    ("GET", "/v1/connections/{connection_id}"): Guarded(Permission.CONNECTIONS_READ),
    ("PATCH", "/v1/connections/{connection_id}"): Guarded(Permission.CONNECTIONS_WRITE, {"name": "x"}),
    ("DELETE", "/v1/connections/{connection_id}"): Guarded(Permission.CONNECTIONS_WRITE),
    ("GET", "/v1/connections/{connection_id}/usage"): Guarded(Permission.CONNECTIONS_READ),
    ("POST", "/v1/connections/{connection_id}/test"): Guarded(Permission.CONNECTIONS_USE, {}),
    ("GET", "/v1/host-groups"): Guarded(Permission.HOSTS_READ),
    ("POST", "/v1/host-groups"): Guarded(Permission.HOSTS_WRITE, _GROUP),
    ("GET", "/v1/host-groups/{group_id}"): Guarded(Permission.HOSTS_READ),
    ("PATCH", "/v1/host-groups/{group_id}"): Guarded(Permission.HOSTS_WRITE, {"name": "web"}),
    ("DELETE", "/v1/host-groups/{group_id}"): Guarded(Permission.HOSTS_WRITE),
    ("GET", "/v1/hosts"): Guarded(Permission.HOSTS_READ),
    ("POST", "/v1/hosts"): Guarded(Permission.HOSTS_WRITE, _HOST),
    ("GET", "/v1/hosts/{host_id}"): Guarded(Permission.HOSTS_READ),
    ("PATCH", "/v1/hosts/{host_id}"): Guarded(Permission.HOSTS_WRITE, {"name": "web-2"}),
    ("DELETE", "/v1/hosts/{host_id}"): Guarded(Permission.HOSTS_WRITE),
    ("POST", "/v1/hosts/{host_id}/scan-key"): Guarded(Permission.HOSTS_WRITE, {}),
    ("GET", "/v1/runbooks"): Guarded(Permission.RUNBOOKS_READ),
    ("GET", "/v1/runbooks/{name}"): Guarded(Permission.RUNBOOKS_READ),
    ("GET", "/v1/runbooks/{name}/schema"): Guarded(Permission.RUNBOOKS_READ),
    ("POST", "/v1/runbooks/{name}/choices/{field:path}"): Guarded(Permission.RUNBOOKS_EXECUTE, {}, frozenset({404})),
    ("PUT", "/v1/runbooks/{name}/favourite"): Guarded(Permission.RUNBOOKS_READ),
    ("DELETE", "/v1/runbooks/{name}/favourite"): Guarded(Permission.RUNBOOKS_READ),
    ("GET", "/v1/runbooks/{name}/presets"): Guarded(Permission.RUNBOOKS_READ),
    ("POST", "/v1/runbooks/{name}/presets"): Guarded(Permission.RUNBOOKS_EXECUTE, _PRESET),
    ("PATCH", "/v1/runbooks/{name}/presets/{preset_id}"): Guarded(Permission.RUNBOOKS_EXECUTE, {"name": "x"}),
    ("DELETE", "/v1/runbooks/{name}/presets/{preset_id}"): Guarded(Permission.RUNBOOKS_EXECUTE),
    ("POST", "/v1/runbooks/sync"): Guarded(Permission.RUNBOOKS_SYNC),
    ("POST", "/v1/hooks/{hook_id}"): Guarded(OPEN, {}, frozenset({401})),
    ("GET", "/v1/webhooks"): Guarded(Permission.HOOKS_READ),
    ("POST", "/v1/webhooks"): Guarded(Permission.HOOKS_WRITE, _HOOK),
    ("GET", "/v1/webhooks/{hook_id}"): Guarded(Permission.HOOKS_READ),
    ("PATCH", "/v1/webhooks/{hook_id}"): Guarded(Permission.HOOKS_WRITE, {"name": "x"}),
    ("DELETE", "/v1/webhooks/{hook_id}"): Guarded(Permission.HOOKS_WRITE),
    ("GET", "/v1/webhooks/{hook_id}/deliveries"): Guarded(Permission.HOOKS_READ),
    ("POST", "/v1/webhooks/{hook_id}/secret"): Guarded(Permission.HOOKS_WRITE),
    ("GET", "/v1/sources"): Guarded(Permission.SOURCES_READ),
    ("POST", "/v1/sources"): Guarded(Permission.SOURCES_WRITE, _SOURCE),
    ("GET", "/v1/sources/{source_id}"): Guarded(Permission.SOURCES_READ),
    ("PATCH", "/v1/sources/{source_id}"): Guarded(Permission.SOURCES_WRITE, {"name": "x"}),
    ("DELETE", "/v1/sources/{source_id}"): Guarded(Permission.SOURCES_WRITE),
    ("POST", "/v1/sources/{source_id}/sync"): Guarded(Permission.SOURCES_WRITE),
    ("GET", "/v1/sources/{source_id}/adoptions"): Guarded(Permission.SOURCES_READ),
    ("PUT", "/v1/sources/{source_id}/adoptions/{name}"): Guarded(Permission.SOURCES_WRITE, _ADOPTION),
    ("DELETE", "/v1/sources/{source_id}/adoptions/{name}"): Guarded(Permission.SOURCES_WRITE),
    ("GET", "/v1/sources/{source_id}/editions"): Guarded(Permission.SOURCES_READ),
    ("GET", "/v1/sources/{source_id}/editions/{edition_id}/diff"): Guarded(Permission.SOURCES_READ),
    ("POST", "/v1/sources/{source_id}/editions/{edition_id}/trust"): Guarded(Permission.SOURCES_TRUST),
    ("POST", "/v1/runbooks/{name}/execute"): Guarded(Permission.RUNBOOKS_EXECUTE, {"inputs": {}}),
    ("POST", "/v1/runbooks/{name}/preview"): Guarded(Permission.RUNBOOKS_EXECUTE, {"inputs": {}}),
    ("GET", "/v1/jobs"): Guarded(Permission.JOBS_READ),
    ("GET", "/v1/jobs/{job_id}"): Guarded(Permission.JOBS_READ),
    ("DELETE", "/v1/jobs/{job_id}"): Guarded(Permission.JOBS_DELETE),
    ("GET", "/v1/jobs/{job_id}/steps"): Guarded(Permission.JOBS_READ),
    ("GET", "/v1/jobs/{job_id}/hosts"): Guarded(Permission.JOBS_READ),
    ("GET", "/v1/jobs/{job_id}/comparison"): Guarded(Permission.JOBS_READ),
    ("POST", "/v1/jobs/bulk"): Guarded(Permission.JOBS_CANCEL, {"action": "cancel", "jobIds": [JOB]}, frozenset({207})),
    ("POST", "/v1/jobs/{job_id}/cancel"): Guarded(Permission.JOBS_CANCEL),
    ("POST", "/v1/jobs/{job_id}/retry"): Guarded(Permission.RUNBOOKS_EXECUTE),
    ("POST", "/v1/jobs/{job_id}/rollback"): Guarded(Permission.RUNBOOKS_EXECUTE, {}),
    ("GET", "/v1/approvals"): Guarded(Permission.JOBS_READ),
    ("POST", "/v1/jobs/{job_id}/approve"): Guarded(Permission.JOBS_APPROVE, {"reason": "x"}),
    ("POST", "/v1/jobs/{job_id}/deny"): Guarded(Permission.JOBS_APPROVE, {"reason": "x"}),
    ("GET", "/v1/jobs/{job_id}/artifacts"): Guarded(Permission.JOBS_READ),
    ("GET", "/v1/jobs/{job_id}/artifacts/{name}"): Guarded(Permission.JOBS_READ),
    ("GET", "/v1/jobs/{job_id}/logs"): Guarded(Permission.JOBS_READ),
    ("GET", "/v1/jobs/{job_id}/logs/levels"): Guarded(Permission.JOBS_READ),
    ("GET", "/v1/jobs/{job_id}/logs/stream"): Guarded(Permission.JOBS_READ),
    ("GET", "/v1/pipelines"): Guarded(Permission.PIPELINES_READ),
    ("POST", "/v1/pipelines"): Guarded(Permission.PIPELINES_WRITE, _PIPELINE),
    ("GET", "/v1/pipelines/{pipeline_id}"): Guarded(Permission.PIPELINES_READ),
    ("PUT", "/v1/pipelines/{pipeline_id}"): Guarded(Permission.PIPELINES_WRITE, _PIPELINE),
    ("DELETE", "/v1/pipelines/{pipeline_id}"): Guarded(Permission.PIPELINES_WRITE),
    ("POST", "/v1/pipelines/{pipeline_id}/run"): Guarded(Permission.PIPELINES_RUN, {"inputs": {}}),
    ("GET", "/v1/pipeline-runs"): Guarded(Permission.PIPELINES_READ),
    ("GET", "/v1/pipeline-runs/{run_id}"): Guarded(Permission.PIPELINES_READ),
    ("POST", "/v1/pipeline-runs/{run_id}/cancel"): Guarded(Permission.PIPELINES_RUN),
    ("POST", "/v1/pipeline-runs/{run_id}/resume"): Guarded(Permission.PIPELINES_RUN),
    ("GET", "/v1/pipeline-runs/{run_id}/report"): Guarded(Permission.PIPELINES_READ),
    ("GET", "/v1/schedules"): Guarded(Permission.SCHEDULES_READ),
    ("POST", "/v1/schedules"): Guarded(Permission.SCHEDULES_WRITE, _SCHEDULE),
    ("GET", "/v1/schedules/preview"): Guarded(Permission.SCHEDULES_READ),
    ("GET", "/v1/schedules/{schedule_id}"): Guarded(Permission.SCHEDULES_READ),
    ("PATCH", "/v1/schedules/{schedule_id}"): Guarded(Permission.SCHEDULES_WRITE, {"name": "x"}),
    ("DELETE", "/v1/schedules/{schedule_id}"): Guarded(Permission.SCHEDULES_WRITE),
    ("POST", "/v1/schedules/{schedule_id}/pause"): Guarded(Permission.SCHEDULES_WRITE),
    ("POST", "/v1/schedules/{schedule_id}/resume"): Guarded(Permission.SCHEDULES_WRITE),
    ("POST", "/v1/schedules/{schedule_id}/run"): Guarded(Permission.SCHEDULES_WRITE, {}),
    ("GET", "/v1/schedules/{schedule_id}/firings"): Guarded(Permission.SCHEDULES_READ),
    ("GET", "/v1/blackouts"): Guarded(Permission.SCHEDULES_READ),
    ("POST", "/v1/blackouts"): Guarded(Permission.SETTINGS_WRITE, _BLACKOUT),
    ("GET", "/v1/blackouts/{blackout_id}"): Guarded(Permission.SCHEDULES_READ),
    ("PATCH", "/v1/blackouts/{blackout_id}"): Guarded(Permission.SETTINGS_WRITE, {"name": "x"}),
    ("DELETE", "/v1/blackouts/{blackout_id}"): Guarded(Permission.SETTINGS_WRITE),
    ("GET", "/v1/workers"): Guarded(Permission.JOBS_READ),
    ("POST", "/v1/workers/{worker_id}/drain"): Guarded(Permission.WORKERS_WRITE),
    ("POST", "/v1/workers/{worker_id}/resume"): Guarded(Permission.WORKERS_WRITE),
    ("WEBSOCKET", "/v1/ws"): Guarded(Permission.JOBS_READ),
    ("WEBSOCKET", "/v1/ws/jobs/{job_id}"): Guarded(Permission.JOBS_READ),
    ("GET", "/health"): Guarded(OPEN, None, frozenset({200, 503})),
    ("GET", "/health/web"): Guarded(OPEN),
    ("GET", "/health/worker"): Guarded(OPEN, None, frozenset({200, 503})),
    ("GET", "/metrics"): Guarded(OPEN, None, frozenset({403})),  # by its own token, or from this machine
    ("GET", "/v1/openapi.json"): Guarded(OPEN),
    ("GET", "/problems/{code}"): Guarded(OPEN),
    ("GET", "/v1/docs"): Guarded(OPEN),
    ("GET", "/v1/docs/{name}"): Guarded(OPEN, None, frozenset({404})),
}
