"""Asking NetBox with a token: each right that an import needs is tried."""

from typing import Any

import pytest

from orch_app.integrations.identity import Identity
from orch_app.integrations.netbox import identity
from orch_app.kit.upstream import Reach
from orch_app.kit.upstream_failures import UpstreamError
from tests.systems.scripted_http import Script, says, scripted

ALLOW = ("127.0.0.1",)
STATUS = says(200, {"netbox-version": "4.2.2"})
NO_ROWS = says(200, {"count": 0, "next": None, "previous": None, "results": []})
RIGHTS = tuple(identity.VIEWED)


def looked(*lines: Any, token: str = "0123456789abcdef") -> tuple[Identity, Script]:
    with scripted() as server:
        server.lines = list(lines)
        return identity.look(Reach(server.url, ALLOW), token), server


def test_a_token_that_may_view_everything_is_good() -> None:
    found, server = looked(STATUS, *[NO_ROWS] * len(RIGHTS))
    assert found == Identity("token of NetBox 4.2.2", RIGHTS)
    assert server.asked[0][1] == "/api/status/"


def test_what_it_may_not_view_is_missing() -> None:
    denied = says(403, {"detail": "You do not have permission to perform this action."})
    found, _ = looked(STATUS, NO_ROWS, denied, *[NO_ROWS] * (len(RIGHTS) - 2))
    assert found.missing == ("virtualization.view_virtualmachine",)
    assert len(found.granted) == len(RIGHTS) - 1


def test_netbox_says_403_to_a_token_that_it_does_not_know() -> None:
    with pytest.raises(UpstreamError) as error:
        looked(says(403, {"detail": "Invalid v1 token"}))
    assert (error.value.kind, error.value.detail) == ("auth_failed", "NetBox answered 403: Invalid v1 token.")


def test_what_is_no_netbox_is_told_apart() -> None:
    with pytest.raises(UpstreamError) as error:
        looked(says(200, {"hello": "world"}))
    assert error.value.kind == "validation"


@pytest.mark.parametrize(
    ("token", "header"), [("0123456789abcdef", "Token 0123456789abcdef"), ("nbt_k.v", "Bearer nbt_k.v")]
)
def test_a_token_is_shown_by_the_word_of_its_version(token: str, header: str) -> None:
    assert identity.header(token) == header
