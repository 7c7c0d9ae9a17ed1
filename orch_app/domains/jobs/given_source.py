"""The inventories in the trusted edition of a source, for runbooks that ask for them: `gives: [source]`.

The input `source` names the source. What its play reads is what an admin trusted, whatever was fetched since.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs.errors import PreparationError
from orch_app.domains.jobs.models import Job
from orch_app.domains.runbooks.errors import RunbookBroken
from orch_app.domains.runbooks.models import Runbook
from orch_app.domains.runbooks.trees import KeptTree, unpacked
from orch_app.domains.sources.layout import INVENTORIES
from orch_app.domains.sources.trusting import trusted_tree
from orch_app.kit.errors import Invalid, NotFound, Problem

SOURCE = "source"


def require_trusted(session: Session, actor: Actor, runbook: Runbook, inputs: Mapping[str, Any]) -> None:
    """Whether the inputs name a source that this actor may read and that has a trusted edition, if they name one.

    Raises:
        Forbidden: the actor may not read sources.
        Invalid: at the input.
    """
    source_id = _named(runbook, inputs)
    if not source_id:
        return
    try:
        fault = "" if trusted_tree(session, actor, source_id) else "no edition of this source is trusted yet"
    except NotFound:
        fault = "there is no such source"
    if fault:
        problem = Problem(f"/{SOURCE}", "source", fault)
        raise Invalid("It cannot be run like that.", "validation", errors=(problem,))


def find(session: Session, actor: Actor, job: Job, runbook: Runbook) -> KeptTree | None:
    """The tree that this job is to be given; None for one that asks for none, or takes another back.

    Raises:
        PreparationError: the source is gone, or has no trusted edition.
    """
    source_id = "" if job.rollback_of else _named(runbook, job.input_json)
    if not source_id:
        return None
    try:
        tree = trusted_tree(session, actor, source_id)
    except NotFound as error:
        raise PreparationError("The source that the inputs name is gone.") from error
    if tree is None:
        raise PreparationError("No edition of the source that the inputs name is trusted.")
    return tree


def hand_over(tree: KeptTree, folder: Path) -> None:
    """Copy the inventories of the edition to where the play reads them; a source without any leaves an empty folder.

    Raises:
        PreparationError: the files of the edition are gone or damaged.
        Unavailable: the store that has them does not answer.
    """
    try:
        found = unpacked(tree) / INVENTORIES
    except RunbookBroken as broken:
        message = f"The files of the source's trusted edition cannot be read: {broken.reason}."
        raise PreparationError(message) from broken
    if found.is_dir():
        shutil.copytree(found, folder)
    else:
        folder.mkdir(mode=0o755)


def _named(runbook: Runbook, inputs: Mapping[str, Any]) -> str:
    return str(inputs.get(SOURCE, "")) if SOURCE in runbook.meta.get("gives", []) else ""
