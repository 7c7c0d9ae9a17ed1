"""The way to engines: of a `docker` connection to its engine, of a `portainer` one to the engines of its endpoints."""

from __future__ import annotations

from typing import Any, Callable, Iterable

from ansible.module_utils.orch import connections
from ansible.module_utils.orch.engine.way import way_to
from ansible.module_utils.orch.upstream import TIMEOUT_S, Reach, Upstream, UpstreamError

AGENT_TARGET = "X-PortainerAgent-Target"
UP = 1
PAGE = 100
# The kinds of endpoints behind which there is an engine: itself, an agent, an agent at the edge.
KINDS = frozenset({1, 2, 4})


class EngineApi(Upstream):
    """An API that says what is wrong in `message`, and Portainer in `details` too."""

    def explain(self, document: Any) -> str:
        """Its own words."""
        if not isinstance(document, dict):
            return ""
        message, details = str(document.get("message", "")), str(document.get("details", ""))
        return f"{message} ({details})" if details and details != message else message


class Engine:
    """One engine: `number` and `name` of its endpoint, 0 for that of a docker connection.

    `snapshot` is what Portainer saw of it last, None where there is nothing; `is_up` whether it answers, by Portainer.
    """

    def __init__(self, api: EngineApi, prefix: str = "", number: int = 0, name: str = "") -> None:
        self.number, self.name = number, name
        self.is_up = True
        self.snapshot: dict[str, Any] | None = None
        self._api = api
        self._prefix = prefix

    def get(self, path: str, machine: str = "", **query: Any) -> Any:
        """A document; raises UpstreamError."""
        return self.call("GET", path, machine, **query).document

    def read(self, path: str, machine: str = "", **query: Any) -> bytes:
        """An answer as it is; raises UpstreamError."""
        return self.call("GET", path, machine, **query).content

    def call(
        self,
        method: str,
        path: str,
        machine: str = "",
        /,
        *,
        body: Any = None,
        content: bytes | None = None,
        **query: Any,
    ) -> Any:
        """Any request; an agent of Portainer passes it on to `machine`, `content` is a tar. Raises UpstreamError."""
        headers = {AGENT_TARGET: machine} if machine else {}
        if content is not None:
            headers["Content-Type"] = "application/x-tar"
        sent = {"body": body, "content": content, "headers": headers}
        return self._api.call(method, f"{self._prefix}{path}", query=query, **sent)


class Access:
    """What the chosen connection leads to: the file of one of the slots `portainer` and `docker`."""

    def __init__(
        self,
        portainer: str,
        docker: str,
        allow: Iterable[str] = (),
        deny: Iterable[str] = (),
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        if bool(portainer) == bool(docker):
            raise connections.NoConnection("choose one connection: Portainer or Docker")
        self._allow, self._deny = list(allow), list(deny)
        self._timeout_s = timeout_s
        self.is_portainer = bool(portainer)
        kind = "portainer" if portainer else "docker"
        self._document = connections.read(portainer or docker, kind)
        self.name = str(self._document.get("name", kind))
        self.id = str(self._document.get("id", ""))

    def engines(self, numbers: Iterable[int] = ()) -> list[Engine]:
        """The engines of these endpoints, of all without a number; raises UpstreamError.

        Each has an API of its own, so that one that fails does not end the questions to the others.
        """
        if not self.is_portainer:
            return [Engine(self._docker(), name=self.name)]
        wanted = set(numbers)
        rows = [row for row in self._endpoints() if row["Id"] in wanted or (not wanted and row.get("Type") in KINDS)]
        missing = sorted(wanted - {row["Id"] for row in rows})
        if missing:
            raise UpstreamError("not_found", f"{self.name} has no endpoint {', '.join(map(str, missing))}")
        return [self._engine(row) for row in rows]

    def engine(self, number: int) -> Engine:
        """The engine of one endpoint; raises UpstreamError."""
        if self.is_portainer and not number:
            raise UpstreamError("validation", "a Portainer connection needs the number of an endpoint")
        return self.engines([number])[0]

    def _engine(self, row: dict[str, Any]) -> Engine:
        engine = Engine(self._portainer(), f"/api/endpoints/{row['Id']}/docker", row["Id"], str(row.get("Name", "")))
        engine.is_up = row.get("Status", UP) == UP
        engine.snapshot = next(iter(row.get("Snapshots") or []), None)
        return engine

    def _endpoints(self) -> list[dict[str, Any]]:
        api = self._portainer()
        rows: dict[int, dict[str, Any]] = {}
        while True:
            page = api.get("/api/endpoints", start=len(rows) + 1, limit=PAGE) or []
            news = {row["Id"]: row for row in page if row["Id"] not in rows}
            rows.update(news)
            if len(news) < PAGE:  # also of a server that gives all at once, whatever is asked
                return list(rows.values())

    def _portainer(self) -> EngineApi:
        given = self._document
        verify = bool(given.get("tlsVerify", True))
        reach = Reach(self._allow, self._deny, timeout_s=self._timeout_s, verify=verify)
        return EngineApi(self.name, given["url"], {"X-API-KEY": given["apiKey"]}, reach)

    def _docker(self) -> EngineApi:
        base, reach = way_to(self._document, self._allow, self._deny, self._timeout_s)
        return EngineApi(self.name, base, {}, reach)


def tried(call: Callable[[], Any]) -> tuple[Any, UpstreamError | None]:
    """What a question came to: its answer, or the error."""
    try:
        return call(), None
    except UpstreamError as error:
        return None, error
