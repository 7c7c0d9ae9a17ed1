"""Whether a message is from who knows the secret: each provider's way to say so, compared in constant time.

The raw body is judged, before anything of it is read.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

SKEW_S = 300
MAX_KEY = 200
_HEX = re.compile(r"(?:sha256=)?([0-9a-fA-F]{64})")
_PLAIN = re.compile(rf"[!-~]{{1,{MAX_KEY}}}")

Headers = Mapping[str, str]
"""Names in lower case."""


@dataclass(frozen=True)
class Scheme:
    """How a hook wants to be told: the provider, its secret, and for `generic` the names of the headers."""

    provider: str
    secret: str = field(repr=False)
    signature_header: str = ""
    delivery_header: str = ""
    timestamp_header: str = ""


@dataclass(frozen=True)
class Message:
    """An authentic message: which event, the sender's name for it, and what makes it the same when it comes again."""

    event: str
    delivery_key: str
    replay_key: str


# The headers that these providers sign or send by, which nobody can choose; a generic hook says its own.
HEADERS_OF: dict[str, tuple[str, ...]] = {
    "github": ("X-Hub-Signature-256", "X-GitHub-Delivery", "X-GitHub-Event"),
    "gitlab": ("X-Gitlab-Token", "Idempotency-Key", "X-Gitlab-Event"),
}


def read(scheme: Scheme, headers: Headers, body: bytes, now_s: float) -> Message | None:
    """The message, or None when whoever sent it does not know the secret, or sent it too long ago."""
    return _READERS[scheme.provider](scheme, headers, body, now_s)


def _github(scheme: Scheme, headers: Headers, body: bytes, _now_s: float) -> Message | None:
    if not _is_signed(scheme.secret, body, headers.get("x-hub-signature-256", "")):
        return None
    return _message(headers.get("x-github-event", ""), headers.get("x-github-delivery", ""), body, is_id_signed=False)


def _gitlab(scheme: Scheme, headers: Headers, body: bytes, _now_s: float) -> Message | None:
    """GitLab signs nothing and sends the secret itself: who has it can send anything, so its own id is believed."""
    if not _same(headers.get("x-gitlab-token", ""), scheme.secret):
        return None
    name = headers.get("idempotency-key", "") or headers.get("x-gitlab-event-uuid", "")
    return _message(headers.get("x-gitlab-event", ""), name, body, is_id_signed=True)


def _generic(scheme: Scheme, headers: Headers, body: bytes, now_s: float) -> Message | None:
    stamp = headers.get(scheme.timestamp_header.lower(), "") if scheme.timestamp_header else ""
    if scheme.timestamp_header and not _is_recent(stamp, now_s):
        return None
    signed = f"{stamp}.".encode() + body if scheme.timestamp_header else body
    if not _is_signed(scheme.secret, signed, headers.get(scheme.signature_header.lower(), "")):
        return None
    name = headers.get(scheme.delivery_header.lower(), "") if scheme.delivery_header else ""
    return _message("", name, signed, is_id_signed=False)


def _message(event: str, name: str, signed: bytes, *, is_id_signed: bool) -> Message:
    """A name that is not signed could be another at a replay: then what was signed is what makes it the same."""
    digest = f"sha256:{hashlib.sha256(signed).hexdigest()}"
    key = name if _PLAIN.fullmatch(name) else digest
    return Message(event[:MAX_KEY], key, key if is_id_signed else digest)


def _is_signed(secret: str, signed: bytes, shown: str) -> bool:
    wanted = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    found = _HEX.fullmatch(shown.strip())
    return _same(found.group(1).lower() if found else "", wanted)


def _same(shown: str, wanted: str) -> bool:
    """In constant time; digests are compared, so that not even the length is told."""
    return hmac.compare_digest(*(hashlib.sha256(text.encode("utf-8", "replace")).digest() for text in (shown, wanted)))


def _is_recent(stamp: str, now_s: float) -> bool:
    return stamp.isascii() and stamp.isdigit() and len(stamp) <= len(str(2**40)) and abs(now_s - int(stamp)) <= SKEW_S


_READERS: dict[str, Callable[[Scheme, Headers, bytes, float], Message | None]] = {
    "github": _github,
    "gitlab": _gitlab,
    "generic": _generic,
}
