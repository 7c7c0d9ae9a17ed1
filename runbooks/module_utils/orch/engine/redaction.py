"""Hiding what looks like a secret in lines of logs; the product has the same in `orch_app/kit/secret_shapes.py`."""

from __future__ import annotations

import re
from typing import Iterable

MASK = "***"
SHORTEST = 6
_NAMES = r"(?i)((?:passw(?:or)?d|passphrase|pwd|secret|token|(?:api|access|private)[_-]?key|credentials?)"
SHAPES = (
    (r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}", MASK),
    (r"(?:gh[pousr]_|glpat-|ptr_|orch_pat_|xox[abprs]-|sk-)[A-Za-z0-9_=+/-]{16,}", MASK),
    (r"\bAKIA[0-9A-Z]{16}\b", MASK),
    (r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}", r"\1 " + MASK),
    (r"(?i)([a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s@/]+@", r"\1" + MASK + "@"),
    (_NAMES + r"""[a-z0-9_-]*["']?\s*[:=]\s*["']?)[^\s"',;&}]{3,}""", r"\1" + MASK),
)
SECRET_NAME = r"(?i)pass|pwd|secret|token|key|credential|auth|dsn|connection_?string"  # noqa: S105 - a pattern
KEY_BEGINS, KEY_ENDS = r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----", r"-----END [A-Z0-9 ]*PRIVATE KEY-----"

_shapes = [(re.compile(pattern), instead) for pattern, instead in SHAPES]


class LineRedactor:
    """Hides secrets in the lines of one source, in their order: a private key goes over many of them."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._known = sorted({value for value in known if len(value) >= SHORTEST}, key=len, reverse=True)
        self._in_key = False

    def line(self, text: str) -> str:
        """The line as it may be kept."""
        if self._in_key or re.search(KEY_BEGINS, text):
            self._in_key = not re.search(KEY_ENDS, text)
            return MASK
        for value in self._known:
            text = text.replace(value, MASK)
        for shape, instead in _shapes:
            text = shape.sub(instead, text)
        return text


def secret_values(environment: Iterable[str]) -> list[str]:
    """The values of `NAME=value` lines whose name sounds secret."""
    pairs = [line.partition("=") for line in environment]
    return [value for name, _, value in pairs if re.search(SECRET_NAME, name) and len(value) >= SHORTEST]
