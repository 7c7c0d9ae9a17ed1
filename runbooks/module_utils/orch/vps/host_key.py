"""The host key of a server that does not exist yet: made here, so that the very first connection can be verified.

Its public half travels as a label of the server. An ed25519 key has 32 bytes, which are 52 letters in base32 and so fit
a label whole: whoever looks at the server later pins the same key.
"""

from __future__ import annotations

import base64
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

KIND = "ssh-ed25519"
# How every ed25519 public key begins: the length and the name of its kind, then the length of what follows.
_HEAD = b"\x00\x00\x00\x0b" + KIND.encode() + b"\x00\x00\x00\x20"
_RAW = 32


@dataclass(frozen=True)
class HostKey:
    """A pair; `private` is OpenSSH's format and stays out of the repr."""

    public: str
    private: str = field(repr=False)


def make() -> HostKey:
    """A new pair."""
    with tempfile.TemporaryDirectory(prefix="orch-key-") as folder:
        path = Path(folder, "key")
        argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)]
        subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        public = " ".join(path.with_suffix(".pub").read_text(encoding="utf-8").split()[:2])
        return HostKey(public, path.read_text(encoding="utf-8"))


def to_label(public: str) -> str:
    """The key as the value of a label."""
    raw = base64.b64decode(public.split()[1])[len(_HEAD) :]
    return base64.b32encode(raw).decode().rstrip("=").lower()


def from_label(value: str) -> str:
    """The key that a label holds; empty where it holds none."""
    try:
        raw = base64.b32decode(value.upper() + "=" * (-len(value) % 8))
    except ValueError:
        return ""
    return f"{KIND} {base64.b64encode(_HEAD + raw).decode()}" if len(raw) == _RAW else ""
