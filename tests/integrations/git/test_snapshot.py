"""The files of a branch or tag, read from real repositories without ever checking them out."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from orch_app.integrations.git import snapshot
from orch_app.integrations.git.remote import ALONE, Access, Remote, reached
from orch_app.integrations.git.snapshot import Ref, Snapshot, take
from orch_app.kit.file_tree import TreeFile, TreeLimits, TreeRefused
from orch_app.kit.process import run
from orch_app.kit.upstream_failures import UpstreamError
from tests.systems.git_http import git_over_http
from tests.systems.sshd import ssh_server

pytestmark = pytest.mark.integration
LIMITS = TreeLimits(files=20, size=1 << 20)
ALLOW = ("127.0.0.1", "localhost")
MAIN = Ref("branch", "main")
AUTHOR = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "init.defaultBranch=main")


@dataclass(frozen=True)
class Repository:
    """A repository with a work tree, in which a test commits."""

    folder: Path

    def git(self, *command: str) -> str:
        finished = run(("git", *AUTHOR, "-C", str(self.folder), *command), timeout_s=20)
        assert finished.is_ok, finished.error_text
        return finished.text.strip()

    def commit(self, files: dict[str, str], subject: str = "change") -> str:
        for path, text in files.items():
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", subject)
        return self.git("rev-parse", "HEAD")

    @property
    def access(self) -> Access:
        alone = ("-c", "protocol.allow=never", "-c", "protocol.file.allow=always")
        return Access(alone, f"file://{self.folder}", ALONE)

    def take(self, ref: Ref = MAIN, prefix: str = "") -> Snapshot:
        return take(self.access, ref, lambda path: path.startswith(prefix), LIMITS)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "ops")
    made.folder.mkdir()
    made.git("init", "-q")
    return made


def refused(repository: Repository, ref: Ref = MAIN) -> tuple[str, str]:
    with pytest.raises(UpstreamError) as error:
        repository.take(ref)
    return error.value.kind, error.value.detail


def test_a_branch_gives_its_commit_and_the_files_that_are_wanted(repository: Repository) -> None:
    repository.commit({"old": "x"}, "first")
    newest = repository.commit({"runbooks/a/x.yml": "é\n", "runbooks/b": "", "docs/y": "no"}, "second: ação")
    found = repository.take(prefix="runbooks/")
    assert (found.commit.id, found.commit.author, found.commit.subject) == (newest, "Ada", "second: ação")
    assert found.commit.committed_at.tzinfo is not None
    assert found.files == {"runbooks/a/x.yml": TreeFile("é\n".encode()), "runbooks/b": TreeFile(b"")}


def test_a_tag_gives_the_commit_it_names_also_when_it_is_annotated(repository: Repository) -> None:
    first = repository.commit({"a": "1"})
    repository.git("tag", "light")
    repository.git("tag", "-a", "heavy", "-m", "v1")
    repository.commit({"a": "2"})
    for name in ("light", "heavy"):
        found = repository.take(Ref("tag", name))
        assert (found.commit.id, found.files["a"].content) == (first, b"1")


def test_a_branch_and_a_tag_of_one_name_are_told_apart(repository: Repository) -> None:
    repository.commit({"a": "tagged"})
    repository.git("tag", "main")
    repository.commit({"a": "newest"})
    assert repository.take(Ref("tag", "main")).files["a"].content == b"tagged"
    assert repository.take(Ref("branch", "main")).files["a"].content == b"newest"


def test_links_and_submodules_are_left_out_and_named(repository: Repository) -> None:
    (repository.folder / "link").symlink_to("/etc/passwd")
    first = repository.commit({"a": "x"})
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{first},other")
    repository.git("commit", "-q", "-m", "submodule")
    found = repository.take()
    assert (sorted(found.files), found.left_out) == (["a"], ["link", "other"])


def test_programs_stay_programs(repository: Repository) -> None:
    (repository.folder / "run.sh").write_text("#!/bin/sh\n")
    (repository.folder / "run.sh").chmod(0o755)
    repository.commit({"plain": "x"})
    assert {path: file.is_executable for path, file in repository.take().files.items()} == {
        "plain": False,
        "run.sh": True,
    }


def test_attributes_filters_and_hooks_of_the_repository_do_nothing(repository: Repository, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    hook = repository.folder / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {trace}\n")
    hook.chmod(0o755)
    repository.commit({".gitattributes": "* text eol=crlf export-ignore ident\n", "a": "one\n$Id$\n"})
    assert repository.take().files["a"].content == b"one\n$Id$\n"
    assert not trace.exists()


def test_a_branch_or_tag_that_is_not_there_is_named(repository: Repository) -> None:
    repository.commit({"a": "x"})
    assert refused(repository, Ref("branch", "nothing")) == ("not_found", "Git: there is no branch nothing.")
    assert refused(repository, Ref("tag", "v9")) == ("not_found", "Git: there is no tag v9.")


def test_a_tag_that_names_no_commit_is_refused(repository: Repository) -> None:
    repository.commit({"a": "x"})
    repository.git("tag", "tree", "HEAD^{tree}")
    assert refused(repository, Ref("tag", "tree")) == ("validation", "Git: the tag names no commit.")


def test_what_is_too_much_is_refused_before_it_is_read(repository: Repository) -> None:
    repository.commit({f"f{number}": "x" for number in range(21)})
    with pytest.raises(TreeRefused, match="more than 20 files"):
        repository.take()
    repository.git("rm", "-q", "-r", ".")
    repository.commit({"large": "x" * (2 << 20)})
    with pytest.raises(TreeRefused, match="larger than 1 MiB"):
        repository.take()


def test_a_pack_that_is_too_large_is_not_taken(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository.folder / "noise").write_bytes(os.urandom(256 * 1024))
    repository.commit({"a": "x"})
    monkeypatch.setattr(snapshot, "MAX_PACK", 64 * 1024)
    assert refused(repository)[0] == "validation"
    assert "larger than" in refused(repository)[1]


def test_a_path_that_leads_elsewhere_is_refused(repository: Repository) -> None:
    """Such a tree cannot be made with `git add`; a server may send it all the same."""
    blob = repository.commit({"a": "x"}) and repository.git("rev-parse", "HEAD:a")
    entry = b"100644 ..\0" + bytes.fromhex(blob)
    made = run(
        ("git", "-C", str(repository.folder), "hash-object", "-t", "tree", "-w", "--stdin", "--literally"),
        timeout_s=20,
        stdin=entry,
    )
    commit = repository.git("commit-tree", made.text.strip(), "-m", "odd")
    repository.git("update-ref", "refs/heads/odd", commit)
    kind, _ = refused(repository, Ref("branch", "odd"))
    assert kind == "validation"


def test_nothing_but_the_protocol_of_the_address_is_spoken(repository: Repository) -> None:
    repository.commit({"a": "x"})
    closed = Access(("-c", "protocol.allow=never"), f"file://{repository.folder}", ALONE)
    with pytest.raises(UpstreamError):
        take(closed, MAIN, lambda _: True, LIMITS)


def test_a_repository_is_read_over_http_with_a_token_and_not_without(repository: Repository) -> None:
    newest = repository.commit({"a": "over http", "runbooks/x": "y"})
    with git_over_http(repository.folder.parent, "deploy@corp", "glpat-t0ken/1") as site:
        url = f"{site}/ops/.git"
        with reached(Remote(url, "deploy@corp", "glpat-t0ken/1"), ALLOW) as access:
            found = take(access, MAIN, lambda path: path != "a", LIMITS)
        with reached(Remote(url, "deploy@corp", "wrong"), ALLOW) as access, pytest.raises(UpstreamError) as refused:
            take(access, MAIN, lambda _: True, LIMITS)
    assert (found.commit.id, list(found.files), refused.value.kind) == (newest, ["runbooks/x"], "auth_failed")


def test_a_repository_is_read_over_ssh_with_a_pinned_key(repository: Repository) -> None:
    newest = repository.commit({"a": "over ssh"})
    with ssh_server() as server:
        url = f"ssh://127.0.0.1:{server.port}{repository.folder}"
        remote = Remote(url, server.user, private_key=server.private_key, host_key=server.host_key)
        with reached(remote, ("127.0.0.1",)) as access:
            found = take(access, MAIN, lambda _: True, LIMITS)
    assert (found.commit.id, found.files["a"].content) == (newest, b"over ssh")
