"""Hetzner Cloud's API: lists page by page, actions that take their time, and what its errors mean."""

from __future__ import annotations

import time
from typing import Any, Callable, Iterable, Mapping

from ansible.module_utils.orch.upstream import Reach, Upstream, UpstreamError

PAGE = 50
POLL_S, MOST_POLLS = 2.0, 300
_CODES = {
    "unauthorized": "auth_failed",
    "forbidden": "insufficient_scopes",
    "token_readonly": "insufficient_scopes",
    "resource_limit_exceeded": "quota_exceeded",
    "limit_reached": "quota_exceeded",
    "resource_unavailable": "resource_unavailable",
    "placement_error": "resource_unavailable",
    "uniqueness_error": "conflict",
    "conflict": "conflict",
    "locked": "conflict",
    "protected": "conflict",
    "not_found": "not_found",
    "rate_limit_exceeded": "rate_limited",
}


class HetznerApi(Upstream):
    """The servers of one project."""

    def __init__(
        self, connection: Mapping[str, Any], reach: Reach, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        headers = {"Authorization": f"Bearer {connection['token']}"}
        super().__init__("Hetzner Cloud", str(connection["url"]), headers, reach, sleep)

    def explain(self, document: Any) -> str:
        """Its own words."""
        fault = document.get("error") if isinstance(document, dict) else None
        return str(fault.get("message", "")) if isinstance(fault, dict) else ""

    def all(self, what: str, **query: Any) -> list[dict[str, Any]]:
        """Every row of a list; raises UpstreamError."""
        rows: list[dict[str, Any]] = []
        page: Any = 1
        while page:
            answer = self.get(f"/{what}", **query, page=page, per_page=PAGE)
            rows += answer[what]
            after = answer.get("meta", {}).get("pagination", {}).get("next_page")
            page = after if after and after > page else None
        return rows

    def named(self, what: str, name: str) -> dict[str, Any] | None:
        """The one row of this name; None where there is none."""
        rows = self.all(what, name=name)
        return rows[0] if rows else None

    def act(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """A request that starts actions, and the wait until all of them are done; raises UpstreamError."""
        answer = self.call(method, path, body=body).document or {}
        started = [answer.get("action"), *answer.get("next_actions", []), *answer.get("actions", [])]
        self.wait([one for one in started if one])
        return answer

    def wait(self, actions: Iterable[Mapping[str, Any]]) -> None:
        """Ask about actions until none runs any more; raises UpstreamError for one that failed."""
        running = list(actions)
        for _ in range(MOST_POLLS):
            for one in running:
                _require_good(one)
            ids = [one["id"] for one in running if one["status"] == "running"]
            if not ids:
                return
            self._sleep(POLL_S)
            running = self.get("/actions", id=ids)["actions"]
        raise UpstreamError("timeout", f"Hetzner Cloud did not finish within {POLL_S * MOST_POLLS:g} s")


def _require_good(action: Mapping[str, Any]) -> None:
    if action["status"] == "error":
        fault = action.get("error") or {}
        message = f"Hetzner Cloud could not carry out {action['command']}: {fault.get('message', '')}"
        raise UpstreamError(_CODES.get(str(fault.get("code")), "upstream_5xx"), message)


def code_of(error: UpstreamError) -> str:
    """The failure code by what Hetzner calls it, which says more than the status."""
    document = error.document if isinstance(error.document, dict) else {}
    fault = document.get("error")
    return _CODES.get(str(fault.get("code")), error.code) if isinstance(fault, dict) else error.code
