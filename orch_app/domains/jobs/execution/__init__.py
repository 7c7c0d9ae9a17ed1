"""Running one play, safely and without a database.

Use it like this, in any thread of a worker::

    with open_workspace(data_dir, f"{job_id}.{fence}", runbook_dir, probe().level) as workspace:
        outcome = run_play(PlaySpec(workspace, facts, inputs, hosts), on_event=append, cancel=cancel)
        infos = collect(workspace, log_lines)

`on_event` gets batches of masked `LogLine` and `StepUpdate`. The path of a play: ansible-runner starts the supervisor,
which starts the isolation launcher (`bwrap`, then `enter.py`), which becomes `ansible-playbook` with our callback; the
callback writes NDJSON to a pipe that the pump reads. With the warm engine it starts a shim instead, and a fork-server
that has loaded Ansible already forks the supervisor and the play. `sweep_leftovers` removes what a dead worker left.
"""

from orch_app.domains.jobs.execution.artifacts import (
    OUTPUT_NAME,
    ArtifactInfo,
    ArtifactsRefused,
    collect,
    read_output,
    read_result,
)
from orch_app.domains.jobs.execution.connection_files import SlotConnection
from orch_app.domains.jobs.execution.engine import Engine, PlainEngine, WarmEngine
from orch_app.domains.jobs.execution.events import Batch
from orch_app.domains.jobs.execution.extravars import JobFacts, check_inputs
from orch_app.domains.jobs.execution.group_file import TargetGroup
from orch_app.domains.jobs.execution.inventory_file import (
    USUAL_PYTHON,
    Credentials,
    HostRefused,
    JumpHost,
    TargetHost,
    Variables,
)
from orch_app.domains.jobs.execution.isolation import (
    IsolationLevel,
    IsolationReport,
    IsolationRequest,
    IsolationUnavailable,
    Limits,
    Network,
    Profile,
    Reach,
    probe,
)
from orch_app.domains.jobs.execution.known_facts import FactShelf, forget_old, shelf_of
from orch_app.domains.jobs.execution.log_line import (
    Failure,
    HostResult,
    LogLevel,
    LogLine,
    StepKind,
    StepStatus,
    StepUpdate,
)
from orch_app.domains.jobs.execution.runner import run_play
from orch_app.domains.jobs.execution.spec import PlayOutcome, PlaySpec, PlayStatus, Reason, SharedCode
from orch_app.domains.jobs.execution.unsafe_yaml import InputsRefused
from orch_app.domains.jobs.execution.warm import WarmServers, WarmUnavailable
from orch_app.domains.jobs.execution.workspace import Workspace, WorkspaceError, open_workspace, sweep_leftovers

__all__ = [
    "OUTPUT_NAME",
    "USUAL_PYTHON",
    "ArtifactInfo",
    "ArtifactsRefused",
    "Batch",
    "Credentials",
    "Engine",
    "FactShelf",
    "Failure",
    "HostRefused",
    "HostResult",
    "InputsRefused",
    "IsolationLevel",
    "IsolationReport",
    "IsolationRequest",
    "IsolationUnavailable",
    "JobFacts",
    "JumpHost",
    "Limits",
    "LogLevel",
    "LogLine",
    "Network",
    "PlainEngine",
    "PlayOutcome",
    "PlaySpec",
    "PlayStatus",
    "Profile",
    "Reach",
    "Reason",
    "SharedCode",
    "SlotConnection",
    "StepKind",
    "StepStatus",
    "StepUpdate",
    "TargetGroup",
    "TargetHost",
    "Variables",
    "WarmEngine",
    "WarmServers",
    "WarmUnavailable",
    "Workspace",
    "WorkspaceError",
    "check_inputs",
    "collect",
    "forget_old",
    "open_workspace",
    "probe",
    "read_output",
    "read_result",
    "run_play",
    "shelf_of",
    "sweep_leftovers",
]
