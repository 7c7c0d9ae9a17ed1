"""A job's log as a file, of text or of JSON lines: the same lines as everywhere, also while more are being written."""

import json
from collections.abc import Callable, Iterator
from typing import Literal

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs.log import archive
from orch_app.domains.jobs.log.lines import Line
from orch_app.domains.jobs.log.reader import LogFilter, lines_after
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.queries import get_job
from orch_app.kit.db import reading

AT_ONCE = 2_000
Form = Literal["txt", "ndjson"]


def log_file(actor: Actor, job_id: str, wanted: LogFilter, form: Form) -> Iterator[str]:
    """The lines that the filter matches, read page by page so that a long log costs no memory.

    Raises:
        NotFound: there is no such job.
    """
    with reading() as session:
        job = get_job(session, actor, job_id)
    return map(_WRITERS[form], _lines(actor, job, wanted))


def _lines(actor: Actor, job: Job, wanted: LogFilter) -> Iterator[Line]:
    if job.log_archived:
        yield from filter(wanted.matches, archive.read(job))
        return
    after = 0
    while True:
        with reading() as session:
            page = lines_after(session, get_job(session, actor, job.id), after, AT_ONCE, wanted)
        yield from page
        if len(page) < AT_ONCE:
            return
        after = page[-1].seq


def _as_text(line: Line) -> str:
    told = line.to_wire()
    return f"{told['ts']} {line.level:<7} {line.host or '-'} | {line.message}\n"


def _as_json(line: Line) -> str:
    return f"{json.dumps(line.to_wire(), ensure_ascii=False)}\n"


_WRITERS: dict[Form, Callable[[Line], str]] = {"txt": _as_text, "ndjson": _as_json}
