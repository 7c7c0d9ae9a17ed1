"""Hiding what looks like a secret in text of others, line by line: keys, tokens, passwords in addresses and settings.

Secrets that we know are masked by `kit.redact`; these are the ones that nobody told us. Plays have the same shapes in
`runbooks/module_utils/orch/engine/redaction.py`.
"""

from collections.abc import Iterable

import re2

from orch_app.kit.redact import MASK, MINIMUM_LENGTH, Masker

_NAMES = r"(?i)((?:passw(?:or)?d|passphrase|pwd|secret|token|(?:api|access|private)[_-]?key|credentials?)"
# Pairs of a pattern and of what takes its place. Python's own engine and RE2 read them alike.
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

_shapes = [(re2.compile(pattern), instead) for pattern, instead in SHAPES]
_secret_name = re2.compile(SECRET_NAME)
_key_begins, _key_ends = re2.compile(KEY_BEGINS), re2.compile(KEY_ENDS)


class LineRedactor:
    """Hides secrets in the lines of one source, in their order: a private key goes over many of them."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._masker = Masker(known)
        self._in_key = False

    def line(self, text: str) -> str:
        """The line as it may be shown."""
        if self._in_key or _key_begins.search(text):
            self._in_key = not _key_ends.search(text)
            return MASK
        text = self._masker.mask(text)
        for shape, instead in _shapes:
            text = shape.sub(instead, text)
        return text


def is_secret_name(name: str) -> bool:
    """Whether a variable or a label of this name probably holds a secret."""
    return _secret_name.search(name) is not None


def secret_values(environment: Iterable[str]) -> list[str]:
    """The values of `NAME=value` lines whose name sounds secret, and that are long enough to be looked for."""
    pairs = [line.partition("=") for line in environment]
    return [value for name, _, value in pairs if is_secret_name(name) and len(value) >= MINIMUM_LENGTH]


def hide_values(labels: dict[str, str]) -> dict[str, str]:
    """Names and values as they may be shown."""
    redactor = LineRedactor()
    return {
        name: MASK if is_secret_name(name.rpartition(".")[2]) else redactor.line(text) for name, text in labels.items()
    }
