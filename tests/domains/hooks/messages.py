"""Messages as other systems send them, signed as they sign."""

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

SECRET = "correct horse battery staple"


def signature(secret: str, signed: bytes) -> str:
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Sent:
    """What is posted."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def github(payload: Any, *, delivery: str = "guid-1", event: str = "push", secret: str = SECRET) -> Sent:
    body = json.dumps(payload).encode()
    signed = {"x-hub-signature-256": f"sha256={signature(secret, body)}"}
    return Sent(body, {**signed, "x-github-event": event, "x-github-delivery": delivery})


def gitlab(payload: Any, *, key: str = "key-1", event: str = "Push Hook", secret: str = SECRET) -> Sent:
    about = {"x-gitlab-token": secret, "x-gitlab-event": event, "idempotency-key": key}
    return Sent(json.dumps(payload).encode(), about)


def generic(payload: Any, *, stamp: str = "", delivery: str = "", secret: str = SECRET) -> Sent:
    body = json.dumps(payload).encode()
    signed = f"{stamp}.".encode() + body if stamp else body
    headers = {"x-signature-256": signature(secret, signed), "x-timestamp": stamp, "x-delivery-id": delivery}
    return Sent(body, {name: value for name, value in headers.items() if value})
