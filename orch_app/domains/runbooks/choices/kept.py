"""Answers of other systems, kept for half a minute: typing asks once, and what was offered is what the check knows."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime, timedelta

from orch_app.domains.runbooks.choices.found import Found
from orch_app.kit.clock import now

KEPT_FOR = timedelta(seconds=30)
MOST_KEPT = 500


class KeptAnswers:
    """By a key that names who asked, through which version of which connection, and what."""

    def __init__(self) -> None:
        self._answers: OrderedDict[Hashable, tuple[datetime, Found]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Found | None:
        """The answer, while it is fresh."""
        with self._lock:
            told_at, found = self._answers.get(key, (datetime.min.replace(tzinfo=now().tzinfo), Found()))
        return found if now() - told_at < KEPT_FOR else None

    def put(self, key: Hashable, found: Found) -> None:
        """Keep an answer; the oldest makes room."""
        with self._lock:
            self._answers[key] = (now(), found)
            self._answers.move_to_end(key)
            while len(self._answers) > MOST_KEPT:
                self._answers.popitem(last=False)

    def forget(self) -> None:
        """Forget every answer."""
        with self._lock:
            self._answers.clear()


KEPT = KeptAnswers()
