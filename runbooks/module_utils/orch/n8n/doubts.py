"""What about a new backup should make somebody look: less than there was, another key, nothing at all."""

from __future__ import annotations

from typing import Sequence

from ansible.module_utils.orch.n8n.bundle import Bundle
from ansible.module_utils.orch.n8n.faults import Fault
from ansible.module_utils.orch.n8n.things import CREDENTIAL, WORKFLOW, Thing, listed

LOST = "the last backup cannot be read any more; this one stands on its own"
NEW_KEY = (
    "the server uses another encryption key than at the last backup: credentials of older backups need the old key"
)
NOT_ALL = "the last backup has {} too, and this one does not; a restore takes the newest unless it names another"
FEWER = 0.5


def comparable(earlier: Bundle | None, taken: Bundle) -> list[Thing]:
    """What the last backup has of the kinds that were read now: of others nobody can say what became of them."""
    return [one for one in earlier.things if one.kind in taken.facts.kinds] if earlier else []


def remarks(earlier: Bundle, taken: Bundle) -> list[dict[str, str]]:
    """Warnings that a comparison with the last backup gives."""
    found = []
    old, new = earlier.facts.key_fingerprint, taken.facts.key_fingerprint
    if old and new and old != new:
        found.append({"code": "new_key", "message": NEW_KEY})
    left = sorted(set(earlier.facts.kinds) - set(taken.facts.kinds))
    if left:
        found.append({"code": "not_all", "message": NOT_ALL.format(listed(f"{kind}s" for kind in left))})
    return found + [remark for kind in (WORKFLOW, CREDENTIAL) for remark in _fewer(kind, earlier, taken)]


def _fewer(kind: str, earlier: Bundle, taken: Bundle) -> list[dict[str, str]]:
    before, after = _count(kind, comparable(earlier, taken)), _count(kind, taken.things)
    if after >= before * FEWER:
        return []
    message = f"there are {after} {kind}s, and {before} in the last backup: were they removed, or are they not shown?"
    return [{"code": "fewer", "message": message}]


def require_plausible(earlier: Bundle | None, taken: Bundle) -> None:
    """Nothing where there was something is no backup, nor where nobody can read what there was; raises Fault."""
    before = _count(WORKFLOW, earlier.things) if earlier else None
    if before == 0 or _count(WORKFLOW, taken.things):
        return
    had = f"has {before}" if before else "cannot be read"
    message = f"the server shows no workflow, and the last backup {had}. Nothing was kept; earlier ones stay"
    raise Fault("suspicious_empty", f"{message}. If it is meant to be empty, allow an empty backup")


def _count(kind: str, kept: Sequence[Thing]) -> int:
    return sum(one.kind == kind for one in kept)
