"""Whether the receiver of a webhook is there, without telling it anything."""

import socket
from pathlib import Path

import pytest

from orch_app.integrations.webhook.knock import knock
from orch_app.kit.egress import EgressRefused
from orch_app.kit.upstream_failures import UpstreamError
from tests.systems.certificates import certificate
from tests.systems.processes import free_port
from tests.systems.scripted_http import scripted

ALLOW = ("127.0.0.1",)


def test_somebody_who_listens_is_there_and_hears_nothing() -> None:
    with scripted() as server:
        assert knock(f"{server.url}/hook", ALLOW).who == f"127.0.0.1:{server.server_port}"
        assert server.asked == []


def test_nobody_is_unreachable() -> None:
    with pytest.raises(UpstreamError) as error:
        knock(f"http://127.0.0.1:{free_port()}/", ALLOW)
    assert error.value.kind == "unreachable"


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(tmp_path: Path) -> None:
    with scripted(certificate(tmp_path, days=9)) as server, pytest.raises(UpstreamError) as error:
        knock(server.url, ALLOW)
    assert error.value.kind == "tls"


def test_one_who_never_begins_with_tls_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orch_app.integrations.webhook.knock.TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(UpstreamError) as error:
        knock(f"https://127.0.0.1:{silent.getsockname()[1]}/", ALLOW)
    assert error.value.kind == "timeout"


def test_an_address_that_is_not_allowed_is_not_knocked_at() -> None:
    with pytest.raises(EgressRefused):
        knock("http://169.254.169.254/", ("169.254.169.254",))
