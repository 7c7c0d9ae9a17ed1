"""Groups of hosts as the tab of /hosts shows them, what its form offers, and its faults."""

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError
from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.inventory import group_queries, queries
from orch_app.domains.inventory.group_tree import ALL
from orch_app.domains.inventory.group_wire import GroupAnswer, GroupsQuery
from orch_app.domains.inventory.grouping import read_grouping
from orch_app.kit.errors import OrchError, Problem
from orch_app.kit.pages import Page
from orch_app.state.session_view import Shown
from orch_app.state.variables_view import variables_text

AT_ONCE = 200
SHOWN_HOSTS = 100
NO_GROUP: Shown = {
    "id": "", "name": "", "environment": "stage", "count": 0, "children": [], "origin": "", "isTrusted": False,
    "variables": 0, "variableText": "", "updatedAt": "", "version": 0, "hosts": [], "hostNames": [],
}  # fmt: skip
BAD_NAME = Problem(
    "/name",
    "pattern",
    "Letters without accents, digits and underscore, at most 63, no digit first, and no name that Ansible needs.",
    "Letras sem acento, dígitos e sublinhado, no máximo 63, sem começar por dígito, e nenhum nome que o Ansible usa.",
)


def read_groups(session: Session, actor: Actor, environment: str, text: str) -> Shown:
    """The groups of an environment whose name has this text, as many as are shown at once."""
    environments: Any = [environment] if environment else []
    wanted = GroupsQuery(environment=environments, q=text[:AT_ONCE], limit=AT_ONCE, with_total=True)
    page: Page[Any] = group_queries.list_groups(session, actor, wanted)
    rows = [show_group(answer) for answer in group_queries.show(session, actor, page.items)]
    return {"rows": rows, "total": page.total or 0}


def read_group(session: Session, actor: Actor, group_id: str) -> Shown:
    """One group with the names of the hosts that stand in it itself.

    Raises:
        NotFound: there is no such group.
    """
    row = group_queries.get_group(session, actor, group_id)
    (answer,) = group_queries.show(session, actor, [row])
    inside = set(answer.hosts)
    names = [host.name for host in queries.hosts_of(session, actor, row.environment) if host.id in inside]
    return show_group(answer) | {"hosts": answer.hosts, "hostNames": names}


def read_offer(session: Session, actor: Actor, environment: str) -> Shown:
    """The hosts and groups of an environment that a group may hold."""
    hosts = queries.hosts_of(session, actor, environment)
    return {
        "hosts": [{"id": host.id, "name": host.name, "address": host.address} for host in hosts],
        "groups": [name for name in read_grouping(session, actor, environment).groups if name != ALL],
    }


def show_group(answer: GroupAnswer) -> Shown:
    """A row of the list."""
    return NO_GROUP | {
        "id": answer.id,
        "name": answer.name,
        "environment": answer.environment,
        "count": answer.host_count,
        "children": answer.children,
        "origin": answer.origin,
        "isTrusted": answer.is_trusted_text,
        "variables": len(answer.variables),
        "variableText": variables_text(answer.variables),
        "updatedAt": answer.updated_at.isoformat(),
        "version": answer.version,
    }


def matching(hosts: Sequence[Shown], text: str, chosen: Sequence[str]) -> list[Shown]:
    """The chosen hosts, first, and those whose name or address has the text; as many as are shown at once."""
    ticked, wanted = set(chosen), text.strip().lower()
    found = [host for host in hosts if host["id"] in ticked or wanted in f"{host['name']} {host['address']}".lower()]
    shown = [{**host, "isChosen": host["id"] in ticked} for host in found]
    return sorted(shown, key=lambda host: not host["isChosen"])[: max(SHOWN_HOSTS, len(ticked))]


def faults_of(error: OrchError | ValidationError, host_names: Sequence[str]) -> list[Shown]:
    """Each fault with the field that it is of, and what it is about where it does not say so: a variable or a host."""
    faults = (BAD_NAME,) if isinstance(error, ValidationError) else error.errors
    return [_fault(fault, host_names) for fault in faults]


def _fault(fault: Problem, host_names: Sequence[str]) -> Shown:
    _, place, *rest = fault.pointer.split("/")
    about = {"hosts": [host_names[int(index)] for index in rest] if place == "hosts" else [], "variables": rest}
    told = {"detail": fault.detail, "detailPt": fault.detail_pt or fault.detail}
    return {"place": place, "about": ".".join(about.get(place, [])), **told}
