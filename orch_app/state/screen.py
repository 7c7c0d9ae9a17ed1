"""What every screen's state has: which of its five states it is in, and the problem it shows."""

from typing import Any

import reflex as rx


class Screen(rx.State, mixin=True):
    """`phase` is loading, ready, empty, error or forbidden; staleness is told by the shell, which knows the socket.

    `arrival` is the last visit of the page that `session.has_arrived` told of.
    """

    phase: str = "loading"
    problem: dict[str, Any] = {}
    arrival: int = 0
