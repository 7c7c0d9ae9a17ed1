"""Files in memory, for programs and libraries that take a secret by the path of a file only."""

from __future__ import annotations

import os


class MemoryFiles:
    """Files without a name, which this process and programs that it starts open by their paths until it is closed."""

    def __init__(self) -> None:
        self._handles: list[int] = []

    def file(self, text: str) -> str:
        """The path of a file with this text; only this user opens it."""
        handle = os.memfd_create("orch", os.MFD_CLOEXEC)
        self._handles.append(handle)
        os.fchmod(handle, 0o600)
        os.write(handle, text.encode())
        return f"/proc/{os.getpid()}/fd/{handle}"

    def close(self) -> None:
        """Forget all of them."""
        while self._handles:
            os.close(self._handles.pop())
