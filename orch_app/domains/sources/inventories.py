"""Inventories that stand in the trusted edition of a source, which an import can read."""

from pathlib import Path

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.runbooks import trees
from orch_app.domains.runbooks.errors import RunbookBroken
from orch_app.domains.sources.layout import BESIDE_INVENTORIES, INVENTORIES
from orch_app.domains.sources.trusting import trusted_tree
from orch_app.kit.db import reading

OF_SEVERAL = "inventories"
MOST = 50


def inventories(actor: Actor, source_id: str) -> list[str]:
    """Their places in the source, in order: a file, a folder, or each one in a folder of several; at most `MOST`.

    None where the kept files are gone, which who trusts or runs something is told. Opens its own transaction.

    Raises:
        NotFound: there is no such source.
        Unavailable: the store does not answer.
    """
    require(actor, Permission.SOURCES_READ)
    with reading() as session:
        tree = trusted_tree(session, actor, source_id)
    try:
        folder = trees.unpacked(tree) / INVENTORIES if tree else None
    except RunbookBroken:
        return []
    return _places(folder) if folder and folder.is_dir() else []


def _places(folder: Path) -> list[str]:
    found: list[str] = []
    for path in sorted(folder.iterdir()):
        several = sorted(path.iterdir()) if path.name == OF_SEVERAL and path.is_dir() else [path]
        found += [str(one.relative_to(folder)) for one in several if one.name not in BESIDE_INVENTORIES]
    return found[:MOST]
