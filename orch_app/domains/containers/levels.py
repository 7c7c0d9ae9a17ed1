"""How grave a line of a log is, by the words that programs use for it. Plays know the same words."""

import re
from typing import Literal

Level = Literal["error", "warning", "info", "debug"]

_WORDS: tuple[tuple[Level, re.Pattern[str]], ...] = (
    ("error", re.compile(r"(?i)\b(?:error|fatal|panic|critical|emerg(?:ency)?|alert|exception)\b")),
    ("warning", re.compile(r"(?i)\bwarn(?:ing)?\b")),
    ("debug", re.compile(r"(?i)\b(?:debug|trace)\b")),
)


def level_of(text: str) -> Level:
    """The gravest level that the line names; one that names none is information."""
    for level, words in _WORDS:
        if words.search(text):
            return level
    return "info"
