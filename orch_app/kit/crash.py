"""Named places where the process of a test kills itself: nothing without ORCH_CRASH_AT, which only tests set."""

import os
import signal

from orch_app.kit.settings import settings


def crash_point(name: str) -> None:
    """Die here as by SIGKILL, without any handler, when this place was named by the setting."""
    if settings().crash_at == name:
        os.kill(os.getpid(), signal.SIGKILL)
