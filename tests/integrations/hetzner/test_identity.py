"""Asking Hetzner about a token."""

from typing import Any

import pytest

from orch_app.integrations.hetzner import identity
from orch_app.integrations.identity import Identity
from orch_app.kit.upstream import Reach
from orch_app.kit.upstream_failures import UpstreamError
from tests.systems.scripted_http import Script, says, scripted

ALLOW = ("127.0.0.1",)
REFUSED = {"error": {"code": "unauthorized", "message": "unable to authenticate", "details": None}}


def page(total: int) -> tuple[int, dict[str, str], bytes]:
    return says(200, {"servers": [], "meta": {"pagination": {"total_entries": total}}})


def looked(*lines: Any) -> tuple[Identity, Script]:
    with scripted() as server:
        server.lines = list(lines)
        return identity.look(Reach(f"{server.url}/v1", ALLOW), "t0ken"), server


@pytest.mark.parametrize(("total", "who"), [(0, "0 servers"), (1, "1 server"), (12, "12 servers")])
def test_a_token_is_known_by_the_servers_of_its_project(total: int, who: str) -> None:
    found, server = looked(page(total))
    assert found == Identity(f"project with {who}", ("Permissions: Read",))
    assert [(verb, path) for verb, path, _ in server.asked] == [("GET", "/v1/servers?per_page=1")]


def test_a_wrong_token_is_refused_in_the_words_of_hetzner() -> None:
    with pytest.raises(UpstreamError) as error:
        looked(says(401, REFUSED))
    assert (error.value.kind, error.value.detail) == (
        "auth_failed",
        "Hetzner Cloud answered 401: unable to authenticate.",
    )
