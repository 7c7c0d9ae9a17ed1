"""People and the state of the installation as /settings shows them."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.accounts import queries
from orch_app.domains.accounts.queries import Person
from orch_app.domains.jobs.queries import live_workers
from orch_app.domains.operations.health import check_all
from orch_app.kit import disk
from orch_app.kit.db import reading
from orch_app.kit.errors import OrchError, Unavailable
from orch_app.kit.pages import PageQuery
from orch_app.kit.version import VERSION
from orch_app.state.address import page_href
from orch_app.state.session_view import Shown, initials

PAGE = 50
FILTERS = ("q", "cursor")
NO_USER: Shown = {
    "id": "", "name": "", "email": "", "role": "operator", "status": "active", "initials": "", "seen_at": "",
    "is_me": False,
}  # fmt: skip
SENTENCES = frozenset({"bad_email", "email_taken", "bad_name", "last_admin", "wrong_password", "password_changed"})


def read_users(session: Session, actor: Actor, asked: Mapping[str, str]) -> Shown:
    """One page of those who have an account, for the search of the address; for admins."""
    wanted = PageQuery(limit=PAGE, cursor=asked["cursor"], with_total=True)
    page = queries.list_users(session, actor, wanted, asked["q"].strip())
    shown = {"tab": "users", **asked}
    return {
        "users": [show_user(person, actor) for person in page.items],
        "users_total": page.total or 0,
        "next_href": page_href("/settings", shown, page.next_cursor),
        "previous_href": page_href("/settings", shown, page.prev_cursor),
    }


def show_user(person: Person, actor: Actor) -> Shown:
    """A row of the list of users."""
    user = person.user
    name = user.name or user.email
    return {
        "id": user.id,
        "name": name,
        "email": user.email,
        "role": person.role.value,
        "status": user.status,
        "initials": initials(name),
        "seen_at": user.last_login_at.isoformat() if user.last_login_at else "",
        "is_me": user.id == actor.user_id,
    }


def read_about() -> Shown:
    """Version and health, which `/health` tells everybody as well; `word` and `n` make the sentence."""
    figures = {"disk": disk.free_mb() // 1024, "workers": _workers()}
    return {
        "version": VERSION,
        "checks": [
            {
                "name": name,
                "status": "ok" if check.ok else "failed",
                "word": f"{name}_{'ok' if check.ok else 'failed'}",
                "n": figures.get(name, 0),
            }
            for name, check in check_all().items()
        ],
    }


def _workers() -> int:
    try:
        with reading() as session:
            return len(live_workers(session))
    except Unavailable:
        return 0


def faults_of(error: OrchError) -> dict[str, str]:
    """The fault of each field by the field's name; password rules are named by their own codes."""
    names = {"newPassword": "password", "currentPassword": "current"}
    places = [(fault.pointer.strip("/"), fault.code) for fault in error.errors]
    if not places and error.code in SENTENCES:
        places = [({"email_taken": "email"}.get(error.code, ""), error.code)]
    return {names.get(place, place): code for place, code in reversed(places)}


def text_of(values: dict[str, Any], name: str, longest: int = 1024) -> str:
    """A text of a form, as long as a text may be."""
    return str(values.get(name, ""))[:longest]
