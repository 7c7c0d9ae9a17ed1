"""A real S3-compatible server on loopback: moto's, in a process of its own, which can be stopped and started again."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.systems.processes import DIES_WITH_US, answers, free_port, private_folder, running

BUCKET = "jarvis"
KEY_FILE = "[default]\naws_access_key_id = AKIAJARVIS\naws_secret_access_key = not-a-secret\n"


@dataclass(frozen=True)
class S3Server:
    """Where the server listens, and the file with its key."""

    port: int
    credentials: Path
    host: str = "127.0.0.1"

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def settings(self, prefix: str) -> dict[str, str]:
        """The product's settings for a prefix of the bucket."""
        return {
            "ORCH_ARTIFACTS_URL": f"s3://{BUCKET}/{prefix}",
            "ORCH_ARTIFACTS_ENDPOINT": self.url,
            "ORCH_ARTIFACTS_CREDENTIALS_FILE": str(self.credentials),
        }


@contextmanager
def s3_server(port: int = 0, host: str = "127.0.0.1") -> Iterator[S3Server]:
    """A server with one empty bucket; on a given port where one was before."""
    with private_folder("s3") as folder:
        listens_at = port or free_port()
        command = ("-W", "ignore", "-m", "moto.server", "-H", host, "-p", str(listens_at))
        argv = [*DIES_WITH_US, sys.executable, *command]
        with running(argv, is_ready=lambda: answers(listens_at, host), log=folder / "log"):
            credentials = folder / "credentials"
            credentials.write_text(KEY_FILE, "utf-8")
            server = S3Server(listens_at, credentials, host)
            _make_bucket(server)
            yield server


def _make_bucket(server: S3Server) -> None:
    httpx.put(f"{server.url}/{BUCKET}", headers={"Authorization": _SIGNED}).raise_for_status()


_SIGNED = "AWS4-HMAC-SHA256 Credential=AKIAJARVIS/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
