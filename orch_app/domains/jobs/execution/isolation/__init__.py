"""Isolation of a play: what this machine can do, what a job asks for, and the launcher that gives it."""

from orch_app.domains.jobs.execution.isolation.launcher import Launch, Sandbox, job_uid, prepare_launch
from orch_app.domains.jobs.execution.isolation.levels import (
    IsolationLevel,
    IsolationReport,
    IsolationRequest,
    IsolationUnavailable,
    Limits,
    Network,
    Profile,
    Reach,
)
from orch_app.domains.jobs.execution.isolation.probe import probe
from orch_app.domains.jobs.execution.isolation.view import JobView, interpreter_paths

__all__ = [
    "IsolationLevel",
    "IsolationReport",
    "IsolationRequest",
    "IsolationUnavailable",
    "JobView",
    "Launch",
    "Limits",
    "Network",
    "Profile",
    "Reach",
    "Sandbox",
    "interpreter_paths",
    "job_uid",
    "prepare_launch",
    "probe",
]
