"""A real PostgreSQL for one test session: own cluster, own port, own folder, durable to nobody."""

import secrets
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from tests.systems.processes import free_port, identity, private_folder, program, running, unprivileged_user

USER = "orch"
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200", "timezone=UTC")


@dataclass(frozen=True)
class PostgresServer:
    """Where the cluster answers, and how to get databases in it."""

    port: int
    password: str

    def url(self, database: str) -> str:
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """The URL of a copy of `template` that is gone afterwards, also when connections were left open."""
        name = f"t_{secrets.token_hex(6)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            command = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(command.format(sql.Identifier(name), sql.Identifier(template)))
            try:
                yield self.url(name)
            finally:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def postgres() -> Iterator[PostgresServer]:
    """Start a new cluster; as root it runs as another user, because PostgreSQL refuses root."""
    binaries = sorted(str(folder) for folder in Path("/usr/lib/postgresql").glob("*/bin"))[-1:]
    owner = unprivileged_user()
    with private_folder("pg", owner) as folder:
        server = PostgresServer(free_port(), secrets.token_hex(16))
        _make_cluster(program("initdb", *binaries), folder, server.password, owner)
        settings = ["listen_addresses=127.0.0.1", f"port={server.port}", f"unix_socket_directories={folder}", *FAST]
        argv = [program("postgres", *binaries), "-D", str(folder / "data"), *(f"--{setting}" for setting in settings)]
        with running(
            argv,
            is_ready=lambda: _accepts(server),
            log=folder / "server.log",
            user=owner,
            stop=signal.SIGINT,
        ):
            yield server


def _make_cluster(initdb: str, folder: Path, password: str, owner: str | None) -> None:
    secret = folder / "password"
    secret.write_text(password, "utf-8")
    secret.chmod(0o644)  # the folder itself is private
    argv = [initdb, "-D", str(folder / "data"), "-U", USER, f"--pwfile={secret}", "-A", "scram-sha-256", "-E", "UTF8"]
    argv += ["--locale=C.UTF-8", "--no-sync"]
    subprocess.run(argv, check=True, capture_output=True, cwd=folder, **identity(owner))
    secret.unlink()


def _accepts(server: PostgresServer) -> bool:
    try:
        psycopg.connect(server.url("postgres"), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
