"""One page = one function: layout of components bound to the vars and handlers of one state."""

import reflex as rx

from orch_app.pages.approvals import approvals_page
from orch_app.pages.connections import connections_page
from orch_app.pages.container_logs import container_logs_page
from orch_app.pages.containers import containers_page
from orch_app.pages.dashboard import dashboard_page
from orch_app.pages.frame import ENTER
from orch_app.pages.home import home_page
from orch_app.pages.hosts import hosts_page
from orch_app.pages.job import job_page
from orch_app.pages.jobs import jobs_page
from orch_app.pages.login import login_page
from orch_app.pages.pipeline_run import pipeline_run_page
from orch_app.pages.pipelines import pipelines_page
from orch_app.pages.runbooks import runbooks_page
from orch_app.pages.schedules import schedules_page
from orch_app.pages.settings import settings_page
from orch_app.pages.setup import setup_page
from orch_app.pages.sources import sources_page
from orch_app.pages.webhooks import webhooks_page
from orch_app.pages.workers import workers_page
from orch_app.state.adoption_form import AdoptionFormState
from orch_app.state.approvals import ApprovalsState
from orch_app.state.blackouts import BlackoutsState
from orch_app.state.connection_probe import ConnectionProbeState
from orch_app.state.connections import ConnectionsState
from orch_app.state.container_logs import ContainerLogsState
from orch_app.state.containers import ContainersState
from orch_app.state.dashboard import DashboardState
from orch_app.state.entrance import EntranceState
from orch_app.state.groups import GroupsState
from orch_app.state.hook_form import HookFormState
from orch_app.state.hooks import HooksState
from orch_app.state.host_keys import HostKeysState
from orch_app.state.hosts import HostsState
from orch_app.state.job import JobState
from orch_app.state.jobs import JobsState
from orch_app.state.launch import LaunchState
from orch_app.state.pipeline_editor import PipelineEditorState
from orch_app.state.pipeline_launch import PipelineLaunchState
from orch_app.state.pipeline_run import PipelineRunState
from orch_app.state.pipelines import PipelinesState
from orch_app.state.runbooks import RunbooksState
from orch_app.state.schedule_form import ScheduleFormState
from orch_app.state.schedules import SchedulesState
from orch_app.state.settings import SettingsState
from orch_app.state.source_form import SourceFormState
from orch_app.state.sources import SourcesState
from orch_app.state.workers import WorkersState

# route, page, and what its on_load starts: after the frame's own handlers, or alone outside the frame
FRAMED = (
    (
        "/dashboard",
        dashboard_page,
        (DashboardState.load, DashboardState.follow, DashboardState.watch_containers),
    ),
    ("/runbooks", runbooks_page, (RunbooksState.load, LaunchState.open, RunbooksState.follow)),
    (
        "/sources",
        sources_page,
        (SourceFormState.leave, AdoptionFormState.leave, SourcesState.load, SourcesState.follow),
    ),
    ("/webhooks", webhooks_page, (HookFormState.leave, HooksState.load, HooksState.follow)),
    ("/jobs", jobs_page, (JobsState.load, JobsState.follow)),
    ("/jobs/[job_id]", job_page, (JobState.enter, JobState.load, JobState.follow, JobState.follow_log)),
    ("/containers", containers_page, (ContainersState.load, ContainersState.follow)),
    ("/logs", container_logs_page, (ContainerLogsState.enter, ContainerLogsState.follow)),
    ("/approvals", approvals_page, (ApprovalsState.load, ApprovalsState.follow)),
    (
        "/schedules",
        schedules_page,
        (SchedulesState.load, BlackoutsState.load, ScheduleFormState.open, SchedulesState.follow),
    ),
    (
        "/pipelines",
        pipelines_page,
        (PipelinesState.load, PipelineEditorState.open, PipelineLaunchState.open, PipelinesState.follow),
    ),
    (
        "/pipelines/[run_id]",
        pipeline_run_page,
        (PipelineRunState.enter, PipelineRunState.load, PipelineRunState.follow),
    ),
    (
        "/hosts",
        hosts_page,
        (HostKeysState.leave, HostsState.load, GroupsState.load, HostsState.follow, GroupsState.follow),
    ),
    ("/connections", connections_page, (ConnectionProbeState.leave, ConnectionsState.load, ConnectionsState.follow)),
    ("/workers", workers_page, (WorkersState.load, WorkersState.follow)),
    ("/settings", settings_page, (SettingsState.load,)),
)
BARE = (
    ("/", home_page, (EntranceState.at_home,)),
    ("/login", login_page, (EntranceState.at_login,)),
    ("/setup", setup_page, (EntranceState.at_setup,)),
)


def register(app: rx.App) -> None:
    """Add every page to the application."""
    for route, page, loads in FRAMED:
        app.add_page(page, route=route, title="JARVIS", on_load=[*ENTER, *loads])
    for route, page, loads in BARE:
        app.add_page(page, route=route, title="JARVIS", on_load=list(loads))
