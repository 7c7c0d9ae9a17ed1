"""Files of a repository at one commit: over http with a token, over ssh with a key and the pinned host key."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.runbooks import modules
from tests.systems.git_http import git_over_http
from tests.systems.keys import make_key
from tests.systems.processes import free_port, program
from tests.systems.sshd import SshServer, ssh_server

USER, TOKEN = "deploy@corp", "glpat-t0ken/1"
ALLOW = ["127.0.0.0/8", "::1/128", "localhost"]
OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHxvRnWKe0wCcqV4YG5qSFnGSoZsX0lrb8nhAIFCCrzb"
repository = modules.shared("repository")


def git(*words: str) -> str:
    alone = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "init.defaultBranch=main")
    argv = [program("git"), *who, *words]
    return subprocess.run(argv, check=True, capture_output=True, text=True, env=alone).stdout.strip()


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with two commits; the first has a tag."""
    folder = tmp_path_factory.mktemp("git")
    work = folder / "work"
    git("init", "-q", str(work))
    for number in (1, 2):
        (work / "deploy").mkdir(exist_ok=True)
        (work / "deploy" / "stack.yml").write_text(f"services: {{}} # {number}\n")
        (work / "deploy" / "page.txt").write_text(f"page {number}")
        git("-C", str(work), "add", "--all")
        git("-C", str(work), "commit", "-q", "-m", str(number))
        git("-C", str(work), "tag", f"v{number}")
    git("clone", "-q", "--bare", str(work), str(folder / "ops.git"))
    return folder / "ops.git"


@pytest.fixture(scope="module")
def site(bare: Path) -> Iterator[str]:
    with git_over_http(bare.parent, USER, TOKEN) as url:
        yield url


@pytest.fixture(scope="module")
def server() -> Iterator[SshServer]:
    with ssh_server() as started:
        yield started


def over_http(site: str, **changes: Any) -> dict[str, Any]:
    return {"type": "git", "url": f"{site}/ops.git", "username": USER, "token": TOKEN, **changes}


def over_ssh(server: SshServer, bare: Path, **changes: Any) -> dict[str, Any]:
    url = f"ssh://{server.user}@127.0.0.1:{server.port}{bare}"
    return {"type": "git", "url": url, "privateKey": server.private_key, "hostKey": server.host_key, **changes}


def opened(connection: dict[str, Any], ref: str = "main") -> Any:
    return repository.Repository(connection, ref, ALLOW, [])


def code_of(connection: dict[str, Any], ref: str = "main") -> str:
    with pytest.raises(modules.shared("upstream").UpstreamError) as caught:
        opened(connection, ref)
    assert TOKEN not in str(caught.value)
    return caught.value.code


@pytest.mark.parametrize(("ref", "text"), [("main", "# 2"), ("v1", "# 1")])
def test_a_branch_and_a_tag_are_one_commit(site: str, bare: Path, ref: str, text: str) -> None:
    found = opened(over_http(site), ref)
    try:
        assert found.commit == git("-C", str(bare), "rev-parse", f"{ref}^{{commit}}")
        assert text in found.file("deploy/stack.yml").decode()
    finally:
        found.close()
    assert not Path(found._folder).exists()


def test_a_file_that_is_not_there_is_named(site: str) -> None:
    found = opened(over_http(site))
    with pytest.raises(modules.shared("upstream").UpstreamError, match="no file deploy/other"):
        found.file("deploy/other")
    found.close()


def test_what_is_wrong_over_http_is_told_apart(site: str) -> None:
    assert code_of(over_http(site, token="wrong")) == "auth_failed"
    assert code_of(over_http(site, token=None)) == "auth_failed"
    assert code_of(over_http(site, url=f"{site}/none.git")) == "not_found"
    assert code_of(over_http(site), "none") == "not_found"
    assert code_of(over_http(f"http://127.0.0.1:{free_port()}")) == "unreachable"
    assert code_of(over_http("http://169.254.169.254")) == "validation"
    assert code_of(over_http(site, url="file:///etc")) == "validation"


@pytest.mark.parametrize("ref", ["--upload-pack=touch /tmp/x", "a..b", "a b", "", "refs/heads/main:refs/x"])
def test_a_name_that_is_none_is_refused(site: str, ref: str) -> None:
    assert code_of(over_http(site), ref) == "validation"


def test_a_key_opens_it_over_ssh(server: SshServer, bare: Path) -> None:
    found = opened(over_ssh(server, bare))
    assert found.file("deploy/page.txt") == b"page 2"
    found.close()


def test_what_is_wrong_over_ssh_is_told_apart(server: SshServer, bare: Path, tmp_path: Path) -> None:
    assert code_of(over_ssh(server, bare, privateKey=make_key(tmp_path, "ed25519"))) == "auth_failed"
    assert code_of(over_ssh(server, bare, hostKey=OTHER_KEY)) == "tls"
    assert code_of(over_ssh(server, bare, hostKey=None)) == "tls"
    assert code_of(over_ssh(server, Path("/none.git"))) == "not_found"


def test_no_secret_is_an_argument_or_in_the_environment(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    start = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda argv, **how: told.append((argv, how["env"])) or start(argv, **how))
    opened(over_http(site)).close()
    assert TOKEN not in str(told)
    assert len(told) >= 3


def test_a_compose_file_comes_with_the_files_beside_it(site: str, tmp_path: Path) -> None:
    source, connection = modules.shared("stack.source"), tmp_path / "git.json"
    connection.write_text(modules.shared("plan").canonical(over_http(site)).decode())
    given = {"git": str(connection), "ref": "v1", "egress_allow": ALLOW, "egress_deny": [], "compose": ""}
    with source.opened({**given, "path": "deploy/stack.yml"}) as found:
        assert found.text == "services: {} # 1\n"
        assert found.beside("./page.txt") == b"page 1"
        assert set(found.facts["source"]) == {"repository", "commit", "path"}
        with pytest.raises(modules.shared("stack.faults").Fault, match="leads out"):
            found.beside("../../etc/passwd")
    with source.opened({**given, "path": "", "compose": "a: 1"}) as found:
        assert (found.text, found.beside, found.facts) == ("a: 1", None, {})


def test_without_a_connection_it_says_so() -> None:
    source = modules.shared("stack.source")
    given = {"git": "", "ref": "main", "path": "x", "compose": ""}
    with pytest.raises(modules.shared("stack.faults").Fault, match="type git"), source.opened(given):
        pass
