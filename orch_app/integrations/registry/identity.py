"""Whether a registry of images takes a login: asked in the way in which an engine asks before it pulls.

A registry answers itself, or names another server that gives out tokens for it and is told the password then.
"""

import re
from base64 import b64encode
from http import HTTPStatus
from urllib.parse import urlsplit

import httpx

from orch_app.integrations.identity import Identity
from orch_app.kit.upstream import Reach
from orch_app.kit.upstream_failures import UpstreamError, not_answered, refused

NAME = "The registry"
_PART = re.compile(r'(\w+)="([^"]*)"')


def look(reach: Reach, user: str, password: str) -> Identity:
    """Sign in to a registry.

    Raises:
        UpstreamError: it does not answer, or does not take the login.
        EgressRefused: it may not be connected to.
    """
    right = {"Authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}
    try:
        with reach.client() as client:
            answer = client.get(f"{reach.base}/v2/", headers=right)
            challenge = answer.headers.get("www-authenticate", "")
            if answer.status_code == HTTPStatus.UNAUTHORIZED and challenge.lower().startswith("bearer "):
                answer = _token(client, reach.base, challenge, right)
    except httpx.HTTPError as error:
        raise not_answered(NAME, error) from None
    if not answer.is_success:
        raise refused(NAME, answer.status_code, answer.headers, "")
    return Identity(f"{user} at {urlsplit(reach.base).netloc}")


def _token(client: httpx.Client, base: str, challenge: str, right: dict[str, str]) -> httpx.Response:
    """What the server that the registry names says to the login; a password never goes there in clear."""
    parts = dict(_PART.findall(challenge))
    realm = parts.get("realm", "")
    if urlsplit(realm).scheme != "https" and urlsplit(realm).netloc != urlsplit(base).netloc:
        raise UpstreamError("validation", f"{NAME} names no server over https that gives out tokens.")
    return client.get(realm, params={"service": parts.get("service", "")}, headers=right)
