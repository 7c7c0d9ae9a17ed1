"""The machines themselves: a kernel that refuses is told from other faults, and nothing is left on this machine."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.systems.swarm.nodes import Node
from tests.systems.swarm.refusals import KernelRefusesError, SwarmError, asked_of_the_kernel

ON_THEIR_OWN = """
import signal, sys
from tests.systems.swarm.nodes import machines
with machines(1) as (node,):
    node.start()
    print(node.folder, node.network.bridge, node.process.pid, flush=True)
    signal.pause()
"""
REFUSALS = [
    "unshare: unshare failed: Operation not permitted",
    "RTNETLINK answers: Operation not supported",
    "docker: Error response from daemon: cgroups: cgroup mountpoint does not exist: unknown.",
    "iptables v1.8.9 (legacy): can't initialize iptables table `nat': Table does not exist",
    "failed to create NAT chain DOCKER: iptables v1.8.9 (nf_tables): Protocol not supported\n (exit status 1)",
]


def left_of(folder: str, bridge: str, group: int) -> list[str]:
    """What of the machines is still there."""
    groups = [str(path) for path in Path("/sys/fs/cgroup").glob(f"*/orch-{bridge}-*")]
    found = [folder] if Path(folder).exists() else []
    found += [bridge] if Path("/sys/class/net", bridge).exists() else []
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return found + groups
    return [*found, *groups, "processes"]


@pytest.mark.usefixtures("nodes")
def test_nothing_is_left_of_machines_whose_owner_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", ON_THEIR_OWN], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout
        folder, bridge, pid = owner.stdout.readline().split()
        assert len(left_of(folder, bridge, int(pid))) > 2
        owner.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 30
    while left_of(folder, bridge, int(pid)):
        assert time.monotonic() < deadline, left_of(folder, bridge, int(pid))
        time.sleep(0.1)


@pytest.mark.parametrize("said", REFUSALS)
def test_a_refusal_of_the_kernel_is_one_sentence(said: str) -> None:
    with (
        pytest.raises(KernelRefusesError, match="the kernel does not allow containers here"),
        asked_of_the_kernel("containers"),
    ):
        raise SwarmError(f"docker run: and more before\n{said}")


def test_another_fault_is_no_refusal_even_after_a_warning_about_one() -> None:
    with pytest.raises(SwarmError, match="no such image") as caught, asked_of_the_kernel("containers"):
        raise SwarmError("warning: modprobe: Operation not permitted\nError: no such image")
    assert not isinstance(caught.value, KernelRefusesError)


def test_a_machine_without_rights_is_refused(nodes: list[Node], monkeypatch: pytest.MonkeyPatch) -> None:
    weak = Node("weak", 9, nodes[0].network, nodes[0].folder.with_name("weak"))
    monkeypatch.setattr(
        "tests.systems.swarm.nodes.UNSHARE", ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "unshare", "--net")
    )
    with pytest.raises(KernelRefusesError, match=r"namespaces here .*Operation not permitted"):
        weak.start()
    weak.kill()
