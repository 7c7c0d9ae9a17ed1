"""`./orch up` as a person runs it: both back ends, a stop in the middle of a job, and data that it cannot use."""

import json
import shutil
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.domains.jobs.trials import PLAY
from tests.e2e.product import Product, client_of, new_product
from tests.systems.processes import free_port

DEADLINE_S = 120.0
LONG = """
    - name: Wait for the end of time
      ansible.builtin.command: sleep 1000
      changed_when: false
"""


@pytest.fixture
def slow_runbook(tmp_path: Path) -> Path:
    """A runbooks folder with one that never ends by itself."""
    folder = tmp_path / "runbooks" / "slow"
    (folder / "tests").mkdir(parents=True)
    words = {"name": "slow", "version": "1.0.0", "title": "Slow", "title_pt": "Lento", "category": "tests"}
    facts = {"risk": "low", "mutates": False, "target": "localhost", "timeout_s": 900}
    schema = {"type": "object", "additionalProperties": False, "properties": {}}
    for name, text in {
        "runbook.yaml": json.dumps(words | facts),
        "playbook.yml": PLAY.format(hosts="localhost") + LONG,
        "schema.json": json.dumps(schema),
        "output.schema.json": json.dumps({"type": "object"}),
        "README.md": "# slow",
    }.items():
        (folder / name).write_text(text, "utf-8")
    return folder.parent


@pytest.fixture(params=["alone", "postgres and redis"])
def variables(request: pytest.FixtureRequest, slow_runbook: Path) -> dict[str, str]:
    """Settings of both ways to run it; the grace is short, because the job would use any."""
    common = {"ORCH_RUNBOOKS_DIR": str(slow_runbook), "ORCH_GRACE_S": "1"}
    if request.param == "alone":
        return common
    urls = {"ORCH_DATABASE_URL": "fresh_postgres_url", "ORCH_REDIS_URL": "fresh_redis_url"}
    return common | {name: request.getfixturevalue(fixture) for name, fixture in urls.items()}


def started_job(client: httpx.Client) -> str:
    """A job whose task runs."""
    job = client.post("/v1/runbooks/slow/execute", json={}).raise_for_status().json()["jobId"]
    deadline = time.monotonic() + DEADLINE_S
    while len(client.get(f"/v1/jobs/{job}").json()["steps"]) < len(("the play", "its task")):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return job


@pytest.mark.long
def test_it_runs_on_both_back_ends_and_a_stop_marks_what_still_runs(
    screens: None, variables: dict[str, str], tmp_path: Path
) -> None:
    product = new_product(tmp_path / "data", **variables)
    product.add_user("operator")
    with product.up() as up, client_of(product) as client:
        assert all(check["ok"] for check in client.get("/health").raise_for_status().json()["checks"].values())
        job = started_job(client)
        up.send_signal(signal.SIGTERM)
        assert up.wait(DEADLINE_S) == 0
    assert product.log("up").rstrip().endswith("stopped")
    for word in ("did not end in time", "refused to gracefully stop", "Traceback"):
        assert word not in product.log("up")
    with product.process("web", path="/login/"), client_of(product) as client:
        found = client.get(f"/v1/jobs/{job}").json()
    assert (found["status"], found["reason"]) == ("ERROR", "interrupted")
    assert not (tmp_path / "data" / "jobs-run" / f"{job}.1").exists()


def test_data_of_a_newer_version_is_refused_in_one_sentence_before_anything_is_done(
    migrated_sqlite: Path, tmp_path: Path
) -> None:
    shutil.copy(migrated_sqlite, tmp_path / "orch.db")
    with closing(sqlite3.connect(tmp_path / "orch.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    before = (tmp_path / "orch.db").read_bytes()
    done = subprocess.run(Product(tmp_path, free_port()).up_argv(), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("orch: a newer version of this program wrote the data folder")
    assert done.stderr.count("\n") == 1
    assert (tmp_path / "orch.db").read_bytes() == before
