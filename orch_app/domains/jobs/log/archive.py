"""The log of a job whose rows have gone: the same lines, read from its logs.ndjson."""

import json
from collections.abc import Iterator
from pathlib import Path

from orch_app.domains.jobs.log.lines import Line
from orch_app.kit.settings import settings

NAME = "logs.ndjson"


def path_of(job_id: str) -> Path:
    """Where a job's archived log lies."""
    return settings().artifacts_path / job_id / NAME


def read(job_id: str) -> Iterator[Line]:
    """Every archived line in order; nothing when the file has been purged."""
    try:
        file = path_of(job_id).open(encoding="utf-8")
    except FileNotFoundError:
        return
    with file:
        for text in file:
            yield Line.from_wire(json.loads(text))
