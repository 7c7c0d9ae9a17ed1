"""Cloudflare's API as far as zones and records go."""

from __future__ import annotations

from typing import Any, Callable, Mapping, Sequence

from ansible.module_utils.orch.dns import batch, records
from ansible.module_utils.orch.dns.changes import Change
from ansible.module_utils.orch.dns.records import Record
from ansible.module_utils.orch.upstream import Reach, Upstream, UpstreamError

PER_PAGE = 5000
SCOPES = "Zone / Zone: Read and Zone / DNS: Edit for this zone"
_SCOPE_CODES = ("auth_failed", "insufficient_scopes")
_IN_THE_WAY = frozenset({81053, 81054, 81056, 81057, 81058, 81060})  # another record at the name, or the same one
_NO_SUCH_TOKEN = frozenset({1000, 1001, 6003, 6111, 9109})
_SIZE_WORDS = ("batch", "operations", "records")
_TOO_LARGE_WORDS = ("too many", "maximum", "exceed", "limit")
_TOO_LARGE = 413


class Cloudflare(Upstream):
    """One zone of one account."""

    def __init__(
        self, connection: Mapping[str, Any], zone_id: str, reach: Reach, sleep: Callable[[float], None]
    ) -> None:
        headers = {"Authorization": f"Bearer {connection['apiToken']}"}
        super().__init__("Cloudflare", connection["url"], headers, reach, sleep)
        self._path = f"/zones/{zone_id}"

    def explain(self, document: Any) -> str:
        """Its own words: `1004: DNS Validation Error`."""
        errors = document.get("errors") if isinstance(document, dict) else None
        return "; ".join(f"{one.get('code')}: {one.get('message')}" for one in errors or () if isinstance(one, dict))

    def zone_name(self) -> str:
        """The zone's name; raises UpstreamError."""
        return str(self.get(self._path)["result"]["name"]).lower()

    def records(self) -> list[Record]:
        """All records of the zone, page by page; raises UpstreamError."""
        found: list[Record] = []
        page, total = 1, 1
        while len(found) < total:
            answer = self.get(f"{self._path}/dns_records", page=page, per_page=PER_PAGE)
            listed = answer["result"] or []
            total = int((answer.get("result_info") or {}).get("total_count") or 0) if listed else 0
            found += [records.from_api(row) for row in listed]
            page += 1
        return found

    def export(self) -> bytes:
        """The zone as Cloudflare writes it into a BIND file; raises UpstreamError."""
        return self.call("GET", f"{self._path}/dns_records/export", headers={"Accept": "text/plain"}).content

    def apply(self, chunk: Sequence[Change]) -> None:
        """Make these changes in one transaction; raises UpstreamError."""
        self.call("POST", f"{self._path}/dns_records/batch", body=batch.body(chunk))


def is_too_large(error: UpstreamError) -> bool:
    """Whether fewer changes at once might be taken: how many are depends on the zone's plan."""
    said = str(error).lower()
    is_about_size = any(word in said for word in _SIZE_WORDS) and any(word in said for word in _TOO_LARGE_WORDS)
    return error.status == _TOO_LARGE or (error.code == "validation" and error.status > 0 and is_about_size)


def code_of(error: UpstreamError) -> str:
    """The job's code: what is in the way of a record is a 400 as well, and a wrong token a 400 or 403."""
    errors = error.document.get("errors") if isinstance(error.document, dict) else None
    codes = {one.get("code") for one in errors or () if isinstance(one, dict)}
    if codes & _NO_SUCH_TOKEN:
        return "auth_failed"
    return "conflict" if error.code == "validation" and codes & _IN_THE_WAY else error.code


def told(error: UpstreamError) -> str:
    """What happened, with the permissions that a token needs where they may be what is missing."""
    return f"{error}. The token needs {SCOPES}" if error.code in _SCOPE_CODES else str(error)
