"""What the run drawer shows of a runbook: its form, the hosts and connections that may be chosen, and what blocks."""

import contextlib
import json
import shlex
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.launch_matrix import Verdict
from orch_app.domains.access.permissions import Permission
from orch_app.domains.inventory.group_tree import ALL
from orch_app.domains.inventory.grouping import Grouping, read_grouping
from orch_app.domains.inventory.models import Host
from orch_app.domains.inventory.queries import get_host, list_connections, list_hosts
from orch_app.domains.inventory.wire import ConnectionsQuery, HostsQuery
from orch_app.domains.jobs import modes
from orch_app.domains.jobs.host_limit import read_limit
from orch_app.domains.jobs.queries import get_job, list_workers, typical_duration_s
from orch_app.domains.jobs.verdicts import role_for, verdict_on
from orch_app.domains.runbooks.form import form_model
from orch_app.domains.runbooks.inputs import with_defaults
from orch_app.domains.runbooks.models import Runbook
from orch_app.domains.runbooks.queries import get_runbook
from orch_app.kit.errors import Invalid, Problem
from orch_app.state.address import address

AT_ONCE = 200
MOST_HOSTS = 2_000
SHOWN_HOSTS = 100
SHOWN_LABELS = 8
LONGEST_INPUTS = 4_000
LONG = ("inputs", "hosts", "limit", "tags", "skipTags", "connections")
LONGEST_CURL = 16_000
ORDER_FILE = "order.json"
ENVIRONMENTS = ("stage", "prod")
ON_HOSTS = ("hosts", "both")
Shown = dict[str, Any]
AROUND = ("hosts", "connections", "environment", "limit", "tags", "skipTags")
PORTUGUESE = "## Português"
NO_GROUPS = Grouping({}, {})
NO_NAME = Problem("/name", "required", "Give it a name.", "Dê um nome.")
NO_DATE = Problem("/startsAt", "moment", "This date cannot be read.", "Esta data não pode ser lida.")
NO_HOST = Problem("/hosts", "required", "Choose at least one host.", "Escolha pelo menos um host.")


def read_form(session: Session, actor: Actor, name: str) -> Shown:
    """The runbook itself and its empty form.

    Raises:
        NotFound: there is no such runbook.
    """
    runbook = get_runbook(session, actor, name)
    fields = form_model(runbook.input_schema) if runbook.input_schema else []
    return {
        "runbook": {
            "name": runbook.name,
            "title": runbook.title or runbook.name,
            "titlePt": runbook.title_pt or runbook.title or runbook.name,
            "description": runbook.description,
            "descriptionPt": runbook.description_pt or runbook.description,
            "version": runbook.version,
            "risk": runbook.risk,
            "target": runbook.meta.get("target", "localhost"),
            "timeoutS": runbook.meta.get("timeout_s", 0),
            "brokenReason": runbook.broken_reason,
            "hasPreview": modes.needs_plan(runbook),
            "playTags": runbook.meta.get("play_tags", []),
        },
        "readme": readme_of(runbook.readme),
        "fields": fields,
        "slots": slots_of(runbook),
        "start": with_defaults(runbook.input_schema or {}, first_rows(fields)),
        "environment": runbook.meta.get("default_environment", "stage"),
        "typical_s": typical_duration_s(session, name),
        "workers": len(list_workers(session, actor)),
        "needed": {place: role_for(runbook, place).value for place in ENVIRONMENTS},
        "blocks": {place: _blocked(session, actor, runbook, place) for place in ENVIRONMENTS},
        "approvals": {place: _approval(session, actor, runbook, place) for place in ENVIRONMENTS},
    }


def slots_of(runbook: Runbook) -> list[Shown]:
    """Its slots; one that is `after` another is asked for when that is filled."""
    return [{"after": "", "required": True, **slot} for slot in runbook.meta.get("connections", [])]


def first_rows(fields: Sequence[Shown]) -> Shown:
    """Lists of objects that must not be empty, each with as many rows as it needs at least."""
    lists = [field for field in fields if field["kind"] == "table" and field["required"] and field.get("minItems")]
    return {field["name"]: [{} for _ in range(field["minItems"])] for field in lists}


def readme_of(text: str) -> dict[str, str]:
    """A README by language: what stands below the heading "Português" is for Portuguese readers, the rest for others.

    Without that heading everybody reads the same. The first heading is left out: the drawer has the title.
    """
    english, _, portuguese = text.partition(f"\n{PORTUGUESE}\n")
    body = english.partition("\n")[2] if english.startswith("# ") else english
    return {"en": body.strip(), "pt": (portuguese or body).strip()}


def read_choices(
    session: Session, actor: Actor, environment: str, slots: Sequence[Shown], *, with_hosts: bool
) -> Shown:
    """Hosts and connections of an environment, as far as the actor may see them."""
    hosts = _all_hosts(session, actor, environment) if with_hosts else []
    grouping = read_grouping(session, actor, environment) if with_hosts else NO_GROUPS
    may_use = actor.may(Permission.CONNECTIONS_READ)
    return {
        "hosts": [_host(host, sorted(grouping.of(host.id) - {ALL})) for host in hosts],
        "connections": {slot["slot"]: _options(session, actor, environment, slot) if may_use else [] for slot in slots},
    }


