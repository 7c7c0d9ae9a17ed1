"""The drawer in which a schedule is made or changed: name, when, what is missed, and the form of the order."""

import reflex as rx

from orch_app.components.dialogs import cancel_button, drawer
from orch_app.components.fields import segmented, select_field, text_field
from orch_app.components.icon import icon
from orch_app.components.jobs import submit_keys
from orch_app.components.states import error_state, note, problem_text, skeleton_text
from orch_app.components.text import tr, tr_dynamic
from orch_app.pages.cron_editor import cron_editor
from orch_app.pages.frame import may
from orch_app.pages.order_form import blocked_by, order_fields
from orch_app.pages.spoken import spoken, spoken_of
from orch_app.state.schedule_form import ScheduleFormState

FORM = ScheduleFormState
SAVE = [FORM.begin, FORM.save]
POLICIES = ("skip", "run_once", "run_all")
HAS_RUNBOOK = FORM.runbook.contains("name")


def schedule_form() -> rx.Component:
    """The form of a new schedule, or of one that is changed."""
    is_new = FORM.schedule_id == ""
    problem = FORM.problem
    failed = error_state(problem_text(problem["code"].to(str)), request_id=problem["requestId"].to(str))
    title = rx.cond(is_new, tr("schedules.add"), tr("schedules.edit", name=FORM.name))
    return drawer(
        rx.match(FORM.phase, ("ready", _fields(is_new)), ("error", failed), ("forbidden", failed), skeleton_text(8)),
        open=FORM.is_open,
        on_close=FORM.close,
        title=title,
        subtitle=rx.cond(HAS_RUNBOOK, spoken(FORM.runbook, "title"), ""),
        footer=_footer(),
    )


def _fields(is_new: rx.Var[bool]) -> rx.Component:
    runbook = select_field(
        tr("schedules.runbook"),
        options=spoken_of(FORM.runbooks, FORM.runbooks_pt),
        value=FORM.runbook["name"].to(str),
        on_change=FORM.choose_runbook,
        placeholder=tr("schedules.choose_runbook"),
        icon="book",
    )
    takes_over = note(tr("schedules.takes_over"), icon_name="user")
    return submit_keys(
        rx.cond(is_new, runbook, takes_over),
        rx.cond(HAS_RUNBOOK, _when_and_what()),
        on_submit=SAVE,
    )


def _when_and_what() -> rx.Component:
    name = text_field(
        tr("schedules.column.name"),
        value=FORM.name,
        on_change=FORM.give_name,
        error=_fault("name"),
        required=True,
        max_length=100,
    )
    return rx.fragment(
        name,
        cron_editor(FORM, tr("schedules.when")),
        _policy(),
        _more(),
        rx.el.h3(tr("schedules.order"), class_name="sub"),
        *order_fields(FORM),
    )


def _policy() -> rx.Component:
    options = [{"value": policy, "label": tr(f"schedules.policy.short.{policy}")} for policy in POLICIES]
    return rx.el.div(
        segmented(tr("schedules.policy"), value=FORM.policy, options=options, on_change=FORM.choose_policy, full=True),
        rx.el.p(tr_dynamic("schedules.policy.hint.", FORM.policy), class_name="hint"),
        class_name="f",
    )


def _more() -> rx.Component:
    """What few schedules need: a window, and for admins passing the blackouts."""
    window = rx.el.div(
        text_field(
            tr("schedules.starts"),
            value=FORM.starts,
            on_change=FORM.give_start,
            type="datetime-local",
            optional=True,
            error=_fault("startsAt"),
        ),
        text_field(
            tr("schedules.ends"),
            value=FORM.ends,
            on_change=FORM.give_end,
            type="datetime-local",
            optional=True,
            error=_fault("endsAt"),
        ),
        class_name="f2",
    )
    override = text_field(
        tr("schedules.override"),
        value=FORM.override_reason,
        on_change=FORM.give_override,
        hint=tr("schedules.override_form_hint"),
        optional=True,
        max_length=500,
    )
    return rx.el.details(
        rx.el.summary(icon("chevron-right"), tr("schedules.window")),
        rx.el.div(window, rx.cond(may("settings:write"), override), class_name="stack"),
        class_name="fold",
    )


def _footer() -> rx.Component:
    faults = FORM.fault_count
    wrong = rx.el.span(icon("warning", 14), tr("launch.correct", n=faults), class_name="line bad", role="alert")
    mine = rx.el.span(tr("schedules.in_your_name"))
    save = rx.el.button(
        rx.cond(FORM.is_busy, icon("running", class_name="spin"), icon("check")),
        tr("action.save"),
        type="button",
        class_name="btn p",
        on_click=SAVE,
        disabled=~HAS_RUNBOOK | (FORM.phase != "ready") | FORM.is_busy | (blocked_by(FORM) != ""),
        custom_attrs={"aria-busy": FORM.is_busy},
    )
    return rx.fragment(rx.el.div(rx.cond(faults > 0, wrong, mine), class_name="foot-n grow"), cancel_button(), save)


def _fault(name: str) -> rx.Var[str]:
    english, portuguese = FORM.when_faults[name].to(str), FORM.when_faults_pt[name].to(str)
    return rx.cond(FORM.when_faults.contains(name), spoken_of(english, portuguese), "")
