"""A warm play and a plain one are the same: what is said, what every step and host did, how it ended, what it left."""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret

from orch_app.domains.jobs.execution import (
    Credentials,
    Engine,
    FactShelf,
    LogLevel,
    PlainEngine,
    PlayStatus,
    StepUpdate,
    TargetHost,
    WarmEngine,
    WarmServers,
    Workspace,
)
from orch_app.domains.jobs.states import Reason
from tests.domains.jobs.execution.conftest import Plays
from tests.domains.jobs.execution.warm.parity_plays import CASES, VAULT, WITH_MITOGEN, Case
from tests.domains.jobs.execution.warm.parity_variants import FAILS, OVER_SSH, VARIANTS, with_password
from tests.systems.sshhosts import SshHost, ssh_hosts

POLLED = "still running: "
# What may differ: moments, process numbers, and random names.
_CHANGING = (
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?"), "<moment>"),
    (re.compile(r"\d:\d\d:\d\d\.\d+|(?<=Paused for )\d+\.\d+"), "<time>"),
    (re.compile(r"(ansible-(?:tmp|local)-)[\w.-]+"), r"\1<random>"),
    (re.compile(r"j\d{6,}\.\d+|(?<=still running: )[0-9a-f]{16}"), "<job>"),
    (re.compile(r"(?<=ansible_)[a-z0-9.]+_payload_\w+"), "<payload>"),
    (re.compile(r"(?<=/tmp/orch\.)\w{8}"), "<random>"),
    (re.compile(r"runbook-\d+|job_\d+\.\d+"), "<folder>"),
    (re.compile(r"(/tmp/[\w./-]+)/(plain|warm)/"), r"\1/"),
)


def told_by(engine: Engine, folder: Path, wanted: Case) -> dict[str, Any]:
    left: dict[str, str] = {}

    def look(workspace: Workspace) -> None:
        for path in sorted(workspace.artifacts.rglob("*")):
            content = path.read_text() if path.is_file() else "folder"
            left[str(path.relative_to(workspace.artifacts))] = f"{path.stat().st_mode & 0o777:o} {content}"

    folder.mkdir()
    spec = dict(wanted.spec)
    if age := spec.pop("facts_cache_s", 0):
        spec["shelf"] = FactShelf(folder / "facts", age)
    told = Plays(folder, engine).run(wanted.playbook, files=sealed(wanted.files), spy=look, **spec)
    ended = told.ended
    assert ended.engine == engine.name, told.text
    everything = [(line.level, line.host, settled(line.message)) for line in told.lines]
    # What Ansible prints itself comes over other pipes than its events, so nothing orders the two.
    of_events = [line for line in everything if line[0] is LogLevel.TASK or line[1]]
    # How often a play asked for what runs in the background is a matter of time; that it asked is not.
    lines = [line for at, line in enumerate(of_events) if POLLED not in line[2] or line not in of_events[:at]]
    # Hosts answer in any order.
    side_by_side = len(ended.hosts) > 1
    return {
        "lines": sorted(lines) if side_by_side else lines,
        "printed": sorted(line for line in everything if line not in of_events),
        "steps": sorted(apart(told.steps)) if side_by_side else [step_of(one) for one in told.steps],
        "end": (ended.rc, ended.status, ended.reason, ended.hosts, ended.failure and settled(ended.failure.message)),
        "files": {name: settled(text) for name, text in left.items()},
    }


def step_of(step: StepUpdate) -> tuple[str, ...]:
    host = step.host
    about = (host.host, str(host.status), str(host.changed), settled(host.message)) if host else ()
    return (str(step.kind), settled(step.name), str(step.status), *about)


def apart(steps: Sequence[StepUpdate]) -> Iterator[tuple[str, ...]]:
    """How each step ended, and what each host had in it: how far a step is when a host answers is a matter of time."""
    yield from {step.uuid: step_of(step)[:3] for step in steps}.values()
    for kind, name, _, *about in map(step_of, steps):
        if about:
            yield kind, name, *about