def obvious(slots: Sequence[Shown], options: Mapping[str, Sequence[Shown]]) -> dict[str, str]:
    """What fills the slots that only one connection fits, but not those that are for one more of the same type."""
    first = [slot["slot"] for slot in slots if not slot["after"]]
    return {slot: options[slot][0]["value"] for slot in first if len(options[slot]) == 1}


def environment_of_host(session: Session, actor: Actor, host_id: str) -> str:
    """Where a host belongs, and so the job that works on it.

    Raises:
        NotFound: there is no such host.
    """
    return get_host(session, actor, host_id).environment


def read_again(session: Session, actor: Actor, job_id: str) -> Shown:
    """What an earlier job was asked to do, to begin a new order with."""
    job = get_job(session, actor, job_id)
    return {
        "start": job.input_json,
        "environment": job.environment,
        "host_ids": job.host_ids,
        "chosen": job.connection_ids,
        "reason": job.request_reason,
        "tags": job.tags_json.get("only", []),
        "skip_tags": job.tags_json.get("skip", []),
    }


def matching(hosts: Sequence[Shown], text: str, chosen: Sequence[str]) -> list[Shown]:
    """Hosts that mention every word, by name, address or `label=value`; the chosen ones stay in sight, first."""
    words = text.lower().split()
    found = [host for host in hosts if all(word in host["words"] for word in words) or host["id"] in chosen]
    shown = [{**host, "isChosen": host["id"] in chosen} for host in found]
    return sorted(shown, key=lambda host: not host["isChosen"])[:SHOWN_HOSTS] if words else shown[:SHOWN_HOSTS]


def limited(limit: str, hosts: Sequence[Shown], chosen: Sequence[str]) -> int:
    """How many hosts a limit means now, of the chosen ones if there are some; -1 while it says nothing."""
    try:
        pattern = read_limit(limit)
    except Invalid:
        return -1
    ids = set(chosen)
    known = [host for host in hosts if host["id"] in ids] if ids else hosts
    return sum(pattern.matches(host["name"], _pairs(host["labels"]), host["groups"]) for host in known)


def groups_of(hosts: Sequence[Shown], chosen: Sequence[str]) -> list[Shown]:
    """The groups of these hosts: how many of each a job can work on, and whether all of them are chosen."""
    ticked, found = set(chosen), dict[str, list[str]]()
    for host in hosts:
        for name in host["groups"] if not host["fault"] else ():
            found.setdefault(name, []).append(host["id"])
    return [
        {"name": name, "count": len(found[name]), "isChosen": ticked.issuperset(found[name])} for name in sorted(found)
    ]


def with_group(hosts: Sequence[Shown], chosen: Sequence[str], group: str) -> list[str]:
    """The chosen hosts with all of a group that a job can work on; without them where they were all chosen."""
    inside = [host["id"] for host in hosts if group in host["groups"] and not host["fault"]]
    rest = [host_id for host_id in chosen if host_id not in set(inside)]
    return rest if set(inside) <= set(chosen) else [*rest, *inside]


def labels_of(hosts: Sequence[Shown]) -> list[str]:
    """The labels that most hosts share, as `key=value`, for filtering by one press."""
    counts: dict[str, int] = {}
    for host in hosts:
        for label in host["labels"]:
            counts[label] = counts.get(label, 0) + 1
    return sorted(counts, key=lambda label: (-counts[label], label))[:SHOWN_LABELS]


def split_faults(faults: Sequence[Problem], names: AbstractSet[str]) -> tuple[list[Problem], list[Problem]]:
    """Faults of the inputs (of these names), and those of the order around them: `/hosts/0`, `/connections/x`."""
    outer = [fault for fault in faults if _first(fault) in AROUND and _first(fault) not in names]
    return [fault for fault in faults if fault not in outer], outer


def sentences(faults: Sequence[Problem]) -> tuple[dict[str, str], dict[str, str]]:
    """The first sentence for each pointer, in English and in Portuguese."""
    english: dict[str, str] = {}
    portuguese: dict[str, str] = {}
    for fault in faults:
        english.setdefault(fault.pointer, fault.detail)
        portuguese.setdefault(fault.pointer, fault.detail_pt or fault.detail)
    return english, portuguese


def around(fault: Problem) -> Shown:
    """A fault of the order with its place (`hosts`, `connections`, `environment`) and which of them."""
    _, place, *rest = fault.pointer.split("/")
    portuguese = fault.detail_pt or fault.detail
    return {"place": place, "at": "".join(rest[:1]), "detail": fault.detail, "detailPt": portuguese}


