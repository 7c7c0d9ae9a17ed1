"""Run a program on the host: an argument list, a time limit, English output, never a shell."""

from __future__ import annotations

import os
import shutil
import subprocess

SEARCH = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"
MAX_OUTPUT = 4 * 1024 * 1024


class ProgramFailed(Exception):
    """The program is missing, did not end in time, or could not be started."""


def search_path() -> str:
    """The caller's PATH and then the places where administration programs live (a plain login lacks sbin)."""
    return os.environ.get("PATH", "") + ":" + SEARCH


def find(name: str) -> str | None:
    """The program's full path, or None."""
    return shutil.which(name, path=search_path())


def run(arguments: list[str], *, timeout_s: float = 15) -> tuple[int, str]:
    """Exit code and standard output (at most 4 MB); raises ProgramFailed."""
    path = find(arguments[0])
    if path is None:
        raise ProgramFailed(f"{arguments[0]} is not installed")
    environment = {"PATH": search_path(), "LC_ALL": "C", "LANG": "C", "HOME": os.environ.get("HOME", "/")}
    try:
        done = subprocess.run(
            [path, *arguments[1:]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=timeout_s,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ProgramFailed(f"{arguments[0]} did not answer within {timeout_s:g} s") from error
    except OSError as error:
        raise ProgramFailed(f"{arguments[0]} could not be started: {error.strerror}") from error
    return done.returncode, done.stdout[:MAX_OUTPUT].decode("utf-8", "replace")
