"""One import: have Ansible read the inventory, compare it with what is there, plan, tell what to take over."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Mapping, Sequence

from ansible.module_utils.orch import connections, plan
from ansible.module_utils.orch.connections import NoConnection
from ansible.module_utils.orch.inventory import asking, comparing, hetzner, netbox, reading, report, static, undoing
from ansible.module_utils.orch.inventory.asking import Unlisted
from ansible.module_utils.orch.inventory.comparing import Step, Terms, There
from ansible.module_utils.orch.inventory.faults import Fault
from ansible.module_utils.orch.inventory.reading import Manner
from ansible.module_utils.orch.inventory.remarks import Remarks
from ansible.module_utils.orch.inventory.report import Report
from ansible.module_utils.orch.inventory.things import HOST, Found
from ansible.module_utils.orch.upstream import Reach

SNAPSHOT = "snapshot.json"
SOURCE, HETZNER, NETBOX = "source", "hcloud", "netbox"


@dataclass(frozen=True)
class Order:
    """What is asked for. `there` is what the environment holds, `undo` the snapshot that is taken back.

    `slots` are the files of the connections by the slot that they fill; `root` is the folder of the source.
    """

    inputs: Mapping[str, Any]
    environment: str
    there: Mapping[str, Any]
    artifacts_dir: str
    root: str = ""
    slots: Mapping[str, str] = field(default_factory=dict)
    reach: Reach = field(default_factory=Reach)
    undo: Mapping[str, Any] | None = None
    expect_plan: str = ""
    is_preview: bool = False

    @property
    def is_trusted(self) -> bool:
        """Whether templates may be worked out: those of a trusted edition, and never those of a snapshot."""
        return self.undo is None and self.inputs["from"] == SOURCE

    @property
    def terms(self) -> Terms:
        """What the comparison must know."""
        said = self.inputs
        return Terms(said["name"], said["default_user"], self.is_trusted, said["remove_missing"])


def run(order: Order) -> Report:
    """Do what is asked for; what goes wrong is in the report."""
    done, remarks = Report(), Remarks()
    try:
        _run(order, done, remarks)
    except (Fault, NoConnection) as fault:
        done.fail(fault.code, str(fault))
    except OSError as error:
        done.fail("snapshot_failed", f"a file could not be read or written: {error.strerror}")
    return done


def _run(order: Order, done: Report, remarks: Remarks) -> None:
    there = There.of(order.there)
    steps = _steps(order, there, remarks)
    done.bind(_plan(order, steps, remarks), steps, order.artifacts_dir, order.expect_plan)
    _require_possible(order, steps, done)
    changes = [step for step in steps if step.action in ("create", "update", "delete")]
    if done.failure or order.is_preview or not changes:
        return
    kept = undoing.document(order.inputs["name"], order.environment, changes)
    plan.write_whole(str(Path(order.artifacts_dir) / SNAPSHOT), plan.canonical(kept))
    done.snapshot_ref = SNAPSHOT
    done.inventory = report.handed_over(order.inputs["name"], changes, is_trusted=order.is_trusted)


def _steps(order: Order, there: There, remarks: Remarks) -> list[Step]:
    if order.undo is not None:
        return undoing.steps(order.undo, order.inputs["name"], there)
    found = _found(order, remarks)
    known = [name for name in there.hosts if there.is_of(HOST, name, order.inputs["name"])]
    if known and not found.hosts:
        raise Fault("suspicious_empty", f"there is no host in it any more, where the import once brought {len(known)}")
    return comparing.steps(found, there, order.terms)


def _found(order: Order, remarks: Remarks) -> Found:
    """What the inventory holds; the folder in which Ansible reads it is gone afterwards."""
    folder = tempfile.mkdtemp(prefix="inventory-", dir=os.environ.get("TMPDIR"))
    try:
        return _READERS[order.inputs["from"]](order, Path(folder), remarks)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _of_source(order: Order, folder: Path, remarks: Remarks) -> Found:
    question = static.question(Path(order.root), order.inputs["path"], folder, remarks)
    listing = asking.ask(question, folder)
    return reading.read(listing.document, Manner(order.inputs["group_prefix"]), remarks)


def _of_hetzner(order: Order, folder: Path, remarks: Remarks) -> Found:
    connection = _connection(order, "hetzner")
    listing = asking.ask(hetzner.question(connection, order.inputs["hcloud"], order.reach, folder), folder)
    manner = Manner(order.inputs["group_prefix"], tells_all=True, labels=hetzner.labels)
    return reading.read(listing.data, manner, remarks)


def _of_netbox(order: Order, folder: Path, remarks: Remarks) -> Found:
    connection = _connection(order, "netbox")
    reach = Reach(order.reach.allow, order.reach.deny, verify=bool(connection.get("tlsVerify", True)))
    question = netbox.question(connection, order.inputs["netbox"], reach, folder)
    try:
        listing = asking.ask(question, folder)
    except Unlisted as fault:
        raise netbox.explained(fault) from None
    document = netbox.understood(listing, remarks)
    return reading.read(document, Manner(order.inputs["group_prefix"], tells_all=True), remarks)


_READERS = {SOURCE: _of_source, HETZNER: _of_hetzner, NETBOX: _of_netbox}


def _connection(order: Order, slot: str) -> dict[str, Any]:
    """What fills a slot, whose token goes into a file in which Ansible looks for templates; raises Fault."""
    if slot not in order.slots:
        raise Fault("validation", f"this import needs a connection in the slot {slot}")
    found = connections.read(order.slots[slot], slot)
    if any(mark in str(found["token"]) for mark in ("{{", "{%", "{#")):
        raise Fault("validation", "the token of the connection looks like a template; copy it again")
    return found


def _plan(order: Order, steps: Sequence[Step], remarks: Remarks) -> plan.Plan:
    name = order.inputs["name"]
    target = {"kind": "inventory", "id": f"{order.environment}/{name}", "name": name}
    direction = "apply" if order.undo is None else "rollback"
    head = {"runbook": undoing.RUNBOOK, "direction": direction, "target": target}
    state = [[step.kind, step.name, step.before] for step in steps]
    notes = [
        {"code": "noted", "message": f"{step.kind} {step.name}: {step.note}", "item": f"{step.kind}:{step.name}"}
        for step in steps
        if step.note
    ]
    return plan.Plan(head, [step.item for step in steps], state=state, warnings=remarks.told() + notes[:1000])


def _require_possible(order: Order, steps: Sequence[Step], done: Report) -> None:
    objections = [step for step in steps if step.objection]
    if objections and (order.inputs["on_conflict"] == "fail" or order.undo is not None):
        names = ", ".join(f"{step.kind} {step.name}" for step in objections[:5])
        more = f" and {len(objections) - 5} more" if len(objections) > 5 else ""  # noqa: PLR2004
        hint = "Rename or remove them, give the groups a prefix, or have conflicts left out"
        done.fail("conflict", f"somebody else brought {names}{more}. {hint}")
    removed, most = sum(step.action == "delete" for step in steps), order.inputs["max_removals"]
    if removed > most and order.undo is None:
        done.fail("validation", f"the plan removes {removed} hosts and groups, and max_removals allows {most}")
