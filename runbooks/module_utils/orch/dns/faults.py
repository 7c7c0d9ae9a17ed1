"""Why a wish cannot be carried out; found before anything is written."""

from __future__ import annotations


class Invalid(Exception):
    """A value that no zone can hold: a name outside the zone, an address that is none, a field that is missing."""

    code = "validation"


class Conflict(Exception):
    """A wish that contradicts another one or what the zone holds."""

    code = "conflict"
