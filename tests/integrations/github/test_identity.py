"""Asking GitHub about a token."""

from typing import Any

import pytest

from orch_app.integrations.github import identity
from orch_app.integrations.identity import Identity
from orch_app.kit.upstream import Reach
from orch_app.kit.upstream_failures import UpstreamError
from tests.systems.scripted_http import Script, says, scripted

ALLOW = ("127.0.0.1",)
USER = {"login": "octocat", "id": 1}


def looked(*lines: Any) -> tuple[Identity, Script]:
    with scripted() as server:
        server.lines = list(lines)
        return identity.look(Reach(server.url, ALLOW), "t0ken"), server


def test_a_fine_grained_token_tells_its_user_only() -> None:
    found, server = looked(says(200, USER))
    assert found == Identity("octocat")
    assert [path for _, path, _ in server.asked] == ["/user"]


@pytest.mark.parametrize(
    ("scopes", "granted", "missing"),
    [("repo, read:org", ("repo", "read:org"), ()), ("gist", ("gist",), ("repo",)), ("", (), ("repo",))],
)
def test_a_classic_token_tells_its_scopes(scopes: str, granted: tuple[str, ...], missing: tuple[str, ...]) -> None:
    found, _ = looked(says(200, USER, X_OAuth_Scopes=scopes))
    assert (found.who, found.granted, found.missing) == ("octocat", granted, missing)


def test_a_wrong_token_is_refused_in_the_words_of_github() -> None:
    with pytest.raises(UpstreamError) as error:
        looked(says(401, {"message": "Bad credentials"}))
    assert (error.value.kind, error.value.detail) == ("auth_failed", "GitHub answered 401: Bad credentials.")
