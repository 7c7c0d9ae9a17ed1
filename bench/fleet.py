"""One job over a thousand hosts: how long it takes against `ansible-playbook`, and what its page costs meanwhile.

Four of the hosts are real sshd machines; the others have a local connection, so that two cores can carry them.
"""

import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
import yaml
from sqlalchemy import create_engine, insert

from bench.figures import ms, percentile
from bench.installation import Installation, installation
from bench.job import demand_success, register_connection
from bench.plays import Measured, write_runbook
from orch_app.domains.inventory.models import Host
from orch_app.domains.jobs.execution.ansible_config import forks_for
from orch_app.kit.ids import new_id
from tests.systems.sshhosts import SshHost, ssh_hosts

HOSTS = 1_000
REAL = 4
CONNECTION = "{{ 'ssh' if inventory_hostname.startswith('real-') else 'local' }}"
PYTHON = "{{ '/usr/bin/python3' if inventory_hostname.startswith('real-') else ansible_playbook_python }}"
BY_CONNECTION = {"ansible_connection": CONNECTION, "ansible_python_interpreter": PYTHON}
ODD = "inventory_hostname in ['node-17', 'node-404', 'node-900']"
TASKS = [
    {"name": "Greet", "ansible.builtin.debug": {"msg": "hello"}},
    {"name": "Read the kernel", "ansible.builtin.command": {"argv": ["uname", "-r"]}, "changed_when": False},
    {"name": "Compare", "ansible.builtin.debug": {"msg": f"{{{{ 'other' if {ODD} else 'usual' }}}}"}},
]


def bench_fleet(*, quick: bool = False) -> dict[str, Any]:
    """Wall times of the product and of `ansible-playbook` with the same forks, and REST answers while the job runs."""
    count = 100 if quick else HOSTS
    play = Measured(
        "fleet", [task | {"vars": BY_CONNECTION} for task in TASKS], 1, 1.0, is_remote=True, timeout_s=3_600
    )
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder)
        playbook = write_runbook(root / "runbooks", play)
        fleet = stack.enter_context(ssh_hosts(REAL))
        variables = {"ORCH_RUNBOOKS_DIR": str(root / "runbooks"), "ORCH_EGRESS_ALLOW": "10.0.0.0/8,127.0.0.0/8"}
        made = stack.enter_context(installation(variables))
        client = stack.enter_context(made.client())
        ids = _register(made, client, fleet, count)
        figures = _product(made, client, ids)
        figures["plain_s"] = _plain(playbook, _inventory(root, count - REAL), forks_for(count))
        figures["ratio"] = round(figures["product_s"] / figures["plain_s"], 2)
    return {"hosts": count, **figures}


def _register(made: Installation, client: httpx.Client, fleet: list[SshHost], count: int) -> list[str]:
    """Real hosts with their pinned keys, and rows for the others; ids."""
    connection = register_connection(client, fleet)
    names = [f"real-{n}" for n in range(REAL)] + [f"node-{n}" for n in range(count - REAL)]
    rows = [_host(name, fleet[number % REAL], connection) for number, name in enumerate(names)]
    engine = create_engine(f"sqlite:///{made.data_dir / 'orch.db'}")
    with engine.begin() as session:
        session.execute(insert(Host), rows)
    engine.dispose()
    return [row["id"] for row in rows]


def _host(name: str, machine: SshHost, connection: str) -> dict[str, Any]:
    moment = datetime.now(UTC)
    place: dict[str, Any] = {"name": name, "address": machine.address, "port": machine.port}
    place["host_key"] = machine.host_key
    times: dict[str, Any] = {"created_at": moment, "updated_at": moment, "host_key_pinned_at": moment}
    host = Host(id=new_id("hst"), environment="stage", connection_id=connection, **place, **times)
    return {attribute.key: getattr(host, attribute.key) for attribute in Host.__mapper__.column_attrs}  # pyright: ignore[reportAttributeAccessIssue]


def _product(made: Installation, client: httpx.Client, ids: list[str]) -> dict[str, Any]:
    begin = time.perf_counter()
    order = client.post("/v1/runbooks/fleet/execute", json={"hosts": ids}).raise_for_status()
    accepted = time.perf_counter() - begin
    job = order.json()["jobId"]
    reader = _Reader(made, job)
    reader.start()
    with client.stream("GET", f"/v1/jobs/{job}/logs/stream", timeout=3_600) as stream:
        lines = sum(line == "event: log" for line in _until_end(stream))
    wall = time.perf_counter() - begin
    reader.join()
    demand_success(client, job)
    found = client.get(f"/v1/jobs/{job}/comparison").raise_for_status().json()
    return {
        "product_s": round(wall, 2),
        "accepted_ms": ms(accepted),
        "log_lines": lines,
        "same": found["same"],
        "different": found["different"],
        "worker_rss_mb": reader.rss_mb,
        "hosts_p50_ms": ms(percentile(reader.times, 0.5)),
        "hosts_p95_ms": ms(percentile(reader.times, 0.95)),
    }


def _until_end(stream: httpx.Response) -> Any:
    for line in stream.iter_lines():
        if line == "event: end":
            return
        yield line


class _Reader(threading.Thread):
    """Asks for the hosts of the job again and again while it runs, and watches the worker's memory."""

    def __init__(self, made: Installation, job: str) -> None:
        super().__init__(daemon=True)
        self._made, self._job = made, job
        self._worker = next(p for p in psutil.process_iter(["cmdline"]) if _is_worker(p, made))
        self.times: list[float] = []
        self.rss_mb = 0

    def run(self) -> None:
        """Once a second until the job is over."""
        with self._made.client() as client:
            while client.get(f"/v1/jobs/{self._job}").raise_for_status().json()["finishedAt"] is None:
                begin = time.perf_counter()
                client.get(f"/v1/jobs/{self._job}/hosts?limit=50").raise_for_status()
                self.times.append(time.perf_counter() - begin)
                self.rss_mb = max(self.rss_mb, self._worker.memory_info().rss >> 20)
                time.sleep(1)


def _is_worker(process: psutil.Process, made: Installation) -> bool:
    try:
        argv = process.info["cmdline"] or []
        return argv[-2:] == ["orch_app.cli", "worker"] and process.environ().get("ORCH_PORT") == str(made.port)
    except psutil.Error:
        return False


def _inventory(root: Path, count: int) -> Path:
    """The hosts with a local connection, for `ansible-playbook`; the real ones would only shorten its work."""
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    hosts = {f"node-{n}": local for n in range(count)}
    path = root / "inventory.yml"
    path.write_text(yaml.safe_dump({"all": {"children": {"targets": {"hosts": hosts}}}}), "utf-8")
    return path


def _plain(playbook: Path, inventory: Path, forks: int) -> float:
    program = Path(sys.executable).with_name("ansible-playbook")
    begin = time.perf_counter()
    subprocess.run([program, "--forks", str(forks), "-i", inventory, playbook], check=True, capture_output=True)
    return round(time.perf_counter() - begin, 2)
