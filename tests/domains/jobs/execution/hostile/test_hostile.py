"""A hostile play, at every level and both ways: what holds is what the documentation's table says, and nothing less."""

import io
import json
import os
import sys
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from orch_app.domains.jobs.execution import (
    Credentials,
    IsolationLevel,
    IsolationRequest,
    Limits,
    Network,
    PlayStatus,
    Reason,
    TargetHost,
    Workspace,
    collect,
)
from orch_app.domains.jobs.reach import job_reach
from tests.domains.jobs.execution.conftest import Plays, Told, possible_levels
from tests.domains.jobs.execution.hostile import program
from tests.domains.jobs.execution.hostile.prey import CANARY, Prey, laid_out
from tests.domains.jobs.execution.hostile.promises import as_promised, promised
from tests.domains.jobs.execution.test_supervisor import sleepers, wait_until
from tests.systems.sshd import ssh_server

pytestmark = pytest.mark.integration

PROBES = 40
LEVELS = possible_levels()

BOOK = """
- hosts: all
  gather_facts: false
  tasks:
    - name: Attack
      ansible.builtin.command:
        argv: "{{ [ansible_playbook_python, '-I', '-c', inputs.program] + inputs.words }}"
        chdir: "{{ orch.artifacts_dir }}"
"""
ON_HOST = """
- hosts: targets
  gather_facts: false
  tasks:
    - name: Be on the host
      ansible.builtin.command: {argv: [echo, "on {{ inventory_hostname }}"]}
    - name: Attack from here
      ansible.builtin.command:
        argv: "{{ [ansible_playbook_python, '-I', '-c', inputs.program] + inputs.words }}"
        chdir: "{{ orch.artifacts_dir }}"
      delegate_to: localhost
      vars: {ansible_playbook_python: "{{ hostvars.localhost.ansible_playbook_python }}"}
"""
LOUD = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.debug:
        msg: "{{ lookup('ansible.builtin.pipe', python ~ ' -I ' ~ playbook_dir ~ '/program.py shout') }}"
      vars: {python: "{{ ansible_playbook_python }}"}
"""
HELLO = "- hosts: all\n  gather_facts: false\n  tasks:\n    - ansible.builtin.debug: {msg: hello}\n"


@pytest.fixture(scope="module")
def prey(plays: Plays) -> Iterator[Prey]:
    with laid_out(plays.folder) as found:
        yield found


@pytest.fixture(scope="module")
def target() -> Iterator[TargetHost]:
    """A host on this machine's loopback, where everything that a job is set upon listens too."""
    with ssh_server() as server:
        credentials = Credentials(server.user, server.private_key)
        yield TargetHost("web-1", server.address, server.port, (server.host_key,), credentials, python=sys.executable)


def attack(plays: Plays, level: IsolationLevel, *words: str, request: IsolationRequest, **more: Any) -> Told:
    inputs = {"program": Path(program.__file__).read_text(), "words": list(words)}
    book = ON_HOST if "hosts" in more else BOOK
    return plays.run(book, level=level, inputs=inputs, isolation=request, **more)


def tried(
    plays: Plays, prey: Prey, level: IsolationLevel, request: IsolationRequest, **more: Any
) -> dict[str, dict[str, Any]]:
    own_root = str(plays.folder / "data" / "jobs-run" / f"job_{plays.count + 1}.1")
    prey.received()
    told = attack(plays, level, json.dumps({**prey.given, "own_root": own_root}), request=request, **more)
    assert told.ended.status is PlayStatus.SUCCESSFUL, told.text
    found = json.loads(next(line.message for line in told.lines if line.message.startswith('{"')))
    found["datagram"]["held"] = not prey.received()
    return found


@pytest.mark.parametrize("level", LEVELS)
def test_what_holds_is_what_the_table_promises(plays: Plays, prey: Prey, level: IsolationLevel) -> None:
    found = tried(plays, prey, level, IsolationRequest(network=Network.NONE))
    assert len(found) >= PROBES
    assert as_promised(found, level) == promised(level), json.dumps(found, indent=1)
    assert plays.run(HELLO, level=level).ended.status is PlayStatus.SUCCESSFUL


@pytest.mark.parametrize("network", [Network.NONE, Network.EGRESS])
@pytest.mark.parametrize("level", LEVELS)
def test_the_same_holds_for_a_play_on_hosts(
    plays: Plays, prey: Prey, target: TargetHost, level: IsolationLevel, network: Network
) -> None:
    request = IsolationRequest(network=network, reach=job_reach(network, [target]))
    found = tried(plays, prey, level, request, hosts=[target], localhost=False)
    assert as_promised(found, level) == promised(level), json.dumps(found, indent=1)


@pytest.mark.parametrize("level", LEVELS)
def test_a_bomb_of_processes_is_bounded(plays: Plays, level: IsolationLevel) -> None:
    told = attack(plays, level, "bomb", request=IsolationRequest(limits=Limits(processes=64)))
    assert told.ended.reason is Reason.PROCESS_LIMIT, told.text
    assert plays.run(HELLO, level=level).ended.status is PlayStatus.SUCCESSFUL


@pytest.mark.parametrize("level", LEVELS)
def test_a_file_of_ten_gigabytes_ends_at_the_limit(plays: Plays, level: IsolationLevel) -> None:
    told = attack(plays, level, "fill", request=IsolationRequest(limits=Limits(file_mb=64)))
    assert told.ended.reason is Reason.DISK_LIMIT, told.text


@pytest.mark.parametrize("level", LEVELS)
def test_a_gigabyte_of_output_ends_at_a_limit(plays: Plays, level: IsolationLevel) -> None:
    """Ansible keeps what a program prints until it ends, so that the job's memory is what it exceeds."""
    files = {"program.py": Path(program.__file__).read_text()}
    told = plays.run(LOUD, level=level, files=files, isolation=IsolationRequest(limits=Limits(memory_mb=256)))
    assert told.ended.reason in (Reason.MEMORY_LIMIT, Reason.OUTPUT_LIMIT), told.text


@pytest.mark.parametrize("level", LEVELS)
def test_nothing_escapes_into_a_session_of_its_own(plays: Plays, level: IsolationLevel) -> None:
    seconds = str(10**6 + uuid4().int % 10**9)
    attack(plays, level, "escape", seconds, request=IsolationRequest())
    wait_until(lambda: not sleepers(seconds))


@pytest.mark.parametrize("level", LEVELS)
def test_links_to_secrets_are_not_followed_when_results_are_collected(
    plays: Plays, prey: Prey, level: IsolationLevel
) -> None:
    kept: dict[str, bytes] = {}

    def keep(workspace: Workspace) -> None:
        collect(workspace, [])
        kept.update({path.name: path.read_bytes() for path in workspace.kept.iterdir()})

    attack(plays, level, "links", *prey.planted.values(), request=IsolationRequest(), spy=keep)
    assert kept
    assert not [name for name, content in kept.items() if CANARY.encode() in content]
    with tarfile.open(fileobj=io.BytesIO(kept["artifacts.tar.gz"])) as bundle:
        assert [one.name for one in bundle if not (one.isfile() or one.isdir())] == []


def test_the_worker_lives_on(plays: Plays) -> None:
    assert threading.main_thread().is_alive()
    assert os.getpid() > 0
    assert plays.run(HELLO).ended.status is PlayStatus.SUCCESSFUL
