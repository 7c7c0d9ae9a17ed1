"""Passwords: how they are stored and compared, and which ones are refused.

Stored is `v1$` and bcrypt over the base64 of HMAC-SHA-256 with a pepper: bcrypt alone takes 72 bytes and no more, and
without the pepper, which is not in the database, a stolen table is of no use. The pepper hangs on the master key.
"""

import base64
import hashlib
import hmac
import re
import string
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from threading import BoundedSemaphore

import bcrypt

from orch_app.kit.errors import Invalid, Problem, Unavailable
from orch_app.kit.keyring import keyring

VERSION = "v1$"
COST = 12
SHORTEST = 12
MOST_BYTES = 1024
AT_ONCE = 2
MOST_WAITING = 16
LONGEST_WAIT_S = 10.0
NOBODYS = "$2b$12$sA1uxwK1OwZhbVRkHVhpPurQnmCILFUKYaZK.q/g7XSZsTTdjiiOa"  # of 32 random bytes that nobody kept

_WORDS_FILE = Path(__file__).with_name("common_passwords.txt")
_ROWS = (
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "azertyuiop",
)
_DISGUISES = str.maketrans("0134578@$!|€", "oleastbasiie")
_FEWEST_OWN = 5  # different letters and digits
_ENDS = string.digits + string.punctuation + " "
_LONGEST_WORD = 25
_FEW_WORDS = 3
_MANY = 10_000
_SHORTEST_NAME = 4

_running = BoundedSemaphore(AT_ONCE)
_waiting = BoundedSemaphore(AT_ONCE + MOST_WAITING)


def hash_password(password: str) -> str:
    """What is stored for a password.

    Raises:
        Invalid: more bytes than are taken, or text that is not Unicode.
        Unavailable: too many passwords are being checked at the moment.
    """
    prepared = _prepare(password)
    if prepared is None:
        raise _refusal("too_long", f"A password has at most {MOST_BYTES} bytes.")
    with _slot():
        return VERSION + bcrypt.hashpw(prepared, bcrypt.gensalt(COST)).decode()


def verify(password: str, stored: str | None) -> bool:
    """Whether the password is the stored one. Takes equally long when there is no such user (`stored` is None).

    Raises:
        Unavailable: too many passwords are being checked at the moment.
    """
    prepared = _prepare(password)
    against = (stored or NOBODYS).removeprefix(VERSION).encode()
    with _slot():
        matches = bcrypt.checkpw(prepared or b"-", against)
    return matches and prepared is not None and stored is not None


def check_rules(password: str, *personal: str) -> None:
    """Refuse a password that is too short, too common, or made of the person's own name or address.

    Raises:
        Invalid: with one problem at `/password` that says why.
    """
    if len(password) < SHORTEST:
        raise _refusal("too_short", f"Use at least {SHORTEST} characters; a few words are easy to remember.")
    if _prepare(password) is None:
        raise _refusal("too_long", f"A password has at most {MOST_BYTES} bytes.")
    if is_common(password, *personal):
        raise _refusal("too_common", "This is among the first that an attacker tries. Add a word of your own.")


def is_common(password: str, *personal: str) -> bool:
    """Whether it is a common password in one of the usual disguises, or little more than the person's own name."""
    plain = unicodedata.normalize("NFKC", password).casefold()
    nameless = plain
    for name in sorted(_names(personal), key=len, reverse=True):
        nameless = nameless.replace(name, "")
    if _own_part(_without_runs(nameless)) < _FEWEST_OWN:
        return True
    return _is_made_of_words(plain) or _is_made_of_words(plain.strip(_ENDS).translate(_DISGUISES))


def _is_made_of_words(text: str) -> bool:
    """Whether its letters are a few common words one after the other; digits and signs do not help."""
    letters = "".join(sign for sign in text if sign.isalpha())
    fewest = [0]
    for end in range(1, len(letters) + 1):
        starts = range(max(0, end - _LONGEST_WORD), end)
        fewest.append(min((fewest[start] + 1 for start in starts if letters[start:end] in _words()), default=_MANY))
    return fewest[-1] <= _FEW_WORDS


def _without_runs(text: str) -> str:
    """The text without repeats and without what merely goes on along the alphabet or a row of the keyboard."""
    threes = (text[max(0, end - 3) : end] for end in range(1, len(text) + 1))
    return "".join(three[-1] for three in threes if not _is_run(three))


def _is_run(three: str) -> bool:
    if len(three) < 3:  # noqa: PLR2004 - the first two signs of a text have nothing to go on from
        return False
    return three == three[0] * 3 or any(three in row or three[::-1] in row for row in _ROWS)


def _own_part(text: str) -> int:
    return len(set(re.sub(r"[\W_]", "", text)))


def _names(personal: tuple[str, ...]) -> set[str]:
    parts = {part for text in personal for part in re.split(r"[\W_]+", text.casefold())}
    return {part for part in parts if len(part) >= _SHORTEST_NAME}


@lru_cache(maxsize=1)
def _words() -> frozenset[str]:
    lines = _WORDS_FILE.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def _prepare(password: str) -> bytes | None:
    """The 44 bytes that bcrypt gets; None for what cannot be a password."""
    try:
        raw = unicodedata.normalize("NFC", password).encode()
    except UnicodeEncodeError:
        return None
    if len(raw) > MOST_BYTES:
        return None
    return base64.b64encode(hmac.new(keyring().derive("pepper"), raw, hashlib.sha256).digest())


@contextmanager
def _slot() -> Iterator[None]:
    """At most `AT_ONCE` hashes run and a few wait: a flood of logins must not take every thread of the web process."""
    if not _waiting.acquire(blocking=False):
        raise _busy()
    try:
        if not _running.acquire(timeout=LONGEST_WAIT_S):
            raise _busy()
        try:
            yield
        finally:
            _running.release()
    finally:
        _waiting.release()


def _busy() -> Unavailable:
    return Unavailable(
        "Too many people are signing in at this moment. Try again in a few seconds.", "busy", retry_after_s=3
    )


def _refusal(code: str, detail: str) -> Invalid:
    return Invalid("The password cannot be used.", "weak_password", errors=(Problem("/password", code, detail),))
