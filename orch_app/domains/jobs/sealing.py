"""A snapshot that holds what another system keeps secret: sealed in the store, opened for the job that puts it back."""

import json

from orch_app.kit.keyring import KeyringError, keyring

_HEAD = b'{"sealed":"'


def sealed(content: bytes, job_id: str) -> bytes:
    """The snapshot of a job as it is kept: JSON around an envelope that opens as this job's only."""
    return json.dumps({"sealed": keyring().seal(content, _place(job_id))}, separators=(",", ":")).encode()


def is_sealed(content: bytes) -> bool:
    """Whether this is what `sealed` makes."""
    return content.startswith(_HEAD)


def opened(content: bytes, job_id: str) -> bytes:
    """What was sealed.

    Raises:
        KeyringError: another key sealed it, it was altered, or it is of another job.
    """
    try:
        envelope = json.loads(content)["sealed"]
    except ValueError as error:
        raise KeyringError("the sealed snapshot is malformed") from error
    return keyring().open(str(envelope), _place(job_id))


def _place(job_id: str) -> str:
    return f"job_artifacts|{job_id}|snapshot"
