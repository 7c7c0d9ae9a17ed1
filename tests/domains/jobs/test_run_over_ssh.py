"""Jobs on two real ssh hosts: the report of both, one of them gone, only that one again, and no secret anywhere."""

import base64
import os
import signal
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_ssh_private_key,
)
from sqlmodel import select

from orch_app.domains.access.actor import Actor
from orch_app.domains.inventory import hosts
from orch_app.domains.inventory.models import Host
from orch_app.domains.inventory.wire import NewHost
from orch_app.domains.jobs import service
from orch_app.domains.jobs.models import Job
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.settings import settings
from tests.domains.inventory.samples import add_connection, public
from tests.domains.jobs.orders import launched, sync_runbooks
from tests.domains.jobs.rows import place_of
from tests.domains.jobs.secrecy import assert_nowhere
from tests.domains.jobs.trials import Trials, acts_on, ran, results_of, steps_of, text_of
from tests.systems.product import bound_to
from tests.systems.sshhosts import SshHost, ssh_hosts

pytestmark = pytest.mark.integration
CANARY = "canary sudo/9Zk1 ä"


@pytest.fixture(scope="module")
def machines() -> Iterator[list[SshHost]]:
    with ssh_hosts(2) as started:
        yield started


@pytest.fixture
def doomed() -> Iterator[SshHost]:
    """One more, which the test may end."""
    with ssh_hosts(1, plain=True) as (machine,):
        yield machine


def add(actor: Actor, name: str, machine: SshHost, **secrets: str) -> str:
    """The machine as a host with its pinned key; the connection has a secret that nothing needs."""
    given = {"privateKey": Path(machine.private_key).read_text(), "becomePassword": CANARY, **secrets}
    key = add_connection(actor, f"key of {name}", user=machine.user, **given)
    pinned = public(machine.host_key)
    new = NewHost(name=name, address=machine.address, port=machine.port, connection_id=key.id, environment="stage")
    with unit_of_work() as session:
        host = hosts.create(session, actor, new)
        return hosts.pin_key(session, actor, host.id, pinned.fingerprint, [pinned]).id


def statuses() -> dict[str, str]:
    with reading() as session:
        return {host.name: host.status for host in session.exec(select(Host))}


def report_of(job: Job) -> dict[str, dict[str, object]]:
    """The items of the output by host."""
    assert job.output_json is not None, (job.reason, job.reason_detail, text_of(job))
    return {item["id"]: item for item in job.output_json["items"]}


@pytest.fixture
def shipped(migrated_sqlite: Path, admin: Actor, tmp_path: Path) -> Iterator[None]:
    """The runbooks of the repository."""
    (tmp_path / "orch.db").write_bytes(migrated_sqlite.read_bytes())
    with bound_to(tmp_path):
        sync_runbooks(admin)
        yield


@pytest.mark.usefixtures("shipped")
def test_the_report_of_two_hosts_then_one_is_gone_then_only_that_one_again(
    admin: Actor, machines: list[SshHost], doomed: SshHost
) -> None:
    ids = [add(admin, "web-1", machines[0]), add(admin, "web-2", doomed)]

    both = ran(launched(admin, host_ids=ids))
    assert (both.status, both.reason, both.host_names) == ("SUCCESS", "", ["web-1", "web-2"]), text_of(both)
    assert {name: item["status"] for name, item in report_of(both).items()} == {"web-1": "ok", "web-2": "ok"}
    assert statuses() == {"web-1": "ok", "web-2": "ok"}

    os.killpg(doomed.pid, signal.SIGKILL)
    half = ran(launched(admin, host_ids=ids))
    assert (half.status, half.reason) == ("ERROR", "unreachable"), text_of(half)
    assert "web-2" in half.reason_detail
    assert half.counts_json["unreachable"] == 1
    assert report_of(half)["web-1"]["status"] == "ok"
    assert set(report_of(half)["web-1"]) == set(report_of(both)["web-1"]), "the other's report is complete"
    assert report_of(half)["web-2"]["status"] == "unreachable"
    assert ("web-2", "unreachable") in {(result.host, result.status) for result in results_of(half)}
    assert statuses() == {"web-1": "ok", "web-2": "unreachable"}

    with unit_of_work() as session:
        again = service.retry(session, admin, half.id, only_failed_hosts=True)
    assert (again.host_ids, again.host_names, again.retry_of) == ([ids[1]], ["web-2"], half.id)
    assert ran(again).reason == "unreachable"
    assert acts_on(again) == ["job.retried", "job.finished"]