def curl_of(origin: str, runbook: str, body: Mapping[str, Any]) -> str:
    """The same order as a call of the REST API, ready to be pasted into a shell; a long one reads a file."""
    document = json.dumps(dict(body), ensure_ascii=False)
    sent = shlex.quote(document) if len(document) <= LONGEST_CURL else f"@{ORDER_FILE}"
    return (
        f"curl -X POST {shlex.quote(f'{origin}/v1/runbooks/{runbook}/execute')} \\\n"
        f"  -H 'Authorization: Bearer '\"$TOKEN\" \\\n"
        f"  -H 'Content-Type: application/json' \\\n"
        f"  -d {sent}"
    )


def link_of(origin: str, body: Mapping[str, Any], runbook: str) -> str:
    """The address that opens the drawer filled in like this; empty when the values are too many for an address."""
    inputs = json.dumps(body["inputs"], ensure_ascii=False, separators=(",", ":"))
    if len(inputs) > LONGEST_INPUTS:
        return ""
    asked = {"run": runbook, "environment": body["environment"], "hosts": ",".join(body.get("hosts", []))}
    asked["connections"] = json.dumps(body["connections"], separators=(",", ":")) if body.get("connections") else ""
    asked |= {name: ",".join(body.get(name, [])) for name in ("tags", "skipTags")} | {"limit": body.get("limit", "")}
    return origin + address("/runbooks", asked | {"inputs": inputs if body["inputs"] else ""})


def linked(asked: Mapping[str, str]) -> Shown:
    """What such an address fills in; what it does not name, or nonsense, stays as the form begins.

    A slot that it names with an empty text stays empty, though there may be only one connection for it.
    """
    written = {"start": _object_in(asked["inputs"]), "chosen": _object_in(asked["connections"])}
    found: Shown = {name: value for name, value in written.items() if value is not None}
    if asked["environment"] in ENVIRONMENTS:
        found["environment"] = asked["environment"]
    lists = {"host_ids": "hosts", "tags": "tags", "skip_tags": "skipTags"}
    found |= {field: asked[name].split(",")[:SHOWN_HOSTS] for field, name in lists.items() if asked[name]}
    if asked["limit"]:
        found["limit"] = asked["limit"]
    return found


def _pairs(labels: Sequence[str]) -> dict[str, str]:
    """`key=value` texts as what they were."""
    return {key: value for key, _, value in (label.partition("=") for label in labels)}


def scope_of(limit: str, tags: Sequence[str], skip_tags: Sequence[str]) -> str:
    """What an order is narrowed to, as Ansible's own options would say it; empty where it is not."""
    said = {"--limit": limit, "--tags": ",".join(tags), "--skip-tags": ",".join(skip_tags)}
    return " ".join(f"{option} {value}" for option, value in said.items() if value)


def _object_in(text: str) -> Shown | None:
    """The JSON object that a text is; None for any other."""
    with contextlib.suppress(ValueError, RecursionError):
        found = json.loads(text)
        return found if isinstance(found, dict) else None
    return None


def _first(fault: Problem) -> str:
    return fault.pointer.split("/")[1] if "/" in fault.pointer else ""


def _blocked(session: Session, actor: Actor, runbook: Runbook, environment: str) -> str:
    """Why the actor cannot run it there: broken, disabled or role; empty when nothing is in the way."""
    if runbook.broken_reason or not runbook.enabled:
        return "broken" if runbook.broken_reason else "disabled"
    if not actor.may(Permission.RUNBOOKS_EXECUTE):
        return "role"
    return "role" if verdict_on(session, actor, runbook, environment) is Verdict.DENY else ""


def _approval(session: Session, actor: Actor, runbook: Runbook, environment: str) -> str:
    """Whose approval a run there waits for: `approval` of anybody who may, `other_person`, or empty for nobody's."""
    found = verdict_on(session, actor, runbook, environment)
    return found.value if found in {Verdict.APPROVAL, Verdict.OTHER_PERSON} else ""


def _all_hosts(session: Session, actor: Actor, environment: str) -> list[Host]:
    found: list[Host] = []
    cursor: str | None = ""
    while cursor is not None and len(found) < MOST_HOSTS:
        page = list_hosts(session, actor, HostsQuery(environment=[environment], limit=AT_ONCE, cursor=cursor))  # pyright: ignore[reportArgumentType]
        found += page.items
        cursor = page.next_cursor
    return found


def _host(host: Host, groups: Sequence[str]) -> Shown:
    labels = [f"{key}={value}" for key, value in sorted(host.labels.items())]
    return {
        "id": host.id,
        "name": host.name,
        "address": host.address,
        "labels": labels,
        "groups": groups,
        "words": " ".join((host.name, host.address, *labels, *groups)).lower(),
        "fault": _fault(host),
        "isChosen": False,
    }


def _fault(host: Host) -> str:
    """Why no job can work on the host; empty when one can."""
    if not host.connection_id:
        return "no_connection"
    if host.status == "key_changed":
        return "key_changed"
    return "" if host.host_key else "no_host_key"


def _options(session: Session, actor: Actor, environment: str, slot: Shown) -> list[Shown]:
    wanted = ConnectionsQuery(environment=[environment], type=[slot["type"]], limit=AT_ONCE)  # pyright: ignore[reportArgumentType]
    return [{"value": row.id, "label": row.name} for row in list_connections(session, actor, wanted).items]
