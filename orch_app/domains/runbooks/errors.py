"""What can be wrong with a runbook folder and with the inputs of a run."""

from dataclasses import dataclass

from orch_app.kit.errors import Problem


class RunbookBroken(Exception):
    """A runbook folder cannot be used; `reason` is one sentence that names the file and the place."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class InputProblem(Problem):
    """One fault in the inputs, in both languages. `code` is the JSON Schema keyword that failed."""

    detail_pt: str = ""
