"""How many websockets and streams one login, and one address, may keep open.

Each web process counts its own: what is limited is what a process has to hold, and a count that is shared would outlive
the process that took part in it.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from orch_app.domains.accounts.limits import network_of
from orch_app.kit.errors import TooMany
from orch_app.kit.settings import settings

RETRY_AFTER_S = 10


class OpenConnections:
    """What is open in this process, by login and by address. Only the event loop's thread asks and counts."""

    def __init__(self) -> None:
        self._open = Counter[tuple[str, str]]()

    @contextmanager
    def one_more(self, login: str, ip: str) -> Iterator[None]:
        """Count a connection while the block lasts; `login` is empty for somebody who has not signed in.

        Raises:
            TooMany: the login or the address has as many as it may.
        """
        kept = {("address", network_of(ip)): settings().address_connections}
        if login:
            kept["login", login] = settings().login_connections
        for who, most in kept.items():
            if self._open[who] >= most:
                message = f"This {who[0]} keeps {most} live connections open, and may have no more. Close some first."
                raise TooMany(message, "too_many_connections", retry_after_s=RETRY_AFTER_S)
        self._open.update(kept.keys())
        try:
            yield
        finally:
            self._open.subtract(kept.keys())
            self._open = +self._open  # without those who have none

    def __len__(self) -> int:
        """Of how many logins and addresses something is open."""
        return len(self._open)


open_connections = OpenConnections()
