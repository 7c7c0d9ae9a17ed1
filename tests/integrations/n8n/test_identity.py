"""Asking n8n with a key: each right is tried."""

from typing import Any

import pytest

from orch_app.integrations.identity import Identity
from orch_app.integrations.n8n import identity
from orch_app.kit.upstream import Reach
from orch_app.kit.upstream_failures import UpstreamError
from tests.systems.scripted_http import Script, says, scripted

ALLOW = ("127.0.0.1",)
EMPTY = {"data": [], "nextCursor": None}


def looked(*lines: Any) -> tuple[Identity, Script]:
    with scripted() as server:
        server.lines = list(lines)
        return identity.look(Reach(server.url, ALLOW), "key"), server


def test_a_key_that_may_list_is_good() -> None:
    found, server = looked(says(200, EMPTY), says(200, EMPTY))
    assert found == Identity("API key of n8n", ("workflow:list", "tag:list"))
    assert [path for _, path, _ in server.asked] == ["/api/v1/workflows?limit=1", "/api/v1/tags?limit=1"]


def test_what_a_key_may_not_list_is_missing() -> None:
    found, _ = looked(says(200, EMPTY), says(403, {"message": "Forbidden"}))
    assert (found.granted, found.missing) == (("workflow:list",), ("tag:list",))


def test_a_wrong_key_is_refused_in_the_words_of_n8n() -> None:
    with pytest.raises(UpstreamError) as error:
        looked(says(401, {"message": "unauthorized"}))
    assert (error.value.kind, error.value.detail) == ("auth_failed", "n8n answered 401: unauthorized.")
