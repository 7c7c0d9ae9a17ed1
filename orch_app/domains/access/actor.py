"""The one who asks: a person, a script with a token, the command line, or a worker."""

from dataclasses import dataclass, field
from typing import Literal

from orch_app.domains.access.permissions import GRANTS, Permission, Role, weakest_role
from orch_app.kit.errors import Forbidden, Unauthorized

ActorKind = Literal["user", "token", "cli", "worker", "anonymous"]


@dataclass(frozen=True)
class Actor:
    """Who asks, as every service gets it. `user_id` is None for the command line, workers and nobody."""

    kind: ActorKind
    user_id: str | None = None
    name: str = ""
    role: Role | None = None
    session_id: str | None = None
    ip: str = ""
    request_id: str = ""
    scopes: frozenset[Permission] | None = field(default=None)

    @property
    def permissions(self) -> frozenset[Permission]:
        """What the role grants, narrowed by the token's scopes where there are any."""
        if self.kind in {"cli", "worker"}:
            return frozenset(Permission)
        granted = GRANTS[self.role] if self.role else frozenset[Permission]()
        return granted if self.scopes is None else granted & self.scopes

    def may(self, permission: Permission) -> bool:
        """Whether the permission is granted."""
        return permission in self.permissions


ANONYMOUS = Actor("anonymous", name="anonymous")
COMMAND_LINE = Actor("cli", name="command line")


def worker_actor(name: str) -> Actor:
    """The actor in whose name a worker writes."""
    return Actor("worker", name=name)


def require(actor: Actor, permission: Permission, *, environment: str | None = None) -> None:
    """Let the actor pass or refuse; the first line of every service function.

    Raises:
        Unauthorized: nobody is signed in.
        Forbidden: somebody is, and the permission is not granted.
    """
    if actor.kind == "anonymous":
        raise Unauthorized("Sign in to do this.", "unauthorized")
    if not actor.may(permission):
        raise Forbidden(_lacks(actor, permission), "forbidden", permission=permission.value, environment=environment)


def _lacks(actor: Actor, permission: Permission) -> str:
    if actor.role and permission in GRANTS[actor.role]:
        return f"This token was not given {permission.value}, though the role {actor.role.value} includes it."
    role, needed = actor.role.value if actor.role else actor.kind, weakest_role(permission).value
    return f"The role {role} does not include {permission.value}: {needed} does. An admin can change the role."
