"""On the page of a job: what a preview has shown, that it can be applied, and that a plan no longer holds."""

import reflex as rx

from orch_app.components.actions import button, link, menu_item
from orch_app.components.dialogs import confirm_dialog
from orch_app.components.icon import icon
from orch_app.components.layout import tab_link
from orch_app.components.status import chip
from orch_app.components.text import tr, tr_dynamic
from orch_app.pages.spoken import spoken
from orch_app.state.job import JobState

JOB = JobState.job
MODE = JOB["mode"].to(str)
HAS_PLAN = JOB["hasPlan"].to(bool)
IS_STALE = JOB["isStale"].to(bool)
IS_ROLLBACK = JOB["isRollback"].to(bool)
IS_UNNEEDED = JOB["isUnneeded"].to(bool)


def mode_badge() -> rx.Component:
    """Beside the status of a job that only shows, or puts something back."""
    return rx.cond(MODE != "apply", chip(tr_dynamic("mode.", MODE)))


def next_step(otherwise: rx.Component) -> rx.Component:
    """The one action that follows from a plan; `otherwise` where there is none, or nothing in it."""
    apply = button(
        rx.cond(IS_ROLLBACK, tr("plan.roll_back"), tr("plan.apply")),
        icon_name="check",
        look="p",
        on_click=JobState.apply_plan,
    )
    again = button(tr("plan.preview_again"), icon_name="eye", look="p", on_click=JobState.preview_again)
    return rx.cond(HAS_PLAN & ~IS_UNNEEDED, apply, rx.cond(IS_STALE & JOB["canPreview"].to(bool), again, otherwise))


def rollback_item() -> rx.Component:
    """In the menu of a job that can be undone."""
    item = menu_item(tr("plan.undo"), icon_name="undo", on_click=JobState.roll_back, danger=True)
    return rx.cond(JOB["canRollBack"].to(bool), item)


def plan_card() -> rx.Component:
    """What stands between a finished preview and its application."""
    plan = JobState.shown_plan["short"].to(str)
    read = rx.el.p(tab_link(tr("approval.read_plan"), tab="plan"), " ", rx.el.code(plan, class_name="mono"))
    undone = rx.cond(
        IS_ROLLBACK,
        rx.el.p(link(tr("plan.of_this_job"), href=JOB["rollbackHref"].to(str))),
    )
    shown = _card("eye", tr("plan.shown"), tr("plan.shown_hint"), read, undone)
    nothing = _card("check", tr("plan.nothing"), tr("plan.nothing_hint"), read, undone)
    stale = _card("warning", tr("plan.stale"), tr("plan.stale_hint"))
    return rx.cond(HAS_PLAN, rx.cond(IS_UNNEEDED, nothing, shown), rx.cond(IS_STALE, stale))


def _card(icon_name: str, title: rx.Var[str], words: rx.Var[str], *more: rx.Component) -> rx.Component:
    return rx.el.section(
        rx.el.span(icon(icon_name, 20), class_name="ic"),
        rx.el.div(rx.el.h2(title), rx.el.p(words, class_name="sec"), *more, class_name="grow"),
        class_name="card waits",
    )


def follow_dialog() -> rx.Component:
    """The question before a plan of high risk is applied in production, or anything is put back: its name."""
    return confirm_dialog(
        open=JobState.asks_to_follow != "",
        on_close=JobState.close_follow,
        on_confirm=JobState.follow_named,
        title=rx.cond(
            IS_ROLLBACK | (JobState.asks_to_follow == "roll_back"),
            tr("plan.roll_back_title", name=spoken(JOB, "title")),
            tr("grave.title", name=spoken(JOB, "title")),
        ),
        body=rx.cond(JobState.asks_to_follow == "apply", tr("plan.apply_body"), tr("plan.roll_back_body")),
        action=rx.cond(IS_ROLLBACK | (JobState.asks_to_follow == "roll_back"), tr("plan.roll_back"), tr("plan.apply")),
        typed_name=JOB["runbook"].to(str),
    )
