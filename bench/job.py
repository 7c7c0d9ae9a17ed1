"""A job from the POST to the terminal status seen by a reader, against `ansible-playbook`, interleaved.

`ansible-playbook` runs in each round as an operator types it: the ratio that is aimed at is the one to this. In the
first rounds it runs in other ways as well: with pipelining switched on as the product has it, and with ara recording it
as the peer does. Over ssh what an operator types finds the connections of the round before still open, which no job
does; so there it also runs with none open, as it does for an operator who comes back after a minute.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import yaml
from ara.setup import callback_plugins

from bench.figures import median, ms
from bench.installation import installation
from bench.plays import PLAYS, Measured, write_runbook
from tests.systems.postgres import postgres
from tests.systems.redis import redis_server
from tests.systems.sshhosts import SshHost, ssh_hosts

HOSTS = 4
ROUNDS_OF_OTHER_WAYS = 3


def bench_job(*, quick: bool = False) -> dict[str, Any]:
    """Median wall times and the median of the ratios product/plain, pair by pair; alone, on SQLite."""
    return _measure(quick=quick)


def bench_job_grown(*, quick: bool = False) -> dict[str, Any]:
    """The same with PostgreSQL and Redis."""
    with postgres() as server, redis_server() as redis, server.database() as database:
        return _measure(quick=quick, ORCH_DATABASE_URL=database, ORCH_REDIS_URL=redis)


def _measure(*, quick: bool, **variables: str) -> dict[str, Any]:
    figures: dict[str, Any] = {"cores": os.cpu_count()}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder)
        books = {play.name: write_runbook(root / "runbooks", play) for play in PLAYS}
        fleet = stack.enter_context(ssh_hosts(HOSTS))
        inventory = _inventory(root, fleet)
        settings = {"ORCH_RUNBOOKS_DIR": str(root / "runbooks"), "ORCH_EGRESS_ALLOW": "10.0.0.0/8,127.0.0.0/8"}
        made = stack.enter_context(installation(settings | variables))
        client = stack.enter_context(made.client())
        hosts = _register(client, fleet)
        for play in PLAYS:
            taken: list[dict[str, float]] = []
            rounds = 2 if quick else play.rounds
            ordered = hosts if play.is_remote else []
            ways = _ways(root, books[play.name], inventory, is_remote=play.is_remote)
            for number in range(rounds + 1):  # the first round only warms
                seconds = {"product": _product(client, play, ordered)}
                chosen = ways if number <= ROUNDS_OF_OTHER_WAYS else {"plain": ways["plain"]}
                seconds |= {name: run() for name, run in chosen.items()}
                taken += [seconds] if number else []
            figures |= _figures(play, taken)
    return figures


def _figures(play: Measured, rounds: list[dict[str, float]]) -> dict[str, Any]:
    """Medians in milliseconds, and the medians of the ratios of the product to each other way, round by round."""
    ways = {name: [one for one in rounds if name in one] for name in rounds[0]}
    times = {f"{play.name}_{name}_ms": ms(median([one[name] for one in ran])) for name, ran in ways.items()}
    ratios = {
        f"{play.name}_to_{name}": round(median([one["product"] / one[name] for one in ran]), 2)
        for name, ran in ways.items()
        if name != "product"
    }
    return times | ratios | {f"{play.name}_bound": play.bound, f"{play.name}_rounds": len(rounds)}


def _ways(root: Path, playbook: Path, inventory: Path, *, is_remote: bool) -> dict[str, Callable[[], float]]:
    """The same play without the product."""
    argv = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(inventory), str(playbook)]
    recorded = {"ANSIBLE_CALLBACK_PLUGINS": callback_plugins, "ARA_BASE_DIR": str(root / "ara")}
    ways = {
        "plain": lambda: _timed(argv, {}),
        "piped": lambda: _timed(argv, {"ANSIBLE_PIPELINING": "1"}),
        "ara": lambda: _timed(argv, recorded),
    }
    return ways | ({"cold": lambda: _timed_cold(argv)} if is_remote else {})


def _timed_cold(argv: list[str]) -> float:
    with tempfile.TemporaryDirectory(prefix="cp") as folder:
        return _timed(argv, {"ANSIBLE_SSH_CONTROL_PATH_DIR": folder})


def _timed(argv: list[str], variables: dict[str, str]) -> float:
    begin = time.perf_counter()
    subprocess.run(argv, check=True, capture_output=True, env=os.environ | variables)
    return time.perf_counter() - begin


def _product(client: httpx.Client, play: Measured, hosts: list[str]) -> float:
    begin = time.perf_counter()
    body = {"hosts": hosts} if hosts else {}
    job_id = client.post(f"/v1/runbooks/{play.name}/execute", json=body).raise_for_status().json()["jobId"]
    with client.stream("GET", f"/v1/jobs/{job_id}/logs/stream") as stream:
        for line in stream.iter_lines():
            if line == "event: end":
                break
    taken = time.perf_counter() - begin
    demand_success(client, job_id)
    return taken


def demand_success(client: httpx.Client, job_id: str) -> None:
    """A job that failed, or did not begin warm, is no measurement.

    Raises:
        RuntimeError: it is such a job, and why.
    """
    ended = client.get(f"/v1/jobs/{job_id}").raise_for_status().json()
    if (ended["status"], ended["engine"]) != ("SUCCESS", "warm"):
        why = f"{ended['status']} {ended['reason']} on the engine {ended['engine']}: {ended['reasonDetail']}"
        message = f"{ended['runbook']} ended {why}"
        raise RuntimeError(message)


def _inventory(root: Path, fleet: list[SshHost]) -> Path:
    """What an operator without the product would write for the same hosts."""
    known = root / "known_hosts"
    known.write_text("".join(f"{_known_name(host)} {host.host_key}\n" for host in fleet), "utf-8")
    targets = {
        host.name: {
            "ansible_host": host.address,
            "ansible_port": host.port,
            "ansible_user": host.user,
            "ansible_ssh_private_key_file": host.private_key,
            "ansible_ssh_common_args": f"-o UserKnownHostsFile={known}",
            "ansible_python_interpreter": "/usr/bin/python3",
        }
        for host in fleet
    }
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    groups = {"all": {"hosts": {"localhost": local}, "children": {"targets": {"hosts": targets}}}}
    path = root / "inventory.yml"
    path.write_text(yaml.safe_dump(groups), "utf-8")
    return path


def _known_name(host: SshHost) -> str:
    return host.address if host.port == 22 else f"[{host.address}]:{host.port}"


def _register(client: httpx.Client, fleet: list[SshHost]) -> list[str]:
    """The hosts in the product, with their keys pinned; their ids."""
    connection = register_connection(client, fleet)
    return [_register_host(client, host, connection) for host in fleet]


def register_connection(client: httpx.Client, fleet: list[SshHost]) -> str:
    """A connection that opens these hosts; its id."""
    payload = {"user": fleet[0].user, "privateKey": Path(fleet[0].private_key).read_text("utf-8")}
    order = {"type": "ssh", "name": "bench", "environment": "stage", "payload": payload}
    return client.post("/v1/connections", json=order).raise_for_status().json()["id"]


def _register_host(client: httpx.Client, host: SshHost, connection: str) -> str:
    place = {"name": host.name, "address": host.address, "port": host.port, "connectionId": connection}
    made = client.post("/v1/hosts", json=place | {"environment": "stage"}).raise_for_status().json()["id"]
    keys = client.post(f"/v1/hosts/{made}/scan-key", json={}).raise_for_status().json()["keys"]
    pin = {"pin": keys[0]["fingerprint"]}
    client.post(f"/v1/hosts/{made}/scan-key", json=pin).raise_for_status()
    return made
