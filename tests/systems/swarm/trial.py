"""Whether this machine can do what the Swarm tests ask of it: tried with a real engine, before anything is built."""

from pathlib import Path

from tests.systems.swarm.nodes import Node
from tests.systems.swarm.refusals import KernelRefusesError, asked_of_the_kernel

LIMITS = ("--memory", "64m", "--cpus", "0.5", "--pids-limit", "32", "--cap-drop", "ALL", "--read-only")
PLAIN = ("run", "--rm", "--user", "999:999")


def refuse_a_chroot(own: Path = Path("/"), outer: Path = Path("/proc/1/root")) -> None:
    """Say at once what would fail late: the kernel counts paths from the outer root when an engine enters a container.

    Raises:
        KernelRefusesError: this process has another root than the first of its machine.
    """
    if not own.samefile(outer):
        raise KernelRefusesError("the kernel does not allow to enter a container from a chroot; enter it by pivot_root")


def try_out(node: Node, image: str) -> None:
    """Run a container with limits, and one on a network between machines. The node is as it was afterwards.

    Raises:
        KernelRefusesError: the kernel allows one of them not.
        SwarmError: something else is wrong.
    """
    command = (image, "redis-server", "--version")
    with asked_of_the_kernel("a container with limits"):
        node.docker(*PLAIN, *LIMITS, *command)
    with asked_of_the_kernel("a network between machines"):
        node.docker("swarm", "init", "--advertise-addr", node.address)
        node.docker("network", "create", "--driver", "overlay", "--attachable", "trial")
        node.docker(*PLAIN, "--network", "trial", *command)
    node.docker("network", "rm", "trial")
    node.docker("swarm", "leave", "--force")