TELL = """
    - name: Say it aloud
      ansible.builtin.debug:
        msg: "{{ item }}"
      loop:
        - "it is canary sudo/9Zk1 ä, really"
        - "{{ 'canary sudo/9Zk1 ä' | b64encode }}"
        - "{{ 'canary sudo/9Zk1 ä' | urlencode }}"
    - name: Say it on the host
      ansible.builtin.raw: echo 'canary sudo/9Zk1 ä'
    - name: Write it down
      orch_output:
        extra: "{{ {'words': ['canary sudo/9Zk1 ä']} }}"
      run_once: true
    - name: Fail with it
      ansible.builtin.fail:
        msg: canary sudo/9Zk1 ä
"""


def test_a_secret_that_a_play_tells_is_nowhere_to_be_read(
    sqlite_trials: Trials, admin: Actor, machines: list[SshHost]
) -> None:
    ids = [add(admin, f"web-{number}", machine) for number, machine in enumerate(machines, 1)]
    sqlite_trials.write("trial", TELL, target="hosts")
    job = ran(launched(admin, "trial", host_ids=ids))
    assert (job.status, job.reason) == ("ERROR", "task_failed"), text_of(job)
    assert "***" in text_of(job)
    assert job.output_json is not None
    assert job.output_json["words"] == ["***"]
    assert_nowhere(admin, job, [CANARY, base64.b64encode(CANARY.encode()).decode(), "canary%20sudo", "9Zk1"])


TELL_KEY = """
    - name: Read the key of the job
      ansible.builtin.set_fact:
        key: "{{ lookup('file', ansible_ssh_private_key_file, rstrip=false) }}"
    - name: Say it in every way
      ansible.builtin.debug:
        msg: "{{ item }}"
      loop:
        - "{{ key }}"
        - "{{ key.splitlines() }}"
        - "{{ key | b64encode }}"
        - "{{ key | to_json }}"
    - name: Leave it in a file
      ansible.builtin.copy:
        content: "begin {{ key }} {{ key | b64encode }} end"
        dest: "{{ orch.artifacts_dir }}/key.txt"
        mode: "0600"
      delegate_to: localhost
    - name: Write it down
      orch_output:
        extra: "{{ {'words': key.splitlines()} }}"
      run_once: true
"""


def test_neither_spelling_of_a_locked_key_is_anywhere_to_be_read(
    sqlite_trials: Trials, admin: Actor, machines: list[SshHost]
) -> None:
    plain = Path(machines[0].private_key).read_text()
    key = load_ssh_private_key(plain.encode(), None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"open sesame")).decode()
    ids = [add(admin, "web-1", machines[0], privateKey=locked, passphrase="open sesame")]
    sqlite_trials.write("trial", TELL_KEY, target="hosts")
    job = ran(launched(admin, "trial", host_ids=ids))
    assert (job.status, job.reason) == ("SUCCESS", ""), text_of(job)
    with tarfile.open(place_of(job, "artifacts.tar.gz")) as bundle:
        left = bundle.extractfile("files/key.txt")
        assert left is not None
        assert left.read() == b"begin *** *** end"
    private = plain.splitlines()[4]  # those above it begin with what every key has, and with the public half
    assert_nowhere(admin, job, ["open sesame", private[:24], *locked.splitlines()[1:-1]])


GATHERS = """
- name: Trial
  hosts: targets
  tasks:
    - name: Say what is known
      ansible.builtin.debug:
        msg: "runs {{ ansible_facts['system'] }}"
"""


def gatherers(job: Job) -> set[str]:
    """Hosts whose facts the job gathered itself."""
    (step,) = [step for step in steps_of(job) if step.name == "Gathering Facts"]
    return {result.host for result in results_of(job) if result.step_id == step.id}


@pytest.mark.parametrize("engine", ["plain", "warm"])
def test_facts_that_another_job_gathered_are_not_gathered_again(
    sqlite_trials: Trials, admin: Actor, machines: list[SshHost], monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    monkeypatch.setenv("ORCH_ENGINE", engine)
    settings.cache_clear()
    ids = [add(admin, f"web-{number}", machine) for number, machine in enumerate(machines, 1)]
    folder = sqlite_trials.write("trial", "", target="hosts", facts_cache_s=600)
    (folder / "output.schema.json").unlink()
    (folder / "playbook.yml").write_text(GATHERS, "utf-8")
    sync_runbooks(admin)
    first, then = ran(launched(admin, "trial", host_ids=ids[:1])), ran(launched(admin, "trial", host_ids=ids))
    assert (first.status, then.status) == ("SUCCESS", "SUCCESS"), text_of(first) + text_of(then)
    assert (first.engine, then.engine) == (engine, engine)
    assert (gatherers(first), gatherers(then)) == ({"web-1"}, {"web-2"})
    assert text_of(then).count("runs Linux") == 2
