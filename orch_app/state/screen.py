"""What every screen's state has: which of its five states it is in, and the problem it shows."""

from typing import Any

import reflex as rx


class Screen(rx.State, mixin=True):
    """`phase` is loading, ready, empty, error or forbidden; staleness is told by the shell, which knows the socket.

    `arrival` is the last visit of the page that `session.has_arrived` told of. `shown_at` is the address that what is
    shown was read for, and `loads` how often that was done: what was left behind on another visit is not painted.
    """

    phase: str = "loading"
    problem: dict[str, Any] = {}
    arrival: int = 0
    shown_at: str = ""
    loads: int = 0
