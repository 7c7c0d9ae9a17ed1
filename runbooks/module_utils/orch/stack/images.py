"""The name of an image, taken apart: `registry/path:tag@sha256:digest`."""

from __future__ import annotations

import re

_DIGEST = re.compile(r"@(sha256:[0-9a-f]{64})$")


def digest(image: str) -> str:
    """The digest in the name, or empty."""
    found = _DIGEST.search(image)
    return found[1] if found else ""


def without_digest(image: str) -> str:
    """The name without its digest."""
    return _DIGEST.sub("", image)


def tag(image: str) -> str:
    """The tag; `latest` where neither tag nor digest is given."""
    name = without_digest(image).rpartition("/")[2]
    return name.partition(":")[2] or ("" if digest(image) else "latest")


def registry(image: str) -> str:
    """The host of the registry; `docker.io` where none is named."""
    first, slash, _rest = without_digest(image).partition("/")
    is_host = bool(slash) and ("." in first or ":" in first or first == "localhost")
    return first if is_host else "docker.io"


def pinned(image: str, to: str) -> str:
    """The name with this digest, and with its tag for people."""
    name = without_digest(image)
    return f"{name if tag(image) != 'latest' or ':' in name.rpartition('/')[2] else name + ':latest'}@{to}"
