"""Users for tests: quickly hashed, and nothing of an earlier test remembered or counted."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from orch_app.domains.access.actor import COMMAND_LINE, Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.accounts import passwords, service
from orch_app.domains.accounts.identities import remembered
from orch_app.domains.audit.models import AuditEntry
from orch_app.kit import ratelimit
from orch_app.kit.clock import push_source
from orch_app.kit.db import reading, unit_of_work

PASSWORD = "velvet tractor 91 lamp"
CHEAPEST = 4


def start_afresh(patch: pytest.MonkeyPatch) -> None:
    """Hash as cheaply as bcrypt can, and forget identities and rate limits."""
    patch.setattr(passwords, "COST", CHEAPEST)
    patch.setattr(passwords, "NOBODYS", passwords.NOBODYS.replace("$12$", f"${CHEAPEST:02}$"))
    remembered.forget_all()
    ratelimit.reset()


def add_user(role: Role, email: str = "") -> Actor:
    """A new user with the password of all tests, as the actor that he or she is when signed in."""
    address = email or f"{role.value}@example.com"
    with unit_of_work() as session:
        user = service.create_user(session, COMMAND_LINE, email=address, password=PASSWORD, role=role)
    return Actor("user", user.id, user.email, role)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """The product's clock stands at this moment inside the block."""
    back = push_source(lambda: moment)
    try:
        yield
    finally:
        back()


@contextmanager
def later(**ahead: float) -> Iterator[None]:
    """The product's clock goes ahead inside the block."""
    back = push_source(lambda: datetime.now(UTC) + timedelta(**ahead))
    try:
        yield
    finally:
        back()


def audited(action: str) -> list[AuditEntry]:
    """The entries of one action, oldest first."""
    with reading() as session:
        return list(session.exec(select(AuditEntry).where(AuditEntry.action == action).order_by(col(AuditEntry.id))))
