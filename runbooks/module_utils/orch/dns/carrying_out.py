"""Carrying out the steps of a plan in batch calls, so that at every moment it is known which of them are done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Sequence

from ansible.module_utils.orch.dns import batch
from ansible.module_utils.orch.dns.changes import Change
from ansible.module_utils.orch.dns.cloudflare import Cloudflare, is_too_large
from ansible.module_utils.orch.dns.records import Record
from ansible.module_utils.orch.upstream import UpstreamError

TRIES = 3


@dataclass
class Progress:
    """`done` steps are in the zone; of the `unsure` ones nobody knows; `error` is what put an end to it."""

    done: list[Change] = field(default_factory=list)
    unsure: list[Change] = field(default_factory=list)
    error: UpstreamError | None = None
    batches: int = 0


def carry_out(api: Cloudflare, steps: Sequence[Change], size: int) -> Progress:
    """Make the changes, `size` of them in a call, fewer when Cloudflare says that these are too many."""
    progress = Progress()
    waiting = batch.chunks(steps, size)
    while waiting and progress.error is None:
        error = _make(api, waiting[0], progress)
        if error is None:
            progress.done += waiting.pop(0)
            progress.batches += 1
        elif is_too_large(error) and len(waiting[0]) > 1:
            waiting = batch.chunks([step for chunk in waiting for step in chunk], len(waiting[0]) // 2)
        else:
            progress.error = error
    return progress


def _make(api: Cloudflare, chunk: Sequence[Change], progress: Progress) -> UpstreamError | None:
    """One transaction; what put an end to it, or None.

    After a call that may have been carried out the zone is read and compared before another try.
    """
    error: UpstreamError | None = None
    may_be_done = False
    for _ in range(TRIES):
        error = _tried(api, chunk)
        may_be_done = may_be_done or bool(error and error.may_have_acted)
        if error is None or not may_be_done:
            return error
        found, blind = _seen(api, chunk)
        if all(found):
            return None
        if blind or any(found):
            progress.unsure += chunk
            return blind or error
    return error


def _tried(api: Cloudflare, chunk: Sequence[Change]) -> UpstreamError | None:
    try:
        api.apply(chunk)
    except UpstreamError as error:
        return error
    return None


def _seen(api: Cloudflare, chunk: Sequence[Change]) -> tuple[list[bool], UpstreamError | None]:
    """For each step whether it is done, and why this cannot be known."""
    try:
        return are_done(chunk, api.records()), None
    except UpstreamError as error:
        return [False], error


def are_done(steps: Sequence[Change], live: Sequence[Record]) -> list[bool]:
    """For each step whether the zone is as it shall be after it."""
    now = {record.id: record for record in live}
    said = {record.says: record for record in live}
    return [
        step.record.id not in now
        if step.after is None
        else (now.get(step.record.id) if step.before else said.get(step.record.says)) == step.after
        for step in steps
    ]
