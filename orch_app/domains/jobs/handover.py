"""What a play hands over to the inventory, taken over when its job ends, in the transaction that writes the end.

Only a runbook that declares it under `registers` hands anything over: `hosts` that its play made, changed or took away,
at whatever end, for they are so; an `inventory` that it imports, at a good end only, for until then nothing is so.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError
from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.inventory.imports import Import, Place, take_in
from orch_app.domains.jobs import handed_hosts
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.states import Mode
from orch_app.domains.runbooks.models import Runbook
from orch_app.integrations.ssh.keys import KeyRefused
from orch_app.kit.errors import OrchError
from orch_app.kit.json_text import pointer

HOSTS, INVENTORY = "hosts", "inventory"
SLOT = "ssh"
"""The slot whose connection reaches the hosts that an import brings."""
Document = Mapping[str, Any]


def take_over(
    session: Session, actor: Actor, job: Job, runbook: Runbook, document: Document | None, *, is_good: bool
) -> str:
    """Bring the inventory up to what the output says; all of it or, where one row cannot be, nothing.

    Answers why it was not taken over, empty where it was. The audit entries carry the job's id as their request.
    """
    if document is None or job.run_mode == Mode.PREVIEW:
        return ""
    declared, at_work = runbook.meta.get("registers", []), replace(actor, request_id=job.id)
    try:
        with session.begin_nested():
            for row in handed_hosts.Handed.model_validate(document).hosts if HOSTS in declared else ():
                handed_hosts.take(session, at_work, job, row)
            if is_good and INVENTORY in declared and document.get(INVENTORY):
                _take_in(session, at_work, job, runbook, document[INVENTORY])
    except OrchError as error:
        faults = "; ".join(f"{fault.pointer}: {fault.detail}" for fault in error.errors)
        return f"The inventory was left as it is: {error.detail} {faults}".strip()
    except ValidationError as error:
        first = error.errors()[0]
        return f"The inventory was left as it is: {pointer(first['loc'])} of the output: {first['msg']}"
    except (KeyRefused, KeyError) as error:
        return f"The inventory was left as it is: a host of the output cannot be read ({type(error).__name__})."
    return ""


def _take_in(session: Session, actor: Actor, job: Job, runbook: Runbook, said: Document) -> None:
    document = Import.model_validate(said)
    place = Place(job.environment, job.connection_ids.get(SLOT))
    take_in(session, actor, document, place, is_trusted=document.trusted and _is_of_an_edition(job, runbook))


def _is_of_an_edition(job: Job, runbook: Runbook) -> bool:
    """Whether the play was given the trusted edition of a source to read from; that it says so is not enough."""
    return "source" in runbook.meta.get("gives", []) and job.input_json.get("from") == "source"
