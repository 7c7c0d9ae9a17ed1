"""On the page of a job: letting it run, or not, with a reason."""

from typing import Any

import reflex as rx

from orch_app.domains.access.permissions import Permission
from orch_app.domains.jobs import approvals
from orch_app.state.guard import act, guarded
from orch_app.state.job_approval_view import NO_PLAN
from orch_app.state.screen import Screen

ANSWERS = ("approve", "deny")
LONGEST_WORDS = 500
Shown = dict[str, Any]


class ApprovalAnswer(Screen, rx.State, mixin=True):
    """The question about `job`. `answer` is what somebody is about to say, `words` why; `lacks_words` that it is due.

    `shown_plan` is what was on the page: it is approved, or nothing.
    """

    job: Shown = {}
    approval: Shown = {}
    shown_plan: Shown = NO_PLAN
    answer: str = ""
    words: str = ""
    lacks_words: bool = False

    @rx.event
    @guarded(Permission.JOBS_APPROVE)
    async def begin_answer(self, answer: str) -> None:
        """Ask for the reason of an answer; an empty one asks nothing any more."""
        self.answer = answer if answer in ANSWERS and self.approval.get("isOpen") else ""
        self.words, self.lacks_words = "", False

    @rx.event
    @guarded(Permission.JOBS_APPROVE)
    async def give_words(self, words: str) -> None:
        """Why: it goes into the audit log, and whoever asked reads it."""
        self.words = words[:LONGEST_WORDS]
        self.lacks_words = self.lacks_words and not self.words.strip()

    async def _give(self) -> str:
        """What was said, once it is; empty while the reason is missing."""
        words = self.words.strip()
        self.lacks_words = not words
        if not self.answer or not words:
            return ""
        answer, self.answer = self.answer, ""
        if answer == "approve":
            await act(approvals.approve, self.job["id"], words, self.shown_plan["sha256"])
        else:
            await act(approvals.deny, self.job["id"], words)
        return answer