def sealed(files: Any) -> dict[str, str]:
    """The files as they lie there, with what is marked so sealed by Ansible's vault."""
    vault = VaultLib([("default", VaultSecret(VAULT.encode()))])
    return {
        name: vault.encrypt(text.removeprefix("@vault ").encode()).decode() if text.startswith("@vault ") else text
        for name, text in files.items()
    }


def settled(text: str) -> str:
    for pattern, word in _CHANGING:
        text = pattern.sub(word, text)
    return text


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_warm_play_is_the_same_as_a_plain_one(name: str, tmp_path: Path, servers: WarmServers) -> None:
    assert_the_same(CASES[name], tmp_path, servers, FAILS.get(name))


@pytest.mark.parametrize("name", sorted(VARIANTS))
def test_it_is_the_same_under_every_configuration(name: str, tmp_path: Path, servers: WarmServers) -> None:
    assert_the_same(VARIANTS[name], tmp_path, servers, FAILS.get(name))


@pytest.fixture(scope="module")
def machine() -> Iterator[SshHost]:
    with ssh_hosts(1) as (one,):
        yield one


def reached(machine: SshHost, user: str, become_method: str = "", become_password: str = "") -> TargetHost:
    key = Path(machine.private_key).read_text()
    credentials = Credentials(user, key, become_method=become_method, become_password=become_password)
    return TargetHost("web-1", machine.address, machine.port, (machine.host_key,), credentials)


@pytest.mark.parametrize("name", sorted(OVER_SSH))
def test_it_is_the_same_on_a_host_as_whatever_user(
    name: str, tmp_path: Path, servers: WarmServers, machine: SshHost
) -> None:
    said, wanted = OVER_SSH[name]
    assert_said(said, on(reached(machine, machine.user), wanted), tmp_path, servers)


def test_it_is_the_same_with_a_password_for_the_other_user(
    tmp_path: Path, servers: WarmServers, machine: SshHost
) -> None:
    said, wanted = with_password(machine.ops_user)
    assert_said(said, on(reached(machine, machine.ops_user, "su", machine.password), wanted), tmp_path, servers)


def on(host: TargetHost, wanted: Case) -> Case:
    return replace(wanted, spec={**wanted.spec, "hosts": [host]})


@pytest.mark.parametrize("name", WITH_MITOGEN)
def test_it_is_the_same_with_mitogen(name: str, tmp_path: Path, servers: WarmServers) -> None:
    assert_the_same(by_mitogen(CASES[name]), tmp_path, servers, FAILS.get(name))


def test_it_is_the_same_with_mitogen_on_a_host(tmp_path: Path, servers: WarmServers, machine: SshHost) -> None:
    said, wanted = OVER_SSH["become who one is"]
    assert_said(said, by_mitogen(on(reached(machine, machine.user), wanted)), tmp_path, servers)


def by_mitogen(wanted: Case) -> Case:
    found = wanted.spec
    # Ansible says once in a process that strategies of others will go; a server has said it before the play.
    environment = {**found.get("environment", {}), "ANSIBLE_DEPRECATION_WARNINGS": "0"}
    return replace(wanted, spec={**found, "strategy": "mitogen_linear", "environment": environment})


def assert_the_same(wanted: Case, folder: Path, servers: WarmServers, reason: Reason | None = None) -> dict[str, Any]:
    with ThreadPoolExecutor(2) as side_by_side:
        plain = side_by_side.submit(told_by, PlainEngine(), folder / "plain", wanted)
        warm = side_by_side.submit(told_by, WarmEngine(servers), folder / "warm", wanted)
    assert warm.result() == plain.result()
    assert plain.result()["lines"] or plain.result()["printed"]
    assert plain.result()["end"][2] == reason
    return plain.result()


def assert_said(said: str, wanted: Case, folder: Path, servers: WarmServers) -> None:
    found = assert_the_same(wanted, folder, servers)
    assert found["end"][1] is PlayStatus.SUCCESSFUL, found["lines"]
    messages = [message for _, _, message in found["lines"]]
    assert any(said in message for message in messages), messages
