"""Masking of secrets in text: every usual spelling of each secret is replaced before anything is stored or shown.

Log lines go through `Masker.mask`, one message at a time. `feed` and `flush` serve streams whose chunks may cut a
secret in two; they hold back as many characters as the longest spelling needs.
"""

import base64
import html
import json
import shlex
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

import re2

MASK = "***"
MINIMUM_LENGTH = 6
"""Shorter secrets, lines and spellings are not masked: they would hide half of every log."""

_PATTERN_MEMORY = 1 << 28
_BASE64_TAIL = {0: 0, 1: 1, 2: 2}


def variants(secret: str) -> frozenset[str]:
    """Every spelling of a secret, and of each of its lines, that a log is likely to show; none under six characters."""
    lines = (line.strip() for line in secret.splitlines())
    parts = {secret, secret.strip(), *lines}
    return frozenset(
        spelling
        for part in parts
        if len(part) >= MINIMUM_LENGTH
        for spelling in _spellings(part)
        if len(spelling) >= MINIMUM_LENGTH
    )


def _spellings(part: str) -> Iterator[str]:
    """The part itself, then as JSON, Python, URL, HTML, hexadecimal, shell, CRLF and base64 would write it."""
    raw = part.encode("utf-8", "replace")
    yield raw.decode()
    yield from _json_spellings(part)
    yield repr(part)[1:-1]
    for quoted in (quote(raw, safe=""), quote(raw), quote_plus(raw)):
        yield quoted
        yield _lower_escapes(quoted)
    yield html.escape(part)
    yield html.escape(part).replace("&#x27;", "&#39;")
    yield raw.hex()
    yield raw.hex().upper()
    yield shlex.quote(part).strip("'")
    yield part.replace("'", "'\\''")
    yield part.replace("\r\n", "\n").replace("\n", "\r\n")
    yield from _base64_spellings(raw)


def _json_spellings(part: str) -> Iterator[str]:
    """As a JSON string, plain and ASCII only, and as a string inside such a string."""
    for ascii_only in (False, True):
        once = json.dumps(part, ensure_ascii=ascii_only)[1:-1]
        yield once
        yield json.dumps(once, ensure_ascii=ascii_only)[1:-1]


def _lower_escapes(quoted: str) -> str:
    """Percent escapes with small hexadecimal letters, as some programs write them."""
    head, *rest = quoted.split("%")
    return "%".join([head, *(piece[:2].lower() + piece[2:] for piece in rest)])


def _base64_spellings(raw: bytes) -> Iterator[str]:
    """The characters that are the same whatever stands before and after the secret, at each of the three offsets."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for offset in range(3):
            text = encode(b"\0" * offset + raw).decode()
            groups, rest = divmod(len(raw) + offset, 3)
            yield text[(offset * 8 + 5) // 6 : groups * 4 + _BASE64_TAIL[rest]]


class Masker:
    """Replaces every spelling of the given secrets by `***`. One object per stream; `mask` alone keeps no state."""

    def __init__(self, secrets: Iterable[str], spell: Callable[[str], Iterable[str]] = variants) -> None:
        spellings = sorted({text for secret in secrets for text in spell(secret)}, key=lambda text: (-len(text), text))
        self._longest = len(spellings[0]) if spellings else 0
        self._pattern = _compile(spellings) if spellings else None
        self._held = ""

    def mask(self, text: str) -> str:
        """A whole text with every secret replaced; overlapping finds become one mask."""
        if self._pattern is None:
            return text
        text = _encodable(text)
        if self._pattern.search(text) is None:
            return text
        return _cover(text, self._spans(text))

    def feed(self, chunk: str) -> str:
        """The part of everything fed so far that no later chunk can change."""
        if self._pattern is None:
            return chunk
        self._held = _encodable(self._held + chunk)
        safe = len(self._held) - (self._longest - 1)
        if safe <= 0:
            return ""
        spans = self._spans(self._held)
        for start, end in spans:
            if start < safe < end:
                safe = start
        ready, self._held = self._held[:safe], self._held[safe:]
        return _cover(ready, [span for span in spans if span[1] <= safe])

    def flush(self) -> str:
        """What was held back; call it once, at the end of the stream."""
        rest, self._held = self._held, ""
        return self.mask(rest)

    def _spans(self, text: str) -> list[tuple[int, int]]:
        """Places to mask, in order, joined where they overlap."""
        spans: list[tuple[int, int]] = []
        if self._pattern is None:
            return spans
        for match in self._pattern.finditer(text):
            start, end = match.span()
            if spans and end <= spans[-1][1]:
                continue
            end = self._overlap_end(text, start, end)
            if spans and start < spans[-1][1]:
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((start, end))
        return spans

    def _overlap_end(self, text: str, start: int, end: int) -> int:
        """Follow spellings that begin inside this one and end after it: a cut secret is still a leak."""
        begin = start + 1
        while self._pattern is not None:
            window = text[begin : end + self._longest]
            match = self._pattern.search(window)
            if match is None or begin + match.start() >= end:
                return end
            end = max(end, begin + match.end())
            begin += match.start() + 1
        return end


class ByteMasker:
    """The same for files of any content, one after the other: without a secret in it a file comes out as it was."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._masker = Masker(secrets, _byte_variants)

    def masked(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The content of one whole file, wherever it was cut."""
        for chunk in chunks:
            yield self._masker.feed(chunk.decode("latin-1")).encode("latin-1")
        yield self._masker.flush().encode("latin-1")


def _byte_variants(secret: str) -> Iterator[str]:
    """The spellings as UTF-8 bytes, each byte as the letter of the same number: so bytes can be searched as text."""
    return (text.encode("utf-8", "replace").decode("latin-1") for text in variants(secret))


def _compile(spellings: list[str]) -> Any:
    options = re2.Options()
    options.max_mem = _PATTERN_MEMORY
    return re2.compile("|".join(re2.escape(text) for text in spellings), options)


def _encodable(text: str) -> str:
    """Lone surrogates cannot be searched, stored or sent: they become question marks."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def _cover(text: str, spans: list[tuple[int, int]]) -> str:
    pieces: list[str] = []
    done = 0
    for start, end in spans:
        pieces += (text[done:start], MASK)
        done = end
    pieces.append(text[done:])
    return "".join(pieces)
