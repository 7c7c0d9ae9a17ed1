"""What becomes of faults that no guard has caught: a line in the log, and a notice in the tab, never Reflex's eval."""

import traceback
from typing import cast

import structlog
from reflex.event import EventSpec

from orch_app.state.guard import shown, unforeseen
from orch_app.state.notices import Notices

LONGEST = 2_000
_log = structlog.get_logger("screens")


def of_ours(exception: Exception) -> EventSpec:
    """A fault of an event handler of Reflex's own, or around one of ours."""
    trace = "".join(traceback.format_exception(exception))  # as text: renderers may show local variables
    _log.error("event.failed", error=type(exception).__name__, traceback=trace)
    return cast("EventSpec", Notices.show_problem(shown(unforeseen())))


def of_browser(exception: Exception) -> None:
    """What a browser says went wrong in it; anybody can say anything."""
    _log.warning("browser.failed", error=str(exception)[:LONGEST])
