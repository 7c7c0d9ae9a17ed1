"""Whether this machine can do what the Swarm tests ask of it: tried with a real engine, before anything is built."""

from tests.systems.swarm.nodes import Node
from tests.systems.swarm.refusals import KernelRefusesError, SwarmError, asked_of_the_kernel

LIMITS = ("--memory", "64m", "--cpus", "0.5", "--pids-limit", "32", "--cap-drop", "ALL", "--read-only")
USER = ("--user", "999:999")
PLAIN = ("run", "--rm", *USER)
NAME = "trial"


def try_out(node: Node, image: str) -> None:
    """Run a container with limits, enter it, and run one on a network between machines. The node is as before then.

    Raises:
        KernelRefusesError: the kernel, or what is around us, allows one of them not.
        SwarmError: something else is wrong.
    """
    command = (image, "redis-server", "--version")
    with asked_of_the_kernel("a container with limits"):
        node.docker(*PLAIN, *LIMITS, *command)
    _enter(node, image)
    with asked_of_the_kernel("a network between machines"):
        node.docker("swarm", "init", "--advertise-addr", node.address)
        node.docker("network", "create", "--driver", "overlay", "--attachable", NAME)
        node.docker(*PLAIN, "--network", NAME, *command)
    node.docker("network", "rm", NAME)
    node.docker("swarm", "leave", "--force")


def _enter(node: Node, image: str) -> None:
    """Run in a container what has just run in one: only where we live can forbid it, for example in a chroot."""
    node.docker("run", "--detach", "--name", NAME, *USER, image, "redis-server")
    try:
        node.docker("exec", *USER, NAME, "redis-server", "--version")
    except SwarmError as error:
        said = str(error).strip().splitlines()[-1]
        raise KernelRefusesError(f"containers cannot be entered here, as in a chroot ({said[:300]})") from error
    finally:
        node.docker("rm", "--force", NAME)
