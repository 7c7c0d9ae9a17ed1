"""Repositories on other servers: over http with a token, over ssh with a key and the pinned host key."""

import base64
import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from orch_app.integrations.git.remote import MEANINGS, Remote, failure, look, reached
from orch_app.integrations.identity import Identity
from orch_app.kit.egress import EgressRefused
from orch_app.kit.process import Finished, run
from orch_app.kit.upstream_failures import UpstreamError
from tests.systems.keys import make_key
from tests.systems.processes import free_port
from tests.systems.sshd import SshServer, ssh_server

pytestmark = pytest.mark.integration
ALLOW = ("127.0.0.1", "localhost")
TOKEN = "glpat-t0ken/1"
OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHxvRnWKe0wCcqV4YG5qSFnGSoZsX0lrb8nhAIFCCrzb"


class _Files(SimpleHTTPRequestHandler):
    """The files of a repository for whoever has the token; a path that begins with /moved is at another address."""

    def do_GET(self) -> None:
        right = base64.b64encode(f"deploy@corp:{TOKEN}".encode()).decode()
        if self.path.startswith("/moved"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/moved"))
            self.end_headers()
        elif self.headers.get("Authorization") == f"Basic {right}":
            super().do_GET()
        else:
            self.send_response(403 if "Authorization" in self.headers and "forbidden" in self.path else 401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare repository with two branches."""
    folder = tmp_path_factory.mktemp("git")
    work, bare = folder / "work", folder / "ops.git"
    git = ("git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "init.defaultBranch=main")
    for command in (
        (*git, "init", "-q", str(work)),
        (*git, "-C", str(work), "commit", "-q", "--allow-empty", "-m", "one"),
        (*git, "-C", str(work), "branch", "second"),
        (*git, "clone", "-q", "--bare", str(work), str(bare)),
        (*git, "-C", str(bare), "update-server-info"),
    ):
        assert run(command, timeout_s=20).is_ok
    return bare


@contextmanager
def files_of(folder: Path) -> Iterator[str]:
    handler = functools.partial(_Files, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def site(repository: Path) -> Iterator[str]:
    with files_of(repository.parent) as url:
        yield url


@pytest.fixture(scope="module")
def server() -> Iterator[SshServer]:
    with ssh_server() as started:
        yield started


def kind_of(remote: Remote) -> str:
    with pytest.raises(UpstreamError) as error:
        look(remote, ALLOW)
    assert TOKEN not in error.value.detail
    return error.value.kind


def test_a_token_opens_a_repository_over_http(site: str) -> None:
    found = look(Remote(f"{site}/ops.git", "deploy@corp", TOKEN), ALLOW)
    assert found == Identity("2 branches", ("Contents: Read-only",))


def test_a_wrong_or_missing_token_is_told_from_a_repository_that_is_not_there(site: str) -> None:
    assert kind_of(Remote(f"{site}/ops.git", "deploy@corp", "wrong")) == "auth_failed"
    assert kind_of(Remote(f"{site}/ops.git", "git")) == "auth_failed"
    assert kind_of(Remote(f"{site}/forbidden.git", "deploy@corp", "wrong")) == "insufficient_scopes"
    assert kind_of(Remote(f"{site}/nothing.git", "deploy@corp", TOKEN)) == "not_found"


def test_a_redirect_is_not_followed(site: str) -> None:
    assert kind_of(Remote(f"{site}/moved/ops.git", "deploy@corp", TOKEN)) == "validation"


def test_nobody_is_unreachable() -> None:
    assert kind_of(Remote(f"http://127.0.0.1:{free_port()}/x", "git")) == "unreachable"


def test_no_secret_is_an_argument_or_in_the_environment(site: str) -> None:
    with reached(Remote(f"{site}/ops.git", "deploy@corp", TOKEN), ALLOW) as access:
        answer = Path(access.environment["ORCH_ASKPASS_FILE"])
        assert TOKEN not in str(access)
        assert (answer.read_text(), answer.stat().st_mode & 0o077) == (TOKEN, 0)
    assert not answer.exists()


def over_ssh(server: SshServer, repository: Path) -> Remote:
    url = f"ssh://127.0.0.1:{server.port}{repository}"
    return Remote(url, server.user, private_key=server.private_key, host_key=server.host_key)


def test_a_key_opens_a_repository_over_ssh(server: SshServer, repository: Path) -> None:
    assert look(over_ssh(server, repository), ALLOW).who == "2 branches"


def test_another_key_another_host_key_and_another_path_are_told_apart(
    server: SshServer, repository: Path, tmp_path: Path
) -> None:
    remote = over_ssh(server, repository)
    assert kind_of(replace(remote, private_key=make_key(tmp_path, "ed25519"))) == "auth_failed"
    assert kind_of(replace(remote, private_key="no key")) == "auth_failed"
    assert kind_of(replace(remote, host_key=OTHER_KEY)) == "tls"
    assert kind_of(replace(remote, url=f"ssh://127.0.0.1:{server.port}/nothing.git")) == "not_found"


def test_an_address_that_is_not_allowed_is_not_asked() -> None:
    with pytest.raises(EgressRefused):
        look(Remote("https://169.254.169.254/x", "git"), ALLOW)


@pytest.mark.parametrize(("words", "kind"), [(words, kind) for words, kind, _ in MEANINGS])
def test_what_git_says_has_one_meaning(words: str, kind: str) -> None:
    ended = Finished(128, b"", f"fatal: {words}".encode(), timed_out=False, too_much=False, duration_ms=1)
    assert failure(ended).kind == kind


def test_a_git_that_does_not_end_takes_too_long() -> None:
    assert failure(Finished(-9, b"", b"", timed_out=True, too_much=False, duration_ms=1)).kind == "timeout"
