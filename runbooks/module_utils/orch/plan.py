"""What a module means to do, written so that the same intention always has the same SHA-256."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from typing import Any, Iterable

SCHEMA_VERSION = 1
ACTIONS: tuple[str, ...] = ("create", "update", "delete", "noop")
FILE = "plan.json"


class Stale(Exception):
    """The plan is not the one that was expected: the target has changed since the preview."""

    code = "stale_plan"

    def __init__(self) -> None:
        super().__init__(
            "the target changed since the preview; nothing was done. Preview again and look at the new plan"
        )


def canonical(document: Any) -> bytes:
    """The one spelling of a document: UTF-8, sorted keys, no blanks."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def digest(document: Any) -> str:
    """SHA-256 (hex) of the canonical spelling."""
    return hashlib.sha256(canonical(document)).hexdigest()


def summary(items: Iterable[dict[str, Any]]) -> dict[str, int]:
    """How many items there are of each action."""
    found = [item["action"] for item in items]
    return {action: found.count(action) for action in ACTIONS}


class Plan:
    """The steps of one run. `head` is `{runbook, direction, target: {kind, id, name}}`.

    An item is `{id, action, kind, name, before, after, fields}`; one that stays as it is is only counted. `state` is
    whatever the steps were computed from, `facts` what only this runbook knows, such as a price. Nothing in all this
    may change by itself: no times, no ids of jobs.
    """

    def __init__(
        self,
        head: dict[str, Any],
        items: list[dict[str, Any]],
        *,
        state: Any,
        warnings: Iterable[dict[str, Any]] = (),
        facts: dict[str, Any] | None = None,
    ) -> None:
        self.document: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            **head,
            "summary": summary(items),
            "items": [item for item in items if item["action"] != "noop"],
            "warnings": list(warnings),
            "base": digest(state),
            **({"facts": facts} if facts else {}),
        }

    @property
    def sha256(self) -> str:
        """The plan's name: whoever approves it approves exactly this."""
        return digest(self.document)

    @property
    def changes(self) -> list[dict[str, Any]]:
        """The items that change something."""
        return self.document["items"]

    def expect(self, sha256: str) -> None:
        """Go on only if this is the plan that was seen; raises Stale. Without an expectation any plan will do."""
        if sha256 and sha256 != self.sha256:
            raise Stale

    def write(self, folder: str) -> None:
        """Write plan.json whole or not at all: its bytes are what the SHA-256 is of."""
        write_whole(os.path.join(folder, FILE), canonical(self.document))  # noqa: PTH118


def changed_fields(before: dict[str, Any] | None, after: dict[str, Any] | None) -> list[str]:
    """The names whose values differ between the two, sorted."""
    old, new = before or {}, after or {}
    return sorted(name for name in {*old, *new} if old.get(name) != new.get(name))


def write_whole(path: str, content: bytes) -> None:
    """Write a file so that a reader sees all of it or none."""
    folder = os.path.dirname(path)  # noqa: PTH120
    with tempfile.NamedTemporaryFile("wb", dir=folder, prefix=".part-", delete=False) as file:
        file.write(content)
    os.chmod(file.name, 0o644)  # noqa: PTH101
    os.replace(file.name, path)  # noqa: PTH105
