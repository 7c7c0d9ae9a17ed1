"""The inputs of a job as a file, for runbooks that ask for them so: `gives: [inputs]`.

Thousands of rows take Ansible seconds as a variable, on each way into a task and out of it; a file takes none.
"""

import json
from typing import Any

from orch_app.domains.jobs.execution import Workspace
from orch_app.domains.jobs.models import Job
from orch_app.domains.runbooks.models import Runbook

INPUTS = "inputs"


def as_file(runbook: Runbook) -> bool:
    """Whether this runbook's play reads its inputs from a file; its variable `inputs` is empty then."""
    return INPUTS in runbook.meta.get("gives", [])


def as_variable(job: Job, runbook: Runbook) -> dict[str, Any]:
    """What the variable `inputs` holds."""
    return {} if as_file(runbook) else job.input_json


def hand_over(job: Job, workspace: Workspace) -> None:
    """Write them to where the play reads them."""
    path = workspace.inputs_path
    path.write_text(json.dumps(job.input_json, ensure_ascii=False), encoding="utf-8")
    path.chmod(0o644)  # the play may run as another user; the workspace itself is private
