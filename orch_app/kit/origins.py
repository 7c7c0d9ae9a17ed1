"""Which pages may speak to us: our own, and nobody else's.

Own are the origins of `Settings.origins`. Bound to every address (`0.0.0.0`, `::`), also `http://<address>:<port>` for
the very address in the Host header, so that a phone on the same network can sign in. It must be an address, never a
name: a name can be pointed at us by its owner (DNS rebinding), an address cannot. Names belong into ORCH_PUBLIC_URL.
"""

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from orch_app.kit.settings import settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, not bound
_DEFAULT_PORTS = {"http": 80, "https": 443}


def is_own(origin: str, host: str) -> bool:
    """Whether a page of this origin is ours; `host` is the request's Host header."""
    asked = normal(origin)
    if not asked:
        return False
    return asked in {normal(own) for own in settings().origins} or _is_bound_address(asked, host)


def is_from_own_page(headers: Mapping[str, str]) -> bool:
    """Whether the browser says that one of our pages sent this. No word from a browser is no."""
    origin = headers.get("origin")
    if origin is not None:
        return is_own(origin, headers.get("host", ""))
    return headers.get("sec-fetch-site") == "same-origin"


def is_from_foreign_page(headers: Mapping[str, str]) -> bool:
    """Whether the browser says that somebody else's page sent this. Scripts, which say nothing, are not pages."""
    origin = headers.get("origin")
    return origin is not None and not is_own(origin, headers.get("host", ""))


def canonical(origin: str, host: str) -> str:
    """An own origin as the settings spell it; the bound one for a page that was reached by the machine's address."""
    known = {normal(own): own for own in settings().origins}
    asked = normal(origin)
    if asked not in known and _is_bound_address(asked, host):
        return settings().origins[0]
    return known.get(asked, origin)


def normal(origin: str) -> str:
    """`scheme://host[:port]` in lower case, without path and default port; empty when it is no http origin."""
    try:
        parts = urlsplit(origin.strip())
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != _DEFAULT_PORTS[parts.scheme] else "")


def _is_bound_address(asked: str, host: str) -> bool:
    if settings().host not in _EVERYWHERE or asked != normal(f"http://{host}"):
        return False
    parts = urlsplit(asked)
    return _is_address(parts.hostname or "") and (parts.port or _DEFAULT_PORTS["http"]) == settings().port


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
