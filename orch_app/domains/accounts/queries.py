"""Reading people and their roles."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_
from sqlmodel import Session, col, select

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission, Role
from orch_app.domains.accounts.models import RoleRow, User, UserRole
from orch_app.kit.errors import Forbidden, NotFound
from orch_app.kit.pages import Page, PageQuery, read_page


@dataclass(frozen=True)
class Person:
    """A user with the one role that he or she has."""

    user: User
    role: Role


def is_set_up(session: Session) -> bool:
    """Whether there is any user; until then only the setup page does something."""
    return session.exec(select(User.id).limit(1)).first() is not None


def find_person(session: Session, user_id: str, *, lock: bool = False) -> Person | None:
    """A user by id; `lock` keeps others from changing the row until the end of the transaction."""
    query = select(User).where(User.id == user_id)
    user = session.exec(query.with_for_update() if lock else query).first()
    return Person(user, role_of(session, user.id)) if user else None


def find_by_email(session: Session, email: str) -> Person | None:
    """A user by address, in whatever case it was typed."""
    user = session.exec(select(User).where(User.email == normal_email(email))).first()
    return Person(user, role_of(session, user.id)) if user else None


def get_me(session: Session, actor: Actor, *, lock: bool = False) -> Person:
    """The one who asks.

    Raises:
        NotFound: the command line or a worker asks, who are nobody's account.
    """
    require(actor, Permission.ME)
    person = find_person(session, actor.user_id or "", lock=lock)
    if person is None:
        raise NotFound("This caller has no account.", "no_account")
    return person


def get_user(session: Session, actor: Actor, user_id: str) -> Person:
    """One user, for admins.

    Raises:
        NotFound: there is none with this id.
    """
    require(actor, Permission.USERS_WRITE)
    person = find_person(session, user_id)
    if person is None:
        raise NotFound("There is no such user.", "user_not_found")
    return person


def list_users(session: Session, actor: Actor, page: PageQuery, q: str = "") -> Page[Person]:
    """Users in order of creation; `q` is part of a name or address.

    Raises:
        BadRequest: a cursor of another list.
    """
    require(actor, Permission.USERS_WRITE)
    mentioned = or_(col(User.email).icontains(q, autoescape=True), col(User.name).icontains(q, autoescape=True))
    oldest_first = page.model_copy(update={"sort": "id"})
    found = read_page(session, select(User).where(mentioned), {"id": User.id}, oldest_first)
    return Page(_with_roles(session, found.items), found.next_cursor, found.prev_cursor, found.total)


def _with_roles(session: Session, users: Sequence[User]) -> list[Person]:
    query = select(UserRole.user_id, RoleRow.name).where(
        UserRole.role_id == RoleRow.id, col(UserRole.user_id).in_([user.id for user in users])
    )
    roles = dict(session.exec(query).all())
    return [Person(user, Role(roles[user.id])) for user in users]


def has_other_admin(session: Session, user_id: str) -> bool:
    """Whether an active admin other than this user exists, who could approve what this one orders."""
    query = select(User.id).where(
        User.id == UserRole.user_id,
        UserRole.role_id == RoleRow.id,
        RoleRow.name == Role.ADMIN.value,
        User.status == "active",
        User.id != user_id,
    )
    return session.exec(query.limit(1)).first() is not None


def actor_for(session: Session, user_id: str) -> Actor:
    """The user as an actor with the rights of this moment, for work that is done in his or her name later on.

    Raises:
        Forbidden: the account is gone or disabled.
    """
    person = find_person(session, user_id)
    if person is None or person.user.status != "active":
        raise Forbidden("The account in whose name this runs is gone or disabled.", "owner_inactive")
    return Actor("user", user_id, person.user.name or person.user.email, person.role)


def role_of(session: Session, user_id: str) -> Role:
    """The role of a user, as it is now."""
    query = select(RoleRow.name).where(UserRole.role_id == RoleRow.id, UserRole.user_id == user_id)
    return Role(session.exec(query).one())


def normal_email(email: str) -> str:
    """The form in which addresses are stored and compared."""
    return email.strip().lower()
