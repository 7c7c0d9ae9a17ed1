"""The kinds of fields that record values are made of: each reads a word or a JSON value and has one spelling."""

from __future__ import annotations

import ipaddress
import re
from abc import ABC, abstractmethod
from typing import Any

from ansible.module_utils.orch.dns import charstrings, names
from ansible.module_utils.orch.dns.faults import Invalid

ROOT = "."
_HEX = re.compile(r"[0-9a-f]*")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_TAG = re.compile(r"[a-z0-9]+")
_PARAMETER = re.compile(r'([a-z0-9-]+)(?:=("(?:[^"\\]|\\.)*"|\S*))?')
_WORD = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^\s"])+')


def words(text: str) -> list[str]:
    """A value cut at blanks that are not in quotes; raises Invalid for a quote that does not end."""
    found = _WORD.findall(text)
    if _WORD.sub("", text).strip():
        raise Invalid(f"a quote does not end in {text[:60]!r}")
    return found


class Field(ABC):
    """A word of a value. `takes_rest` puts all words that are left into this one, without blanks between them."""

    takes_rest = False
    between = ""

    @abstractmethod
    def spelled(self, given: Any) -> str:
        """The one spelling of what a person or the API gave; raises Invalid."""

    def document(self, word: str) -> Any:
        """The JSON value of a spelling."""
        return word

    def in_zone_file(self, word: str) -> str:
        """The spelling in a zone file."""
        return word


class Whole(Field):
    """A number from 0 to `most`."""

    def __init__(self, bits: int) -> None:
        self._most = (1 << bits) - 1

    def spelled(self, given: Any) -> str:
        """Without leading zeros."""
        try:
            number = int(str(given))
        except ValueError:
            number = -1
        if isinstance(given, bool) or not 0 <= number <= self._most:
            raise Invalid(f"{str(given)[:30]!r} is not a whole number from 0 to {self._most}")
        return str(number)

    def document(self, word: str) -> Any:
        """A number."""
        return int(word)


class Host(Field):
    """A name of a machine; `.` means none where `may_be_root`."""

    def __init__(self, *, may_be_root: bool = False) -> None:
        self._may_be_root = may_be_root

    def spelled(self, given: Any) -> str:
        """As names are spelled everywhere."""
        if str(given).strip() == ROOT and self._may_be_root:
            return ROOT
        return names.plain(str(given))

    def in_zone_file(self, word: str) -> str:
        """In full, which a zone file shows by a dot at the end."""
        return word if word == ROOT else f"{word}."


class Address(Field):
    """An IP address of one version."""

    def __init__(self, version: int) -> None:
        self._version = version

    def spelled(self, given: Any) -> str:
        """The short form of IPv6; an IPv4 address has no other."""
        try:
            address = ipaddress.ip_address(str(given).strip())
        except ValueError:
            address = None
        if address is None or address.version != self._version:
            raise Invalid(f"{str(given)[:60]!r} is not an IPv{self._version} address")
        return str(address)


class Hex(Field):
    """Bytes as pairs of hexadecimal digits."""

    takes_rest = True

    def spelled(self, given: Any) -> str:
        """In small letters, without blanks."""
        text = "".join(str(given).split()).lower()
        if not text or not _HEX.fullmatch(text) or len(text) % 2:
            raise Invalid(f"{text[:40]!r} is not made of pairs of hexadecimal digits")
        return text


class Base64(Field):
    """Bytes in base64."""

    takes_rest = True

    def spelled(self, given: Any) -> str:
        """Without blanks."""
        text = "".join(str(given).split())
        if not _BASE64.fullmatch(text) or len(text) % 4:
            raise Invalid(f"{text[:40]!r} is not base64")
        return text


class Tag(Field):
    """A word of letters and digits."""

    def spelled(self, given: Any) -> str:
        """In small letters."""
        text = str(given).strip().lower()
        if not _TAG.fullmatch(text):
            raise Invalid(f"{text[:40]!r} is not a word of letters and digits")
        return text


class Quoted(Field):
    """A text in quotes, in one piece."""

    def spelled(self, given: Any) -> str:
        """Quoted once, however it came."""
        return charstrings.one_quoted(charstrings.joined(str(given)))

    def document(self, word: str) -> Any:
        """The text without its quotes."""
        return charstrings.joined(word)


class Text(Field):
    """A text of any length in quoted pieces."""

    takes_rest = True
    between = " "

    def spelled(self, given: Any) -> str:
        """Cut into the fewest pieces."""
        return charstrings.quoted(charstrings.joined(str(given)))


class Parameters(Field):
    """The parameters of an HTTPS or SVCB record: `alpn="h3,h2" no-default-alpn`."""

    takes_rest = True
    between = " "

    def spelled(self, given: Any) -> str:
        """Sorted by name, every value in quotes."""
        parts = [self._spelled_one(word) for word in words(str(given))]
        return " ".join(sorted(parts))

    @staticmethod
    def _spelled_one(word: str) -> str:
        found = _PARAMETER.fullmatch(word)
        if not found:
            raise Invalid(f"{word[:60]!r} is not a parameter: name or name=value")
        name, value = found.groups()
        return name if value is None else f'{name}="{value.strip(chr(34))}"'
