"""Texts of TXT and other records: quoted pieces of at most 255 bytes in a zone file, one text to people."""

from __future__ import annotations

import re

from ansible.module_utils.orch.dns.faults import Invalid

MOST_BYTES = 255
_PIECE = re.compile(r'"((?:[^"\\]|\\.)*)"\s*', re.DOTALL)
_ESCAPE = re.compile(r"\\(\d{3}|.)", re.DOTALL)


def joined(content: str) -> str:
    """The text itself: quoted pieces put together and their escapes undone; anything else as it stands."""
    text = content.strip()
    if not text.startswith('"'):
        return content
    pieces, end = [], 0
    while end < len(text):
        found = _PIECE.match(text, end)
        if not found:
            return content
        pieces.append(found.group(1))
        end = found.end()
    try:
        # One letter may be spread over two pieces, so its bytes are put together first.
        return b"".join(_bytes(piece) for piece in pieces).decode()
    except UnicodeDecodeError:
        return content


def quoted(text: str) -> str:
    """The text as pieces in quotes, as a zone file and the API have it."""
    return " ".join(f'"{escaped(piece)}"' for piece in _pieces(text))


def one_quoted(text: str) -> str:
    """A text that may be one piece only; raises Invalid for a longer one."""
    if len(text.encode()) > MOST_BYTES:
        raise Invalid(f"the text {text[:40]!r}... is longer than {MOST_BYTES} bytes")
    return f'"{escaped(text)}"'


def escaped(text: str) -> str:
    r"""Backslash before quote and backslash; control characters as \DDD."""
    return "".join(_escaped(letter) for letter in text)


def _escaped(letter: str) -> str:
    if letter in '"\\':
        return f"\\{letter}"
    return letter if letter.isprintable() else "".join(f"\\{byte:03d}" for byte in letter.encode())


def _bytes(piece: str) -> bytes:
    """The bytes that a piece with escapes stands for."""
    parts = _ESCAPE.split(piece)  # text and what followed a backslash, by turns
    return b"".join(_meant(part) if number % 2 else part.encode() for number, part in enumerate(parts))


def _meant(after_backslash: str) -> bytes:
    return bytes([int(after_backslash) % 256]) if len(after_backslash) > 1 else after_backslash.encode()


def _pieces(text: str) -> list[str]:
    """Cut between letters, never inside one."""
    pieces, size = [""], 0
    for letter in text:
        bytes_of_it = len(letter.encode())
        if size + bytes_of_it > MOST_BYTES:
            pieces.append("")
            size = 0
        pieces[-1] += letter
        size += bytes_of_it
    return pieces
