"""What chaos needs: a ledger outside the product that counts effects, a runbook that has them, and workers to kill."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.ledger import LOOPBACK, Ledger, ledger_server
from tests.chaos.workers import Fleet, fleet_of
from tests.systems.product import bound_to, migrate_new

QUICK = {
    "ORCH_LEASE_S": "3",
    "ORCH_HEARTBEAT_S": "0.5",
    "ORCH_SWEEP_S": "0.5",
    "ORCH_GRACE_S": "90",
}


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with ledger_server() as started:
        yield started


@pytest.fixture(params=["alone", "grown"])
def fleet(request: pytest.FixtureRequest, tmp_path: Path, ledger: Ledger) -> Iterator[Fleet]:
    """The product alone (SQLite) and grown (PostgreSQL and Redis), with short leases, and no worker yet."""
    grown = request.param == "grown"
    database_url = request.getfixturevalue("fresh_postgres_url") if grown else ""
    pace: dict[str, str] = getattr(request.module, "PACE", QUICK)
    catalogue = ledger.write_runbook(tmp_path / "runbooks")
    variables = {**pace, "ORCH_RUNBOOKS_DIR": str(catalogue), "ORCH_EGRESS_ALLOW": LOOPBACK}
    if grown:
        variables |= {"ORCH_REDIS_URL": request.getfixturevalue("fresh_redis_url")}
    migrate_new(tmp_path, database_url)
    with bound_to(tmp_path, database_url, ORCH_ENGINE="warm", **variables), fleet_of() as started:
        yield started
