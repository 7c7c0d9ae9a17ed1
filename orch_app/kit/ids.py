"""Identifiers: a short prefix and a ULID, so that they sort by age and say what they name."""

import re

from ulid import ULID

_SHAPE = re.compile(r"[a-z]{2,6}_[0-9A-HJKMNP-TV-Z]{26}")


def new_id(prefix: str) -> str:
    """A new identifier such as `job_01J9ZC5V0G3M5W6YQX4T2R8S7K`."""
    return f"{prefix}_{ULID()}"


def is_id(text: str, prefix: str) -> bool:
    """Whether the text has the shape of an identifier with this prefix."""
    return bool(_SHAPE.fullmatch(text)) and text.startswith(f"{prefix}_")
