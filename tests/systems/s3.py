"""A real S3-compatible server on loopback: moto's, in a process of its own, which can be stopped and started again."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.systems.processes import answers, free_port, private_folder, running

BUCKET = "jarvis"
KEY_FILE = "[default]\naws_access_key_id = AKIAJARVIS\naws_secret_access_key = not-a-secret\n"


@dataclass(frozen=True)
class S3Server:
    """Where the server listens, and the file with its key."""

    port: int
    credentials: Path

    def settings(self, prefix: str) -> dict[str, str]:
        """The product's settings for a prefix of the bucket."""
        return {
            "ORCH_ARTIFACTS_URL": f"s3://{BUCKET}/{prefix}",
            "ORCH_ARTIFACTS_ENDPOINT": f"http://127.0.0.1:{self.port}",
            "ORCH_ARTIFACTS_CREDENTIALS_FILE": str(self.credentials),
        }


@contextmanager
def s3_server(port: int = 0) -> Iterator[S3Server]:
    """A server with one empty bucket; on a given port where one was before."""
    with private_folder("s3") as folder:
        listens_at = port or free_port()
        argv = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(listens_at)]
        with running(argv, is_ready=lambda: answers(listens_at), log=folder / "log"):
            credentials = folder / "credentials"
            credentials.write_text(KEY_FILE, "utf-8")
            _make_bucket(listens_at)
            yield S3Server(listens_at, credentials)


def _make_bucket(port: int) -> None:
    httpx.put(f"http://127.0.0.1:{port}/{BUCKET}", headers={"Authorization": _SIGNED}).raise_for_status()


_SIGNED = "AWS4-HMAC-SHA256 Credential=AKIAJARVIS/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
