"""Looking at a bucket that somebody else made."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from orch_app.integrations.identity import Identity
from orch_app.integrations.object_store.foreign import Bucket, look
from orch_app.kit.egress import EgressRefused
from orch_app.kit.upstream_failures import UpstreamError
from tests.systems.certificates import certificate
from tests.systems.processes import free_port
from tests.systems.s3 import BUCKET, S3Server, s3_server
from tests.systems.scripted_http import Line, scripted

ALLOW = ("127.0.0.1",)
PLACE = Bucket("http://127.0.0.1:1", BUCKET, "us-east-1", "AKIAJARVIS", "not-a-secret")


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as started:
        yield started


@pytest.mark.integration
def test_a_bucket_that_can_be_listed_is_good(server: S3Server) -> None:
    assert look(replace(PLACE, endpoint=server.url), ALLOW) == Identity(f"bucket {BUCKET}, empty", ("s3:ListBucket",))


@pytest.mark.integration
def test_a_bucket_that_is_not_there_is_not_found(server: S3Server) -> None:
    assert kind_of(replace(PLACE, endpoint=server.url, name="nobodys")) == "not_found"


def kind_of(bucket: Bucket) -> str:
    with pytest.raises(UpstreamError) as error:
        look(bucket, ALLOW)
    assert "not-a-secret" not in error.value.detail
    return error.value.kind


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "InvalidAccessKeyId", "auth_failed"),
        (403, "SignatureDoesNotMatch", "auth_failed"),
        (403, "AccessDenied", "insufficient_scopes"),
        (404, "NoSuchBucket", "not_found"),
        (500, "InternalError", "upstream_5xx"),
    ],
)
def test_a_refusal_is_named_by_what_the_service_says(status: int, code: str, kind: str) -> None:
    line: Line = (status, {}, f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode())
    with scripted() as script:
        script.lines = [line]
        assert kind_of(replace(PLACE, endpoint=script.url)) == kind


def test_nobody_is_unreachable_and_a_strangers_certificate_is_not_trusted(tmp_path: Path) -> None:
    assert kind_of(replace(PLACE, endpoint=f"http://127.0.0.1:{free_port()}")) == "unreachable"
    with scripted(certificate(tmp_path, days=9)) as script:
        assert kind_of(replace(PLACE, endpoint=script.url)) == "tls"


def test_an_address_that_is_not_allowed_is_not_asked() -> None:
    with pytest.raises(EgressRefused):
        look(replace(PLACE, endpoint="http://169.254.169.254"), ALLOW)
