"""Where an address leads that a connection names: looked up once and judged, so that nothing is looked up again."""

from __future__ import annotations

from typing import Iterable, Mapping
from urllib.parse import urlsplit

from ansible.module_utils.orch import egress
from ansible.module_utils.orch.upstream import UpstreamError


class Place:
    """Scheme, host and port of an address, and in `pinned` the one to connect to.

    `ports` has the schemes that are ways there, each with its usual port. Raises UpstreamError where one may not
    connect, in the words of whoever is `name`.
    """

    def __init__(
        self, url: str, ports: Mapping[str, int], allow: Iterable[str], deny: Iterable[str], name: str
    ) -> None:
        parts = urlsplit(url)
        self.url, self.scheme, self.host = url, parts.scheme, parts.hostname or ""
        self.path, self.user = parts.path, parts.username or ""
        if self.scheme not in ports:
            raise UpstreamError("validation", f"{name}: {self.scheme}:// is no way there")
        self.port = parts.port or ports[self.scheme]
        try:
            self.pinned = egress.pinned(self.host, self.port, allow, deny)[0]
        except egress.Refused as refused:
            code = "unreachable" if refused.code == "name_not_found" else "validation"
            raise UpstreamError(code, f"{name}: {refused}") from None
