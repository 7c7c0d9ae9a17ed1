"""How `ansible-playbook` is started. The one seam between the runner and what stands behind its executable.

ansible-runner builds the command line; an engine replaces its first word. Whatever it puts there must read the first
message from the lifeline on standard input and speak the supervisor's protocol, so that the rest does not change.
"""

import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from orch_app.domains.jobs.execution.ansible_config import config_text
from orch_app.domains.jobs.execution.spec import PlaySpec, SharedCode
from orch_app.domains.jobs.execution.warm import Profile, WarmServers

_SUPERVISOR = Path(__file__).with_name("supervisor.py")
_SHIM = Path(__file__).with_name("warm") / "shim.py"
_BARE = (sys.executable, "-I", "-S", "-E")


@dataclass(frozen=True)
class Start:
    """The words that replace `ansible-playbook`, and the connection to a warm server that the shim needs, if any."""

    executable: list[str]
    server: socket.socket | None = None


class Engine(Protocol):
    """Stands in front of the arguments of `ansible-playbook`."""

    @property
    def name(self) -> str:
        """Recorded on the job."""
        ...

    def start(self, spec: PlaySpec) -> Start:
        """What starts this play.

        Raises:
            WarmUnavailable: this engine cannot take the play now; nothing was started.
        """
        ...


class PlainEngine:
    """A fresh `ansible-playbook` process for every job, under its own supervisor."""

    name = "plain"

    def start(self, spec: PlaySpec) -> Start:  # noqa: ARG002 - it is the same for every play
        """The supervisor, and after it the play's own interpreter and program."""
        playbook = Path(sys.executable).with_name("ansible-playbook")
        # Unbuffered: what Ansible itself prints, such as a pause, is seen when it is said.
        return Start([*_BARE, str(_SUPERVISOR), sys.executable, "-I", "-u", str(playbook)])


class WarmEngine:
    """A fork of a process that has loaded Ansible already."""

    name = "warm"

    def __init__(self, servers: WarmServers) -> None:
        self._servers = servers

    def start(self, spec: PlaySpec) -> Start:
        """The shim, and its connection to the server of the play's profile.

        Raises:
            WarmUnavailable: no such server can be had now.
        """
        profile = Profile.of(config_text(spec.code, spec.strategy, spec.shelf), spec.environment)
        return Start([*_BARE, str(_SHIM)], self._servers.connect(profile))

    def warm_up(self, code: SharedCode) -> None:
        """Start the server of ordinary plays before the first of them comes.

        Raises:
            WarmUnavailable: it did not start.
        """
        self._servers.warm_up(Profile.of(config_text(code, "linear"), {}))

    def close(self) -> None:
        """End the servers, when their last play has ended."""
        self._servers.close()
