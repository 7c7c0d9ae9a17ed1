"""Asking Cloudflare about a token: whose it is, which zones it sees, and which right is missing."""

from typing import Any

import pytest

from orch_app.integrations.cloudflare import identity
from orch_app.integrations.identity import Identity
from orch_app.kit.upstream import Reach
from orch_app.kit.upstream_failures import UpstreamError
from tests.systems.scripted_http import Script, says, scripted

ALLOW = ("127.0.0.1",)
TOKEN = {"id": "ed17574386854bf78a67040be0a770b0", "status": "active"}
ZONE = {"id": "023e105f4ecef8ad9ca31a8372d0c353", "name": "example.com"}
UNKNOWN = {"success": False, "errors": [{"code": 1000, "message": "Invalid API Token"}], "result": None}
DENIED = {"success": False, "errors": [{"code": 10000, "message": "Authentication error"}]}


def good(result: Any, count: int = 1) -> tuple[int, dict[str, str], bytes]:
    return says(200, {"success": True, "result": result, "result_info": {"total_count": count}})


def looked(*lines: Any) -> tuple[Identity, Script]:
    with scripted() as server:
        server.lines = list(lines)
        return identity.look(Reach(server.url, ALLOW), "t0ken"), server


def refused(*lines: Any) -> UpstreamError:
    with pytest.raises(UpstreamError) as error:
        looked(*lines)
    return error.value


def test_a_token_is_known_by_its_id_and_its_zones() -> None:
    found, server = looked(good(TOKEN), good([ZONE], 7), good([]))
    assert found == Identity("token ed175743, 7 zones: example.com, ...", ("Zone / Zone: Read", "Zone / DNS: Read"))
    assert [path for _, path, _ in server.asked] == [
        "/user/tokens/verify",
        "/zones?per_page=50",
        f"/zones/{ZONE['id']}/dns_records?per_page=5",
    ]


@pytest.mark.parametrize(
    ("told", "missing"), [(["#zone:read", "#dns_records:edit"], ()), (["#zone:read"], ("Zone / DNS: Edit",))]
)
def test_rights_are_taken_from_the_zone_where_it_tells_them(told: list[str], missing: tuple[str, ...]) -> None:
    found, server = looked(good(TOKEN), good([ZONE | {"permissions": told}]))
    assert (found.who, found.missing) == ("token ed175743, 1 zone: example.com", missing)
    assert len(server.asked) == 2


def test_a_token_of_an_account_is_good_when_it_sees_zones() -> None:
    found, _ = looked(says(401, UNKNOWN), good([ZONE]), good([]))
    assert found.who == "token of an account, 1 zone: example.com"


def test_what_a_token_may_not_see_is_missing() -> None:
    assert looked(good(TOKEN), says(403, DENIED))[0].missing == ("Zone / Zone: Read", "Zone / DNS: Edit")
    assert looked(good(TOKEN), good([]))[0].missing == ("Zone / Zone: Read",)
    assert looked(good(TOKEN), good([ZONE]), says(403, DENIED))[0].missing == ("Zone / DNS: Edit",)


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_token_that_nobody_knows_is_refused(status: int) -> None:
    error = refused(says(status, UNKNOWN), says(403, DENIED))
    assert (error.kind, error.detail) == ("auth_failed", f"Cloudflare answered {status}: Invalid API Token.")


def test_a_token_that_has_ended_is_refused() -> None:
    error = refused(good(TOKEN | {"status": "expired"}))
    assert (error.kind, error.detail) == ("auth_failed", "Cloudflare says that the token is expired.")


def test_other_failures_stay_what_they_are() -> None:
    assert refused(says(500), says(500), says(500)).kind == "upstream_5xx"
    assert refused(good(TOKEN), says(404, {})).kind == "not_found"
    assert refused(good(TOKEN), good([ZONE]), says(404, {})).kind == "not_found"
