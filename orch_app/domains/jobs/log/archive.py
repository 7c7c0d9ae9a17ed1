"""The log of a job whose rows have gone: the same lines, read from its logs.ndjson."""

import json
from collections.abc import Iterator
from contextlib import suppress

from orch_app.domains.jobs.file_keys import key_of
from orch_app.domains.jobs.log.lines import Line
from orch_app.domains.jobs.models import Job
from orch_app.integrations.object_store import open_store

NAME = "logs.ndjson"


def is_there(job_id: str, fence: int) -> bool:
    """Whether the archived log of a job can be read.

    Raises:
        Unavailable: the store of artifacts does not answer.
    """
    try:
        open_store().size(key_of(job_id, fence, NAME))
    except FileNotFoundError:
        return False
    return True


def read(job: Job) -> Iterator[Line]:
    """Every archived line in order; nothing when the file has been purged.

    Raises:
        Unavailable: the store of artifacts does not answer.
    """
    with suppress(FileNotFoundError):
        for text in open_store().lines(key_of(job.id, job.fence, NAME)):
            yield Line.from_wire(json.loads(text))
