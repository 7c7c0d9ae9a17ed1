"""n8n's public API as far as backups go. It hands out no credentials: GET /credentials is answered with 405."""

from __future__ import annotations

import time
from typing import Any, Callable, Iterator, Mapping, Sequence
from urllib.parse import quote

from ansible.module_utils.orch.n8n import things
from ansible.module_utils.orch.n8n.things import Thing
from ansible.module_utils.orch.upstream import Reach, Upstream, UpstreamError

PER_PAGE = 250
NO_CREDENTIALS = (
    "n8n's API hands out no credentials (it answers 405): they are not in this backup. For them use the method cli, "
    "and keep the encryption key of the server"
)
NO_VARIABLES = "variables are not in this backup: the server's licence or the API key does not allow to read them"
# What the API takes of a node and of the settings; more is refused as a whole.
NODE = frozenset(
    (
        *("id", "name", "webhookId", "disabled", "notesInFlow", "notes", "type", "typeVersion", "executeOnce"),
        *("alwaysOutputData", "retryOnFail", "maxTries", "waitBetweenTries", "continueOnFail", "onError", "position"),
        *("parameters", "credentials"),
    )
)
SETTINGS = frozenset(
    (
        *("saveExecutionProgress", "saveManualExecutions", "saveDataErrorExecution", "saveDataSuccessExecution"),
        *("executionTimeout", "errorWorkflow", "timezone", "executionOrder", "callerPolicy", "callerIds"),
        *("timeSavedPerExecution", "availableInMCP"),
    )
)


class N8n(Upstream):
    """One server, with the key of a connection of type n8n."""

    def __init__(
        self, connection: Mapping[str, Any], reach: Reach, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        base = f"{str(connection['url']).rstrip('/')}/api/v1"
        super().__init__("n8n", base, {"X-N8N-API-KEY": connection["apiKey"]}, reach, sleep)

    def explain(self, document: Any) -> str:
        """n8n's own sentence."""
        return str(document.get("message", ""))[:300] if isinstance(document, dict) else ""

    def workflows(self) -> list[Thing]:
        """All workflows that the key may see; raises UpstreamError."""
        return _once(things.workflow(row) for row in self._pages("/workflows"))

    def variables(self) -> list[Thing]:
        """All variables of the whole server, not those of projects; raises UpstreamError."""
        return _once(things.variable(row) for row in self._pages("/variables") if not row.get("project"))

    def variable_ids(self) -> dict[str, str]:
        """n8n's own ids of variables, by key; raises UpstreamError."""
        return {str(row["key"]): str(row["id"]) for row in self._pages("/variables") if not row.get("project")}

    def create(self, one: Thing) -> str:
        """Make a workflow, switched off and without tags; its new id. Raises UpstreamError."""
        return str(self.call("POST", "/workflows", body=body(one)).document["id"])

    def update(self, id_: str, one: Thing) -> None:
        """Give a workflow another content; one that is active stays so. Raises UpstreamError."""
        self.call("PUT", f"/workflows/{_quoted(id_)}", body=body(one))

    def delete(self, kind: str, id_: str) -> None:
        """Remove a workflow, a credential or a variable; raises UpstreamError."""
        self.call("DELETE", f"/{kind}s/{_quoted(id_)}")

    def switch(self, id_: str, *, active: bool) -> None:
        """Activate or deactivate a workflow; raises UpstreamError."""
        self.call("POST", f"/workflows/{_quoted(id_)}/{'activate' if active else 'deactivate'}")

    def tag(self, id_: str, names: Sequence[str]) -> None:
        """Give a workflow exactly these tags, made where there are none of that name; raises UpstreamError."""
        known = {str(row["name"]): str(row["id"]) for row in self._pages("/tags")}
        for name in names:
            if name not in known:
                known[name] = str(self.call("POST", "/tags", body={"name": name}).document["id"])
        self.call("PUT", f"/workflows/{_quoted(id_)}/tags", body=[{"id": known[name]} for name in names])

    def set_variable(self, one: Thing, id_: str = "") -> None:
        """Make a variable, or give the one with this id another value; raises UpstreamError."""
        sent = {"key": one.id, "value": one.content["value"]}
        self.call("PUT" if id_ else "POST", f"/variables/{_quoted(id_)}" if id_ else "/variables", body=sent)

    def _pages(self, path: str) -> Iterator[Any]:
        cursor = None
        while True:
            page = self.get(path, limit=PER_PAGE, cursor=cursor)
            if not isinstance(page, dict) or not isinstance(page.get("data"), list):
                raise UpstreamError("upstream_5xx", f"n8n answered {path} with something else than a list")
            yield from page["data"]
            cursor = page.get("nextCursor")
            if not cursor:
                return


def body(one: Thing) -> dict[str, Any]:
    """What the API takes of a workflow."""
    content = one.content
    nodes = [{name: value for name, value in node.items() if name in NODE} for node in content["nodes"]]
    chosen = {name: value for name, value in content["settings"].items() if name in SETTINGS}
    return {"name": one.name, "nodes": nodes, "connections": content["connections"], "settings": chosen}


def left_out(one: Thing) -> list[str]:
    """What of a workflow the API does not take: names of fields, `pinData` among them."""
    of_nodes = {name for node in one.content["nodes"] for name in node} - NODE
    of_settings = set(one.content["settings"]) - SETTINGS
    return sorted({*of_nodes, *of_settings, *({"pinData"} & set(one.content))})


def _once(found: Iterator[Thing]) -> list[Thing]:
    """Each id once: a workflow that is made while pages are read moves others to the next page."""
    return sorted({one.id: one for one in found}.values(), key=lambda one: one.order)


def _quoted(id_: str) -> str:
    return quote(id_, safe="")
