"""The colours that a program gave its line, kept beside the clean text: `start:length:codes` of each coloured part.

Only what a reader needs is kept, as numbers of a short list: bold, dim, italic, underlined, and the sixteen colours of
the letters. Nothing of what else a terminal may be told goes any further.
"""

import re
from collections.abc import Iterator

from orch_app.domains.jobs.execution.log_line import clean

MOST_PARTS = 64
_SGR = re.compile(r"\x1b\[([0-9;]*)m")
_LOOKS = {1: (), 2: (), 3: (), 4: (), 22: (1, 2), 23: (3,), 24: (4,)}  # with what each takes away
_LETTERS = range(30, 38)
_BRIGHT = range(90, 98)
_PALETTE, _LETTER, _BACKGROUND, _USUAL_LETTER = 5, 38, 48, 39
_BY_NUMBER = (*_LETTERS, *_BRIGHT)


def style_of(raw: str, shown: str, start: int = 0) -> str:
    """The coloured parts of a line that is shown from the character `start` of its message on; empty for most lines.

    Where `shown` is not just the clean text, because a secret was masked or an end cut off, there are none: their
    places would no longer fit.
    """
    if "\x1b[" not in raw or clean(raw) != shown:
        return ""
    parts: list[str] = []
    for at, length, codes in _parts(raw):
        if codes and length and len(parts) < MOST_PARTS:
            parts.append(f"{start + at}:{length}:{','.join(map(str, sorted(codes)))}")
    return " ".join(parts)


def _parts(raw: str) -> Iterator[tuple[int, int, frozenset[int]]]:
    """Place, length and codes of what stands between two changes."""
    at, codes = 0, frozenset[int]()
    pieces = _SGR.split(raw)
    for text, change in zip(pieces[::2], [*pieces[1::2], ""], strict=True):
        length = len(clean(text))
        yield at, length, codes
        at += length
        codes = _changed(codes, change)


def _changed(codes: frozenset[int], change: str) -> frozenset[int]:
    numbers = iter(int(number or 0) for number in change.split(";"))
    for number in numbers:
        if number == 0:
            codes = frozenset()
        elif number in (_LETTER, _BACKGROUND):
            colour = _extended(numbers)
            codes = _with_letter(codes, colour) if number == _LETTER else codes
        elif number in _BY_NUMBER or number == _USUAL_LETTER:
            codes = _with_letter(codes, number)
        elif number in _LOOKS:
            codes = codes - set(_LOOKS[number]) if _LOOKS[number] else codes | {number}
    return codes


def _extended(numbers: Iterator[int]) -> int:
    """Of `5;N` one of the sixteen colours; of the many others none, and their numbers are passed over."""
    kind = next(numbers, 0)
    if kind != _PALETTE:
        for _ in range(3):
            next(numbers, 0)
        return _USUAL_LETTER
    number = next(numbers, len(_BY_NUMBER))
    return _BY_NUMBER[number] if number < len(_BY_NUMBER) else _USUAL_LETTER


def _with_letter(codes: frozenset[int], colour: int) -> frozenset[int]:
    rest = codes - set(_BY_NUMBER)
    return rest | {colour} if colour in _BY_NUMBER else rest
