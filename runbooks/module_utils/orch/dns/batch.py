"""Changes as the bodies of batch calls: what belongs to one name travels together, in the order of the transaction."""

from __future__ import annotations

from itertools import groupby
from typing import Any, Iterable, Sequence

from ansible.module_utils.orch.dns.changes import Change
from ansible.module_utils.orch.dns.records import to_api

DEFAULT_SIZE = 200  # what every plan of Cloudflare takes
_SAID_WHEN_SET = ("proxied", "comment", "tags")
_RANK = {"delete": 0, "update": 1, "create": 2}


def chunks(steps: Sequence[Change], size: int) -> list[list[Change]]:
    """The steps in chunks of at most `size`.

    All steps of one name are in one chunk, so that a name is never seen half changed; only a name with more steps than
    fit is cut, deletions first.
    """
    made: list[list[Change]] = [[]]
    for _, group in groupby(steps, key=lambda step: step.record.name):
        of_name = sorted(group, key=lambda step: _RANK[step.action])
        for piece in _cut(of_name, size):
            if len(made[-1]) + len(piece) > size:
                made.append([])
            made[-1] += piece
    return [chunk for chunk in made if chunk]


def _cut(steps: Sequence[Change], size: int) -> Iterable[Sequence[Change]]:
    return (steps[start : start + size] for start in range(0, len(steps), size))


def body(chunk: Iterable[Change]) -> dict[str, list[dict[str, Any]]]:
    """The call that makes these changes. Cloudflare carries out deletes, then patches, then posts, all or none."""
    found: dict[str, list[dict[str, Any]]] = {"deletes": [], "patches": [], "posts": []}
    for step in chunk:
        if step.after is None:
            found["deletes"].append({"id": step.record.id})
        elif step.before is None:
            found["posts"].append(_post(step))
        else:
            found["patches"].append({"id": step.before.id, **to_api(step.after, _attributes(step))})
    return {name: entries for name, entries in found.items() if entries}


def _post(step: Change) -> dict[str, Any]:
    record = step.record
    found = to_api(record, ["ttl", *(name for name in _SAID_WHEN_SET if getattr(record, name))])
    return {**found, "settings": dict(record.settings)} if record.settings else found


def _attributes(step: Change) -> list[str]:
    return [name for name in step.fields if name not in ("value", "priority")]
