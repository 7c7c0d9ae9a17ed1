"""On the page of a job: the question whether it may run, the answer to be given, and the answer that was given."""

import reflex as rx

from orch_app.components.actions import button, link
from orch_app.components.dialogs import ConfirmButton, modal
from orch_app.components.fields import text_field
from orch_app.components.icon import icon
from orch_app.components.layout import key_values, tab_link
from orch_app.components.states import note
from orch_app.components.text import tr, tr_dynamic
from orch_app.components.values import relative_time
from orch_app.pages.frame import may
from orch_app.pages.job_connections import connections_used
from orch_app.state.job import JobState

JOB = JobState.job
APPROVAL = JobState.approval
PLAN = JobState.shown_plan
IS_OPEN = APPROVAL["isOpen"].to(bool)
IS_YES = JobState.answer == "approve"
HAS_PLAN = PLAN["sha256"].to(str) != ""
LACKS_PLAN = APPROVAL["needsPlan"].to(bool) & ~HAS_PLAN & (APPROVAL["plan"].to(str) == "")
MAY_APPROVE = APPROVAL["mayApprove"].to(bool)
MAY_DENY = APPROVAL["mayDeny"].to(bool)
MAY_ANSWER = MAY_APPROVE | MAY_DENY
TONES = (("approved", "ok"), ("denied", "bad"), "warn")
SIGNS = (("approved", "ok"), ("denied", "failed"), "clock")


def approval_card() -> rx.Component:
    """What waits for an answer, and the buttons of those who can give it; for others, whom to ask."""
    asked = rx.el.p(
        tr("approval.asked_by", name=APPROVAL["askedBy"].to(str)),
        " ",
        relative_time(APPROVAL["askedAt"].to(str)),
        class_name="sec",
    )
    return rx.el.section(
        rx.el.span(icon("lock", 20), class_name="ic warn"),
        rx.el.div(
            rx.el.div(rx.el.h2(tr("approval.waits")), asked),
            _facts(),
            rx.cond(MAY_APPROVE, rx.fragment(), _whom_to_ask()),
            rx.cond(MAY_ANSWER, rx.el.div(*answer_buttons(), class_name="row no-phone")),
            class_name="grow stack",
        ),
        class_name="card waits",
    )


def answer_buttons() -> list[rx.Component]:
    """No and yes, as far as the reader can say them; who lacks a plan to say yes to is led to one first."""
    deny = button(tr("approval.deny"), on_click=JobState.begin_answer("deny"))
    approve = button(tr("approval.approve"), icon_name="check", look="p", on_click=JobState.begin_answer("approve"))
    preview = button(tr("plan.preview"), icon_name="eye", look="p", on_click=JobState.preview_again)
    yes = rx.cond(LACKS_PLAN, rx.cond(may("runbooks:execute"), preview), approve)
    return [rx.cond(MAY_DENY, deny), rx.cond(MAY_APPROVE, yes)]


def _facts() -> rx.Component:
    reason = rx.cond(JOB["requestReason"].to(str) != "", JOB["requestReason"].to(str), "—")
    decides = tr_dynamic("role.", APPROVAL["role"].to(str))
    others = rx.cond(APPROVAL["wanted"].to(str) == "required_other_person", tr("approval.not_the_asker"), "")
    return key_values(
        [
            (tr("job.request_reason"), rx.el.span(reason)),
            (tr("approval.what"), _what()),
            (tr("job.connections"), connections_used()),
            (tr("approval.decides"), rx.el.span(decides, " ", others)),
            (tr("approval.expires"), relative_time(APPROVAL["expiresAt"].to(str))),
        ]
    )


def _what() -> rx.Component:
    """The plan that is approved, by its name; where there is none, what else says what will be done."""
    shown = rx.el.span(
        tab_link(tr("approval.read_plan"), tab="plan"),
        " ",
        rx.el.code(PLAN["short"].to(str), class_name="mono"),
        " ",
        link(tr("approval.shown_by", number=PLAN["number"].to(str)), href=PLAN["href"].to(str), class_name="lk num"),
    )
    none = rx.cond(LACKS_PLAN, tr("approval.plan_first"), tr("approval.no_plan"))
    return rx.cond(HAS_PLAN, shown, rx.el.span(none))


def _whom_to_ask() -> rx.Component:
    why = tr_dynamic("approval.objection.", APPROVAL["objection"].to(str))
    role = tr("approval.ask_role", role=tr_dynamic("role.", APPROVAL["role"].to(str)))
    return note(why, " ", role, icon_name="users")


def approval_answer() -> rx.Component:
    """What became of the question: who said what, when and why."""
    state, reason = APPROVAL["state"].to(str), APPROVAL["reason"].to(str)
    by = rx.cond(
        APPROVAL["decidedBy"].to(str) != "",
        rx.fragment(tr("approval.by", name=APPROVAL["decidedBy"].to(str)), " "),
    )
    plan = rx.cond(
        APPROVAL["plan"].to(str) != "",
        rx.fragment(" · ", tr("approval.plan"), " ", rx.el.code(APPROVAL["plan"].to(str), class_name="mono")),
    )
    told = rx.el.div(
        icon(rx.match(state, *SIGNS), class_name=rx.match(state, *TONES)),
        rx.el.div(
            rx.el.b(tr_dynamic("approval.state.", state)),
            " ",
            by,
            relative_time(APPROVAL["decidedAt"].to(str)),
            plan,
            rx.cond(reason != "", rx.el.div(reason, class_name="break")),
            class_name="grow",
        ),
        class_name="note mb16",
    )
    return rx.cond(APPROVAL.contains("state") & ~IS_OPEN, told, rx.fragment())


def answer_dialog() -> rx.Component:
    """Asks why; for a yes to what is of high risk in production, also for its name."""
    name = rx.cond(IS_YES & JOB["isGrave"].to(bool), JOB["runbook"].to(str), "")
    words = text_field(
        tr("approval.reason"),
        value=JobState.words,
        on_change=JobState.give_words,
        hint=tr("approval.reason_hint"),
        error=rx.cond(JobState.lacks_words, tr("approval.reason_missing"), ""),
        required=True,
        rows=3,
        max_length=500,
    )
    footer = ConfirmButton.create(
        text=rx.cond(IS_YES, tr("approval.approve"), tr("approval.deny")),
        name=name,
        danger=~IS_YES,
        on_confirm=JobState.give_answer,
    )
    number = JOB["number"].to(str)
    return modal(
        rx.el.p(rx.cond(IS_YES, tr("approval.approve_body"), tr("approval.deny_body"))),
        words,
        open=JobState.answer != "",
        on_close=JobState.begin_answer(""),
        title=rx.cond(IS_YES, tr("approval.approve_title", number=number), tr("approval.deny_title", number=number)),
        footer=footer,
        stay=True,
    )
