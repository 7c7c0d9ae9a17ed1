"""Key pairs made by ssh-keygen."""

from pathlib import Path

from orch_app.kit.process import run
from tests.systems.processes import program


def make_key(folder: Path, kind: str, *, passphrase: str = "", bits: int = 0, spelling: str = "") -> str:
    """The text of a new private key; its public half is in `<folder>/key.pub`. `spelling` is PEM, PKCS8 or empty."""
    argv = [program("ssh-keygen"), "-q", "-t", kind, "-N", passphrase, "-C", "test", "-f", str(folder / "key")]
    argv += ["-b", str(bits)] if bits else []
    argv += ["-m", spelling] if spelling else []
    finished = run(argv, timeout_s=60)
    assert finished.is_ok, finished.error_text
    return (folder / "key").read_text()
