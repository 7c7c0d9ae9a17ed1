"""The drawer in which a webhook is made or changed."""

import reflex as rx

from orch_app.components.dialogs import cancel_button, drawer
from orch_app.components.fields import segmented, select_field, text_field
from orch_app.components.icon import icon
from orch_app.components.jobs import submit_keys
from orch_app.components.schema_form import schema_form
from orch_app.components.states import error_state, note, problem_text, skeleton_text
from orch_app.components.text import tr
from orch_app.pages.order_form import blocked_by, order_fields
from orch_app.pages.spoken import spoken, spoken_of
from orch_app.state.hook_form import ACTIONS, PROVIDERS, HookFormState

FORM = HookFormState
SAVE = [FORM.begin, FORM.save]
IS_NEW = FORM.hook_id == ""
IS_SYNC = FORM.action == "sync"
HAS_RUNBOOK = FORM.runbook.contains("name")


def webhook_form() -> rx.Component:
    """The form of a new webhook, or of one that is changed: who posts and what it starts stay what they are then."""
    problem = FORM.problem
    failed = error_state(problem_text(problem["code"].to(str)), request_id=problem["requestId"].to(str))
    return drawer(
        rx.match(FORM.phase, ("ready", _fields()), ("error", failed), ("forbidden", failed), skeleton_text(8)),
        open=FORM.is_open,
        on_close=FORM.close,
        title=rx.cond(IS_NEW, tr("hooks.add"), tr("hooks.edit", name=FORM.name)),
        subtitle=rx.cond(HAS_RUNBOOK, spoken(FORM.runbook, "title"), ""),
        footer=_footer(),
    )


def _fields() -> rx.Component:
    name = text_field(
        tr("hooks.form.name"),
        value=FORM.name,
        on_change=FORM.give_name,
        error=_fault("name"),
        required=True,
        max_length=100,
    )
    takes_over = note(tr("hooks.takes_over"), icon_name="user")
    return submit_keys(
        rx.cond(IS_NEW, _who_and_what(), takes_over),
        name,
        rx.cond(IS_SYNC | HAS_RUNBOOK, _message()),
        rx.cond(~IS_SYNC & HAS_RUNBOOK, _order()),
        on_submit=SAVE,
    )


def _who_and_what() -> rx.Component:
    """What cannot be changed later: who posts, whether that starts a runbook or has a source fetched, and which."""
    providers = [{"value": name, "label": tr(f"hooks.provider.{name}")} for name in PROVIDERS]
    actions = [{"value": name, "label": tr(f"hooks.action.{name}")} for name in ACTIONS]
    runbook = select_field(
        tr("schedules.runbook"),
        options=spoken_of(FORM.runbooks, FORM.runbooks_pt),
        value=FORM.runbook["name"].to(str),
        on_change=FORM.choose_runbook,
        placeholder=tr("schedules.choose_runbook"),
        icon="book",
        error=_fault("runbook"),
    )
    source = select_field(
        tr("hooks.source"),
        options=FORM.sources,
        value=FORM.source_id,
        on_change=FORM.choose_source,
        placeholder=tr("hooks.choose_source"),
        icon="download",
        error=_fault("sourceId"),
    )
    return rx.fragment(
        segmented(
            tr("hooks.provider"), value=FORM.provider, options=providers, on_change=FORM.choose_provider, full=True
        ),
        segmented(tr("hooks.column.does"), value=FORM.action, options=actions, on_change=FORM.choose_action, full=True),
        rx.cond(IS_SYNC, source, runbook),
    )


def _message() -> rx.Component:
    """What of a message is heeded."""
    return rx.fragment(
        rx.el.h3(tr("hooks.message"), class_name="sub"),
        schema_form(
            FORM.message,
            on_change=FORM.heed,
            values=FORM.message_start,
            errors=spoken_of(FORM.message_errors, FORM.message_errors_pt),
        ),
    )


def _order() -> rx.Component:
    """What is the same whatever the message says."""
    return rx.fragment(
        rx.el.h3(tr("hooks.order"), class_name="sub"),
        rx.el.p(tr("hooks.order_hint"), class_name="sec sm"),
        *order_fields(FORM, has_reason=False),
    )


def _footer() -> rx.Component:
    faults = FORM.fault_count
    wrong = rx.el.span(icon("warning", 14), tr("launch.correct", n=faults), class_name="line bad", role="alert")
    mine = rx.el.span(tr("hooks.in_your_name"))
    blocked = ~IS_SYNC & (blocked_by(FORM) != "")
    save = rx.el.button(
        rx.cond(FORM.is_busy, icon("running", class_name="spin"), icon("check")),
        tr("action.save"),
        type="button",
        class_name="btn p",
        on_click=SAVE,
        disabled=(FORM.phase != "ready") | FORM.is_busy | blocked,
        custom_attrs={"aria-busy": FORM.is_busy},
    )
    return rx.fragment(rx.el.div(rx.cond(faults > 0, wrong, mine), class_name="foot-n grow"), cancel_button(), save)


def _fault(name: str) -> rx.Var[str]:
    pointer = f"/{name}"
    told = spoken_of(FORM.own_faults[pointer].to(str), FORM.own_faults_pt[pointer].to(str))
    return rx.cond(FORM.own_faults.contains(pointer), told, "").to(str)
