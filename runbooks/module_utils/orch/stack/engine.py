"""The Docker engine's API of a Swarm manager: over a socket, TCP or ssh, or through Portainer, which hands it on."""

from __future__ import annotations

import copy
import json
from typing import Any
from urllib.parse import quote

from ansible.module_utils.orch.engine.way import way_to
from ansible.module_utils.orch.stack import images, names, view
from ansible.module_utils.orch.stack.faults import Fault, code_of
from ansible.module_utils.orch.stack.registry import Logins
from ansible.module_utils.orch.upstream import Upstream, UpstreamError

LOG_LINES = 50
ASIDE_S = 10
_HEADER = 8
_NOT_THERE = 404
SAME_AGAIN = 3
_OUT_OF_SEQUENCE = "update out of sequence"


class Speaking(Upstream):
    """A client whose failures carry the code that the words of engine and Swarm mean."""

    def call(self, method: str, path: str, **sent: Any) -> Any:
        """As the client's, with the code that the words mean; raises UpstreamError."""
        try:
            return super().call(method, path, **sent)
        except UpstreamError as error:
            if error.status:
                error.code = code_of(str(error), error.code)
            raise


class Engine(Speaking):
    """What is asked of a manager. `logins` are the rights to pull from private registries."""

    logins = Logins()

    def explain(self, document: Any) -> str:
        """The engine's own sentence."""
        return str(document.get("message") or document.get("details") or "") if isinstance(document, dict) else ""

    def apart(self) -> Engine:
        """The same engine for questions that may fail or take long: if they do, the others go on."""
        reach = copy.copy(self._reach)
        reach.timeout_s = ASIDE_S
        reach.options = {**reach.options, "timeout": ASIDE_S}
        found = Engine(self.name, self._base, self._headers, reach, self._sleep)
        found.logins, found.attempts = self.logins, 1
        return found

    def require_manager(self) -> str:
        """The id of the Swarm; raises Fault where this engine manages none."""
        swarm = self.get("/info").get("Swarm") or {}
        if not swarm.get("ControlAvailable"):
            raise Fault("validation", f"{self.name} is not a manager of a Swarm, so it deploys no stack")
        return str((swarm.get("Cluster") or {}).get("ID") or "")

    def api_version(self) -> tuple[int, int]:
        """Major and minor number of the newest API that it speaks."""
        major, _dot, minor = str(self.get("/version")["ApiVersion"]).partition(".")
        return int(major), int(minor)

    def services(self) -> list[dict[str, Any]]:
        """All services of the Swarm."""
        return self.get("/services") or []

    def network_name(self, id_: str) -> str:
        """The name of a network that is in no list, such as `host` of the nodes; the id where there is none."""
        try:
            return str(self.get(f"/networks/{quote(id_, safe='')}")["Name"])
        except UpstreamError as error:
            if error.status != _NOT_THERE:
                raise
            return id_

    def tasks(self, stack: str) -> list[dict[str, Any]]:
        """The tasks of a stack, the newest first."""
        found = self.get("/tasks", filters=json.dumps({"label": [f"{names.STACK}={stack}"]})) or []
        return sorted(found, key=lambda task: task["CreatedAt"], reverse=True)

    def create(self, kind: str, body: dict[str, Any]) -> str:
        """Make a service, network, secret or config; its id."""
        headers = self.logins.header_for(view.image(body)) if kind == "service" else {}
        made = self.call("POST", f"/{kind}s/create", body=body, headers=headers).document or {}
        return str(made.get("ID") or made.get("Id") or "")

    def update_service(
        self, service: dict[str, Any], spec: dict[str, Any], *, again: int = SAME_AGAIN, **query: Any
    ) -> list[str]:
        """Give a service, as it was read, another spec; the engine's warnings.

        Without a login of ours it keeps its own, as long as its image comes from the same registry. Swarm counts its
        own notes about an update as versions: as long as nobody has given the service another spec meanwhile, it is
        asked again.
        """
        try:
            return self._updated(service, spec, query)
        except UpstreamError as error:
            now = self.get(f"/services/{service['ID']}") if again and _OUT_OF_SEQUENCE in str(error) else {}
            if now.get("Spec") != service["Spec"]:
                raise
        return self.update_service(now, spec, again=again - 1, **query)

    def _updated(self, service: dict[str, Any], spec: dict[str, Any], query: dict[str, Any]) -> list[str]:
        path = f"/services/{service['ID']}/update"
        whence, headers = self.logins.rights(service, view.image(spec))
        asked = {"version": service["Version"]["Index"], "registryAuthFrom": whence, **query}
        answer = self.call("POST", path, query=asked, body=spec, headers=headers)
        return (answer.document or {}).get("Warnings") or []

    def delete(self, kind: str, id_: str) -> None:
        """Remove a service, network, secret or config; one that is gone already is fine."""
        try:
            self.call("DELETE", f"/{kind}s/{quote(id_, safe='')}")
        except UpstreamError as error:
            if error.status != _NOT_THERE:
                raise

    def digest_of(self, image: str) -> tuple[str, list[dict[str, str]]]:
        """What the registry holds under this name now: the digest, and the platforms it runs on."""
        path = f"/distribution/{quote(images.without_digest(image), safe='/:')}/json"
        found = self.call("GET", path, headers=self.logins.header_for(image)).document
        platforms = [
            {"Architecture": one.get("architecture") or "", "OS": one.get("os") or ""}
            for one in found.get("Platforms") or []
        ]
        return str(found["Descriptor"]["digest"]), [one for one in platforms if one["Architecture"] and one["OS"]]

    def log_of(self, kind: str, id_: str, *, is_terminal: bool) -> list[str]:
        """The end of the log of a task, or of all tasks of a service together."""
        query = {"stdout": 1, "stderr": 1, "tail": LOG_LINES}
        content = self.call("GET", f"/{kind}s/{id_}/logs", query=query).content
        text = content if is_terminal else b"".join(_frames(content))
        return text.decode("utf-8", "replace").splitlines()[-LOG_LINES:]


def _frames(content: bytes) -> list[bytes]:
    """The parts of a log without a terminal: each has a header of eight bytes, its length in the last four."""
    found, start = [], 0
    while start + _HEADER <= len(content):
        end = start + _HEADER + int.from_bytes(content[start + 4 : start + _HEADER], "big")
        found.append(content[start + _HEADER : end])
        start = end
    return found


def through_docker(connection: dict[str, Any], allow: list[str], deny: list[str]) -> Engine:
    """An engine by a connection of type docker; raises UpstreamError where ssh does not lead there."""
    base, reach = way_to(connection, allow, deny)
    return Engine("Docker", base, {}, reach)
