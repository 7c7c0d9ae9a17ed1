"""Signing in to a registry of images, directly and by the server that gives out tokens for it."""

from typing import Any

import pytest

from orch_app.integrations.registry import identity
from orch_app.kit.upstream import Reach
from orch_app.kit.upstream_failures import UpstreamError
from tests.systems.processes import free_port
from tests.systems.scripted_http import Script, says, scripted

ALLOW = ("127.0.0.1",)


def looked(server: Script, *lines: Any) -> str:
    server.lines = list(lines)
    return identity.look(Reach(server.url, ALLOW), "ops", "pass word").who


def bearer(realm: str) -> Any:
    return says(401, {"errors": []}, WWW_Authenticate=f'Bearer realm="{realm}",service="images"')


def test_a_registry_that_asks_itself_takes_the_login() -> None:
    with scripted() as server:
        assert looked(server, says(200, {})) == f"ops at 127.0.0.1:{server.server_port}"
        assert [path for _method, path, _body in server.asked] == ["/v2/"]


def test_a_registry_with_tokens_is_asked_where_it_says() -> None:
    with scripted() as server:
        assert looked(server, bearer(f"{server.url}/token"), says(200, {"token": "t"})).startswith("ops at ")
        assert [path for _method, path, _body in server.asked] == ["/v2/", "/token?service=images"]


def test_a_login_that_is_not_taken_is_refused() -> None:
    with scripted() as server:
        for lines in ([says(401, {})], [bearer(f"{server.url}/token"), says(401, {})]):
            with pytest.raises(UpstreamError) as error:
                looked(server, *lines)
            assert error.value.kind == "auth_failed"


def test_a_password_goes_to_no_other_server_in_clear() -> None:
    with scripted() as server, scripted() as other:
        with pytest.raises(UpstreamError) as error:
            looked(server, bearer(f"{other.url}/token"))
        assert (error.value.kind, other.asked) == ("validation", [])


def test_nobody_is_unreachable() -> None:
    with pytest.raises(UpstreamError) as error:
        identity.look(Reach(f"http://127.0.0.1:{free_port()}", ALLOW), "ops", "x")
    assert error.value.kind == "unreachable"
