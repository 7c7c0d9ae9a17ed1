"""Bodies of the routes of groups; the screens build the same models."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from orch_app.domains.access.launch_matrix import Environment
from orch_app.domains.inventory.models import HostGroup
from orch_app.domains.inventory.wire import Identifier, Needle, VariablesGiven
from orch_app.kit.pages import PageQuery
from orch_app.kit.rest import Answer, CamelModel

MOST_MEMBERS = 5_000
MOST_CHILDREN = 500
NOT_FOR_GROUPS = frozenset({"targets", "machines", "local", "ungrouped", "localhost"})
"""Groups and a host that every job's inventory has of its own."""


def _group_name(value: str) -> str:
    if value in NOT_FOR_GROUPS:
        raise PydanticCustomError("reserved", "This name means something else in an inventory.")
    return value


GroupName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$"), AfterValidator(_group_name)]
Members = Annotated[list[Identifier], Field(max_length=MOST_MEMBERS)]
Children = Annotated[list[GroupName], Field(max_length=MOST_CHILDREN)]


class NewGroup(CamelModel):
    """A group to be added; `hosts` are ids, `children` names of other groups of its environment."""

    name: GroupName
    environment: Environment
    hosts: Members = []
    children: Children = []
    variables: VariablesGiven = {}


class GroupChange(CamelModel):
    """What to change: only the given fields do, and lists are given whole."""

    name: GroupName | None = None
    hosts: Members | None = None
    children: Children | None = None
    variables: VariablesGiven | None = None


class GroupsQuery(PageQuery):
    """Filters of the list of groups; several values of one filter mean any of them."""

    environment: list[Environment | Literal[""]] = []
    q: Needle = ""


class GroupAnswer(Answer):
    """A group. `hosts` stand in it themselves; `hostCount` counts those of the groups in it as well, each once.

    `origin` names the import that brought it; `isTrustedText` says that templates in its variables are worked out.
    """

    id: str
    name: str
    environment: Environment
    hosts: list[str]
    host_count: int
    children: list[str]
    variables: dict[str, Any]
    is_trusted_text: bool
    origin: str
    created_by: str | None
    created_at: datetime
    updated_at: datetime
    version: int

    @classmethod
    def of(cls, row: HostGroup, hosts: list[str], host_count: int) -> "GroupAnswer":
        """The answer for a row and who is in it."""
        shared = row.model_dump(include=set(cls.model_fields) & set(HostGroup.model_fields))
        return cls(**shared, hosts=hosts, host_count=host_count)


class GroupPage(Answer):
    """A page of groups."""

    items: list[GroupAnswer]
    next_cursor: str | None
    prev_cursor: str | None
    total: int | None
