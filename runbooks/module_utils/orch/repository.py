"""Files of a Git repository on another server, read at one commit by the git program.

Git gets an argument list and an environment without anything of ours; secrets and keys lie in memory, in files that
only this process's user opens. It connects to the address that was judged, follows no redirect and asks nobody.
"""

from __future__ import annotations

import base64
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from typing import Any, Iterable

from ansible.module_utils.orch import ssh
from ansible.module_utils.orch.memory_files import MemoryFiles
from ansible.module_utils.orch.places import Place
from ansible.module_utils.orch.upstream import UpstreamError

TIMEOUT_S = 120
MAX_BYTES = 1 << 20
_PORTS = {"http": 80, "https": 443, **ssh.PORTS}
_REF = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,199}")
# What git says (in English) besides what ssh does, and what it means; the first match counts.
_MEANS = (
    *ssh.MEANS,
    ("couldn't find remote ref", "not_found", "there is no such branch or tag"),
    ("not our ref", "not_found", "there is no such commit, or the server hands none out by name"),
    ("Authentication failed", "auth_failed", "the server refused the user or the token"),
    ("could not read Username", "auth_failed", "the server wants a token"),
    ("error: 403", "insufficient_scopes", "the token may not read this repository"),
    ("ot found", "not_found", "there is no such repository, or the secret may not see it"),
    ("does not appear to be a git repository", "not_found", "there is no such repository"),
    ("certificate", "tls", "the server's certificate is not trusted"),
    ("SSL", "tls", "there is no TLS connection"),
    ("error: 5", "upstream_5xx", "the server failed"),
)


class Repository:
    """The repository of a connection of type `git`, fetched at one branch, tag or commit.

    `commit` is what the name stood for when it was fetched: all files are of it.
    """

    def __init__(self, connection: dict[str, Any], ref: str, allow: Iterable[str], deny: Iterable[str]) -> None:
        self.url = str(connection["url"])
        self._opened = MemoryFiles()
        self._folder = tempfile.mkdtemp(prefix="orch-git-")
        try:
            self.commit = self._fetched(connection, ref, list(allow), list(deny))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Remove what was fetched."""
        self._opened.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def file(self, path: str) -> bytes:
        """The content of a file by its path from the top of the repository; raises UpstreamError."""
        found = self._git(["cat-file", "blob", f"{self.commit}:{path}"])
        if found.returncode:
            raise UpstreamError("not_found", f"Git: there is no file {path} at {self.commit[:12]}")
        if len(found.stdout) > MAX_BYTES:
            raise UpstreamError("validation", f"Git: {path} is larger than {MAX_BYTES >> 20} MB")
        return found.stdout

    def _fetched(self, connection: dict[str, Any], ref: str, allow: list[str], deny: list[str]) -> str:
        if not _REF.fullmatch(ref) or ".." in ref:
            raise UpstreamError("validation", f"Git: {ref} is no name of a branch, tag or commit")
        place = Place(self.url, _PORTS, allow, deny, "Git")
        how = self._over_ssh(connection, place) if place.scheme == "ssh" else self._over_https(connection, place)
        self._require(self._git(["init", "--quiet", "--bare", self._folder]))
        wanted = ["fetch", "--quiet", "--no-tags", "--depth", "1", "--", how.url, ref]
        self._require(self._git([*how.settings, *wanted], how.environment))
        return self._require(self._git(["rev-parse", "--verify", "FETCH_HEAD^{commit}"])).decode().strip()

    def _over_https(self, connection: dict[str, Any], place: Place) -> _How:
        """The token is in a file of settings, for neither arguments nor environment may hold it."""
        found = _How(place.url)
        pinned = f"[{place.pinned}]" if ":" in place.pinned else place.pinned
        settings = {
            "protocol.allow": "never",
            f"protocol.{place.scheme}.allow": "always",
            "http.followRedirects": "false",
            "http.proxy": "",
            "http.curloptResolve": f"{place.host}:{place.port}:{pinned}",
            "credential.helper": "",
        }
        found.settings = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        if connection.get("token"):
            said = base64.b64encode(f"{_user(connection, place)}:{connection['token']}".encode()).decode()
            text = f"[http]\n\textraHeader = Authorization: Basic {said}\n"
            found.environment = {"GIT_CONFIG_GLOBAL": self._opened.file(text)}
        return found

    def _over_ssh(self, connection: dict[str, Any], place: Place) -> _How:
        words = ssh.words(place.pinned, connection, self._opened)
        found = _How(f"ssh://{_user(connection, place)}@{ssh.NAMED}:{place.port}{place.path}")
        found.settings = ["-c", "protocol.allow=never", "-c", "protocol.ssh.allow=always"]
        found.environment = {"GIT_SSH_COMMAND": shlex.join(words), "GIT_SSH_VARIANT": "ssh"}
        return found

    def _git(self, words: list[str], environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
        alone = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": self._folder,
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
        }
        argv = ["git", f"--git-dir={self._folder}", *words]
        given = {**alone, **(environment or {})}
        try:
            return subprocess.run(
                argv, capture_output=True, stdin=subprocess.DEVNULL, timeout=TIMEOUT_S, check=False, env=given
            )
        except subprocess.TimeoutExpired:
            raise UpstreamError("timeout", f"Git did not end within {TIMEOUT_S} s") from None
        except OSError as error:
            raise UpstreamError("validation", f"git cannot be run on this worker: {error.strerror}") from None

    def _require(self, done: subprocess.CompletedProcess[bytes]) -> bytes:
        if not done.returncode:
            return done.stdout
        raise ssh.failure("Git", done.stderr.decode("utf-8", "replace"), _MEANS)


class _How:
    """How git reaches the server: settings before its command, the address to name, what goes into its environment."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.settings: list[str] = []
        self.environment: dict[str, str] = {}


def _user(connection: dict[str, Any], place: Place) -> str:
    """Whom one is to the server."""
    return str(connection.get("username") or place.user or "git")
