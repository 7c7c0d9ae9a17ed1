"""Why a job has not begun: its place in the line, who has what it needs, and when it should be done."""

import reflex as rx

from orch_app.components.actions import link
from orch_app.components.icon import icon
from orch_app.components.jobs import time_left
from orch_app.components.layout import section
from orch_app.components.status import status_badge
from orch_app.components.text import tr, tr_dynamic
from orch_app.components.values import clock_time, duration
from orch_app.state.job import JobState

WAITING = JobState.waiting


def waiting_card() -> rx.Component:
    """The card above the facts of a job that waits."""
    is_locked = WAITING["isLocked"].to(bool)
    return rx.el.section(
        rx.el.span(rx.cond(is_locked, icon("lock", 20), icon("clock", 20)), class_name="ic"),
        rx.el.div(
            rx.el.h2(tr("job.waiting", n=WAITING["position"].to(int))),
            rx.el.p(tr_dynamic("job.why.", WAITING["why"].to(str)), class_name="sec"),
            _obstacles(),
            _times(),
            class_name="grow",
        ),
        class_name="card waits",
        custom_attrs={"aria-live": "polite"},
    )


def _obstacles() -> rx.Component:
    """Each lock that is missing, with the job that has it or comes first for it."""
    found = WAITING["obstacles"].to(list[dict])
    listed = rx.el.ul(rx.foreach(found, _obstacle), class_name="hurdles", custom_attrs={"aria-label": tr("job.locks")})
    return rx.cond(found.length() > 0, listed, rx.fragment())


def _obstacle(row: rx.Var) -> rx.Component:
    words = rx.cond(row["isHeld"].to(bool), tr("job.held_by"), tr("job.first_for"))
    return rx.el.li(
        icon(rx.cond(row["kind"].to(str) == "lock", "lock", "users"), 14),
        rx.el.span(row["lock"].to(str), class_name="mono break"),
        rx.el.span(words, class_name="sec"),
        link(row["number"].to(str), href=row["href"].to(str), class_name="lk num"),
    )


def _times() -> rx.Component:
    not_before, end = WAITING["notBefore"].to(str), WAITING["expectedEnd"].to(str)
    begins = rx.cond(WAITING["why"].to(str) == "retry", tr("job.next_attempt"), tr("job.may_begin"))
    return rx.el.div(
        rx.cond(not_before != "", rx.el.span(begins, " ", clock_time(not_before), class_name="b5")),
        rx.cond(end != "", rx.el.span(tr("job.expected_end"), " ", clock_time(end), " · ", time_left(end))),
        class_name="hurdle-times sec",
    )


def locks_section() -> rx.Component:
    """The locks that the job needs, and who has them."""
    rows = rx.el.ul(rx.foreach(JobState.locks, _lock), class_name="hurdles")
    return rx.cond(JobState.locks.length() > 0, section(rows, title=tr("job.locks")), rx.fragment())


def _lock(row: rx.Var) -> rx.Component:
    state = row["state"].to(str)
    other = rx.fragment(
        rx.el.span(tr("job.held_by"), class_name="sec"),
        link(row["number"].to(str), href=row["href"].to(str), class_name="lk num"),
    )
    return rx.el.li(
        icon("lock", 14),
        rx.el.span(row["name"].to(str), class_name="mono break"),
        rx.cond(state == "other", other, rx.el.span(tr_dynamic("job.lock.", state), class_name="sec")),
    )


def attempts_section() -> rx.Component:
    """Every attempt at the job, where one failed before."""
    rows = rx.el.ol(rx.foreach(JobState.attempts, _attempt), class_name="attempts")
    return rx.cond(JobState.attempts.length() > 0, section(rows, title=tr("job.attempts")), rx.fragment())


def _attempt(row: rx.Var) -> rx.Component:
    reason, outcome = row["reason"].to(str), row["outcome"].to(str)
    why = rx.cond(reason != "", tr_dynamic("reason.", reason), tr_dynamic("job.outcome.", outcome))
    is_plain = (outcome == "ended") & (reason == "")
    return rx.el.li(
        rx.el.div(
            rx.el.span(row["attempt"].to(int), class_name="num b5"),
            status_badge(row["status"].to(str), plain=True),
            rx.el.span(row["worker"].to(str), class_name="mono sec trunc"),
            rx.el.span(duration(row["lengthS"], since=row["at"].to(str)), class_name="sec right"),
            class_name="row",
        ),
        rx.cond(is_plain, rx.fragment(), rx.el.div(why, class_name="sec sm")),
        rx.cond(row["detail"].to(str) != "", rx.el.div(row["detail"].to(str), class_name="sec sm break")),
    )
