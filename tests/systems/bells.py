"""The doorbell of this process: what a test installs must not ring in the next one."""

from collections.abc import Iterator
from contextlib import contextmanager

from orch_app.kit import queue


@contextmanager
def bells_put_back() -> Iterator[None]:
    """Afterwards the doorbell is the one that was found, whatever was installed meanwhile."""
    before = list(queue._bells), list(queue._probes)
    try:
        yield
    finally:
        queue._bells[:], queue._probes[:] = before
