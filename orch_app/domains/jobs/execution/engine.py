"""How `ansible-playbook` is started. The one seam between the runner and what stands behind its executable.

ansible-runner builds the command line; an engine replaces its first word. Whatever it puts there must read the first
message from the lifeline on standard input and speak the supervisor's protocol, so that the rest does not change.
"""

import sys
from pathlib import Path
from typing import Protocol

_SUPERVISOR = Path(__file__).with_name("supervisor.py")


class Engine(Protocol):
    """Stands in front of the arguments of `ansible-playbook`."""

    @property
    def name(self) -> str:
        """Recorded on the job."""
        ...

    def executable(self) -> list[str]:
        """The words that replace `ansible-playbook` in ansible-runner's command."""
        ...


class PlainEngine:
    """A fresh `ansible-playbook` process for every job, under its own supervisor."""

    name = "plain"

    def executable(self) -> list[str]:
        """The supervisor, and after it the play's own interpreter and program."""
        playbook = Path(sys.executable).with_name("ansible-playbook")
        return [sys.executable, "-I", "-S", "-E", str(_SUPERVISOR), sys.executable, "-I", str(playbook)]
