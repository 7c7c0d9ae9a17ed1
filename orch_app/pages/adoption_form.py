"""The drawer in which a plain playbook is made into a runbook."""

import reflex as rx

from orch_app.components.dialogs import cancel_button, drawer
from orch_app.components.icon import icon
from orch_app.components.jobs import submit_keys
from orch_app.components.schema_form import schema_form
from orch_app.components.states import note
from orch_app.components.text import tr
from orch_app.pages.spoken import spoken_of
from orch_app.state.adoption_form import AdoptionFormState

STATE = AdoptionFormState
SAVE = [STATE.begin, STATE.save]


def adoption_drawer() -> rx.Component:
    """The form that writes what the playbook lacks: runbook.yaml and schema.json."""
    fields = schema_form(
        STATE.fields,
        on_change=STATE.fill_in,
        values=STATE.start,
        errors=spoken_of(STATE.errors, STATE.errors_pt),
    )
    return drawer(
        submit_keys(
            rx.el.p(tr("adoption.about"), class_name="sec"),
            rx.cond(STATE.keeps_inputs, note(tr("adoption.keeps_inputs"), icon_name="info")),
            fields,
            on_submit=SAVE,
        ),
        open=STATE.is_open,
        on_close=STATE.close,
        title=rx.cond(STATE.runbook == "", tr("adoption.new"), tr("adoption.edit", name=STATE.runbook)),
        subtitle=rx.el.span(STATE.playbook, class_name="mono break"),
        footer=_footer(),
    )


def _footer() -> rx.Component:
    faults = STATE.fault_count
    wrong = rx.el.span(icon("warning", 14), tr("launch.correct", n=faults), class_name="line bad", role="alert")
    waits = rx.el.span(tr("adoption.waits"))
    save = rx.el.button(
        rx.cond(STATE.is_busy, icon("running", class_name="spin"), icon("check")),
        rx.cond(STATE.runbook == "", tr("sources.adopt"), tr("action.save")),
        type="button",
        class_name="btn p",
        on_click=SAVE,
        disabled=STATE.is_busy,
        custom_attrs={"aria-busy": STATE.is_busy},
    )
    return rx.fragment(rx.el.div(rx.cond(faults > 0, wrong, waits), class_name="foot-n grow"), cancel_button(), save)
