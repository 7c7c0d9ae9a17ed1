"""Zones are found by a part of their name and by their id, as Cloudflare's API takes and answers it."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from orch_app.integrations.cloudflare.zones import Zone, Zones, find_zones
from orch_app.kit.breaker import Breaker
from orch_app.kit.upstream import Reach, Upstream
from orch_app.kit.upstream_failures import UpstreamError
from tests.systems.scripted_http import Script, says, scripted

ID = "023e105f4ecef8ad9ca31a8372d0c353"
ROW = {"id": ID, "name": "example.com", "status": "active", "account": {"id": "a", "name": "Ours"}}
FOUND = Zone(ID, "example.com", "active", "Ours")


@pytest.fixture
def cloudflare() -> Iterator[Script]:
    with scripted() as server:
        yield server


def ask(server: Script, text: str = "") -> Zones:
    with Upstream("Cloudflare", Reach(server.url, ("127.0.0.0/8",)), breaker=Breaker()) as api:
        return find_zones(api, text)


def page(*rows: dict[str, Any], total: int) -> Any:
    return says(200, {"success": True, "result": list(rows), "result_info": {"total_count": total}})


def test_zones_are_listed_and_counted(cloudflare: Script) -> None:
    cloudflare.lines = [page(ROW, total=900)]
    assert ask(cloudflare) == Zones([FOUND], 900)
    assert parse_qs(urlsplit(cloudflare.asked[0][1]).query) == {"per_page": ["50"], "order": ["name"]}


def test_a_part_of_the_name_is_searched_by_cloudflare(cloudflare: Script) -> None:
    cloudflare.lines = [page(total=0)]
    assert ask(cloudflare, "exam") == Zones([], 0)
    assert parse_qs(urlsplit(cloudflare.asked[0][1]).query)["name"] == ["contains:exam"]


def test_an_id_finds_its_zone_or_nothing(cloudflare: Script) -> None:
    cloudflare.lines = [says(200, {"result": ROW}), says(404, {}), page(total=0), says(403, {}), page(ROW, total=1)]
    assert ask(cloudflare, ID) == Zones([FOUND], 1)
    assert ask(cloudflare, ID) == ask(cloudflare, ID) == Zones([], 0)
    assert cloudflare.asked[0][1] == f"/zones/{ID}"


def test_a_token_that_is_refused_altogether_does_not_make_an_id_unknown(cloudflare: Script) -> None:
    cloudflare.lines = [says(403, {"errors": [{"code": 9109, "message": "Invalid access token"}]})] * 2
    with pytest.raises(UpstreamError) as caught:
        ask(cloudflare, ID)
    assert caught.value.kind == "insufficient_scopes"


def test_a_token_that_is_not_known_is_a_failure(cloudflare: Script) -> None:
    cloudflare.lines = [says(401, {}), says(401, {})]
    for text in ("", ID):
        with pytest.raises(UpstreamError) as caught:
            ask(cloudflare, text)
        assert caught.value.kind == "auth_failed"
