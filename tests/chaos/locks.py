"""Another process that holds a SQLite database for itself, as a backup or a forgotten shell does."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WRITER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
connection.execute("ROLLBACK")
"""
# All the locks of the write-ahead index, as SQLite's own exclusive mode takes them: bytes 120 to 127.
EVERYTHING = """
import fcntl, sys
with open(sys.argv[1] + "-shm", "r+b") as index:
    fcntl.lockf(index, fcntl.LOCK_EX, 8, 120)
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held(database: Path, program: str) -> Iterator[None]:
    """The database is locked by `WRITER` (nobody can write) or `EVERYTHING` (nor read) until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"held\n"
        yield
    finally:
        process.communicate()
