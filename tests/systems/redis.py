"""A real Redis for one test session, with a named user and a password as in production."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from redis.exceptions import RedisError

from tests.systems.processes import free_port, private_folder, program, running

USER = "orch"


@contextmanager
def redis_server() -> Iterator[str]:
    """The URL of an empty server on a free port that keeps nothing on disk; the default user is off."""
    with private_folder("redis") as folder:
        port, password = free_port(), secrets.token_hex(16)
        rules = folder / "users.acl"
        rules.write_text(f"user default off\nuser {USER} on >{password} ~* &* +@all\n", "utf-8")
        rules.chmod(0o600)
        url = f"redis://{USER}:{password}@127.0.0.1:{port}/0"
        argv = [program("redis-server"), "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
        argv += ["--dir", str(folder), "--aclfile", str(rules)]
        with running(argv, is_ready=lambda: _answers(url), log=folder / "server.log"):
            yield url


def _answers(url: str) -> bool:
    try:
        with Redis.from_url(url, socket_timeout=2) as client:
            return bool(client.ping())
    except RedisError:
        return False
