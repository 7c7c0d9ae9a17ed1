"""The rights to pull from one private registry, as the engine takes them: for each request that names an image."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlsplit

from ansible.module_utils.orch import connections
from ansible.module_utils.orch.stack import images

TYPE = "registry"
# The hub's name in images, the hosts that speak for it, and the one under which the engine knows its users.
HUB, HUB_HOSTS, HUB_SERVER = "docker.io", ("registry-1.docker.io", "index.docker.io"), "https://index.docker.io/v1/"


class Registry:
    """One registry by a connection of type `registry`. A header is made for its own images, and for no others."""

    def __init__(self, connection: dict[str, Any]) -> None:
        host = urlsplit(str(connection["url"])).netloc
        self._host = HUB if host in HUB_HOSTS else host
        self._user, self._password = str(connection["username"]), str(connection["password"])

    def header_for(self, image: str) -> dict[str, str]:
        """The header that goes with this image."""
        if images.registry(image) != self._host:
            return {}
        server = HUB_SERVER if self._host == HUB else self._host
        said = {"username": self._user, "password": self._password, "serveraddress": server}
        return {"X-Registry-Auth": base64.urlsafe_b64encode(json.dumps(said).encode()).decode()}


def read(path: str | None) -> Registry | None:
    """The registry of a connection's file, None without one; raises NoConnection."""
    return Registry(connections.read(path, TYPE)) if path else None
