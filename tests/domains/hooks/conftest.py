"""Webhooks on each back end: a runbook that takes what they tell, and an admin who owns them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.accounts.sessions import Client
from orch_app.domains.hooks import deliveries, service
from orch_app.domains.hooks.deliveries import Posted, Receipt
from orch_app.domains.hooks.models import HookDelivery
from orch_app.domains.hooks.wire import NewHook
from orch_app.domains.jobs.models import Job
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.queue import install_bell
from orch_app.kit.settings import settings
from tests.domains.hooks.messages import SECRET, Sent
from tests.domains.jobs.orders import sync_runbooks
from tests.domains.runbooks.folders import write_runbook
from tests.systems.people import add_user, start_afresh
from tests.systems.product import bound_to

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["branch"],
    "properties": {"branch": {"type": "string", "maxLength": 20}, "notify": {"type": "boolean", "default": False}},
}
MAPPING = [{"input": "branch", "pointer": "/ref", "removePrefix": "refs/heads/"}]


@dataclass(frozen=True)
class Desk:
    """An admin, the webhooks that he or she makes, and what comes to them."""

    owner: Actor

    def make(self, **facts: Any) -> str:
        """A webhook that starts `deploy`, committed; gives its id."""
        known = {"name": "pushes", "provider": "github", "secret": SECRET, "runbook": "deploy", "mapping": MAPPING}
        with unit_of_work() as session:
            row, _ = service.create(session, self.owner, NewHook.model_validate(known | facts))
            return row.id

    def tell(self, hook_id: str, sent: Sent) -> Receipt:
        return deliveries.receive(hook_id, Posted(sent.headers, sent.body, Client("203.0.113.9", "", "r1")))

    def jobs(self) -> list[Job]:
        with reading() as session:
            return list(session.exec(select(Job).order_by(col(Job.number))))

    def deliveries(self) -> list[HookDelivery]:
        with reading() as session:
            return list(session.exec(select(HookDelivery).order_by(col(HookDelivery.id))))


@pytest.fixture
def desk(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    start_afresh(monkeypatch)
    folder = tmp_path / "runbooks"
    write_runbook(folder, "deploy", schema=SCHEMA, play_tags=["config"])
    with bound_to(tmp_path, settings().database_url, ORCH_RUNBOOKS_DIR=str(folder), ORCH_HOOK_LIMIT="20/minute"):
        install_bell(lambda _name, _payload: None, lambda: True)
        owner = add_user(Role.ADMIN)
        sync_runbooks(owner)
        yield Desk(owner)
