"""The rights to pull from private registries, as the engine takes them: for each request that names an image."""

from __future__ import annotations

import base64
import json
from typing import Any, Iterable, Mapping
from urllib.parse import urlsplit

from ansible.module_utils.orch import connections
from ansible.module_utils.orch.stack import images, view
from ansible.module_utils.orch.stack.faults import Fault

TYPE = "registry"
# The hub's name in images, the hosts that speak for it, and the one under which the engine knows its users.
HUB, HUB_HOSTS, HUB_SERVER = "docker.io", ("registry-1.docker.io", "index.docker.io"), "https://index.docker.io/v1/"
SPEC, PREVIOUS_SPEC = "spec", "previous-spec"


class Login:
    """That of one connection of type `registry`: for images whose names begin with `host`."""

    def __init__(self, connection: Mapping[str, Any]) -> None:
        host = urlsplit(str(connection["url"])).netloc
        self.host = HUB if host in HUB_HOSTS else host
        self.id, self.name = str(connection.get("id", "")), str(connection.get("name", ""))
        self._user, self._password = str(connection["username"]), str(connection["password"])

    @property
    def header(self) -> dict[str, str]:
        """What goes with a request for an image of this registry, and with no other."""
        return _header(self.host, self._user, self._password)


class Logins:
    """Those of one run, one for each registry; an image gets the one of its own registry. Raises Fault for two."""

    def __init__(self, found: Iterable[Login] = ()) -> None:
        self._by_host: dict[str, Login] = {}
        for one in found:
            other = self._by_host.setdefault(one.host, one)
            if other.id != one.id:
                said = f"the connections {other.name} and {one.name} are both of {one.host}: an image has one login"
                raise Fault("validation", said)

    @property
    def hosts(self) -> list[str]:
        """The registries that there is a login of."""
        return sorted(self._by_host)

    def of(self, image: str) -> Login | None:
        """The login with which an image is pulled; None where its registry is none of these."""
        return self._by_host.get(images.registry(image))

    def header_for(self, image: str) -> dict[str, str]:
        """The header that goes with this image; empty without a login."""
        found = self.of(image)
        return found.header if found else {}

    def rights(self, service: Mapping[str, Any], image: str) -> tuple[str, dict[str, str]]:
        """Whence a service that gets this image has its login: the engine's word for that, and the header.

        Without a login of ours it keeps the one that it has, or that of its version before. One of another registry
        it must not keep, for its nodes would show it to the image's: an empty one takes its place.
        """
        header = self.header_for(image)
        if header or _is_of_same(service.get("Spec"), image):
            return SPEC, header
        if _is_of_same(service.get("PreviousSpec"), image):
            return PREVIOUS_SPEC, {}
        return SPEC, _header(images.registry(image), "", "")


def notes(logins: Logins, services: Mapping[str, Mapping[str, Any]], *, portainer_deploys: bool) -> dict[str, str]:
    """With whose login the nodes pull for each service, by its name; nothing of those whose registry has none here."""
    found = {name: logins.of(view.image(spec)) for name, spec in services.items()}
    return {name: _told(one, portainer_deploys=portainer_deploys) for name, one in found.items() if one}


def _told(login: Login, *, portainer_deploys: bool) -> str:
    if portainer_deploys:
        return f"deployed by Portainer, so pulled with its own login of {login.host}, not with {login.name}"
    return f"pulled from {login.host} with the login of {login.name}"


def read(paths: Iterable[str]) -> Logins:
    """The logins of the connections in these files; raises NoConnection, and Fault for two of one registry."""
    return Logins(Login(connections.read(path, TYPE)) for path in paths)


def _header(host: str, user: str, password: str) -> dict[str, str]:
    said = {"username": user, "password": password, "serveraddress": HUB_SERVER if host == HUB else host}
    return {"X-Registry-Auth": base64.urlsafe_b64encode(json.dumps(said).encode()).decode()}


def _is_of_same(spec: Mapping[str, Any] | None, image: str) -> bool:
    return bool(spec) and images.registry(view.image(spec or {})) == images.registry(image)
