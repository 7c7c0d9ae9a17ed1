"""Why an import ends; found before anything is handed over."""

from __future__ import annotations


class Fault(Exception):
    """What is in the way, with a failure code of the job."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
