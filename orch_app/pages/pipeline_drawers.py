"""The two drawers of /pipelines: the editor of a definition, and the order for a run."""

import reflex as rx

from orch_app.components.actions import button
from orch_app.components.dialogs import cancel_button, confirm_dialog, drawer
from orch_app.components.fields import segmented, text_field
from orch_app.components.icon import icon
from orch_app.components.jobs import submit_keys
from orch_app.components.pipelines import pipeline_editor
from orch_app.components.schema_form import schema_form
from orch_app.components.states import error_state, note, problem_text, skeleton_text
from orch_app.components.text import tr
from orch_app.pages.frame import may
from orch_app.pages.grave import grave_dialog
from orch_app.pages.spoken import spoken_of
from orch_app.state.pipeline_editor import PipelineEditorState
from orch_app.state.pipeline_launch import PipelineLaunchState

SEND = [PipelineLaunchState.begin, PipelineLaunchState.run]


def editor_drawer() -> rx.Component:
    """The editor, open while the address has `?edit=`."""
    state = PipelineEditorState
    editor = pipeline_editor(
        document=state.document,
        revision=state.revision,
        catalogue=state.catalogue,
        faults=state.faults,
        text=state.text,
        text_fault=spoken_of(state.text_fault, state.text_fault_pt),
        on_change=state.change,
        on_text=state.write_text,
        on_import=state.take_text,
    )
    return rx.fragment(
        drawer(
            rx.cond(state.phase == "ready", editor, _not_ready(state)),
            open=state.is_open,
            on_close=state.close,
            title=rx.cond(state.name == "", tr("pipeline.new"), state.name),
            subtitle=tr("pipeline.edit.subtitle"),
            footer=_editor_footer(),
        ),
        confirm_dialog(
            open=state.asks_to_delete,
            on_close=state.ask_delete(False),
            on_confirm=state.delete,
            title=tr("pipeline.delete_title"),
            body=tr("pipeline.delete_body"),
            action=tr("action.delete"),
            typed_name=state.name,
        ),
    )


def _not_ready(state: type[rx.State]) -> rx.Component:
    problem = state.problem
    failed = error_state(
        problem_text(problem["code"].to(str)), request_id=problem["requestId"].to(str), on_retry=state.open
    )
    return rx.cond((state.phase == "error") | (state.phase == "forbidden"), failed, skeleton_text(8))


def _editor_footer() -> rx.Component:
    state = PipelineEditorState
    faults = state.faults.length()
    wrong = rx.el.span(icon("warning", 14), tr("launch.correct", n=faults), class_name="line bad", role="alert")
    delete = rx.cond(
        (state.pipeline_id != "") & may("pipelines:write"),
        button(tr("action.delete"), icon_name="trash", look="d", on_click=state.ask_delete(True)),
    )
    save = button(tr("action.save"), icon_name="check", look="p", on_click=state.save)
    lines = rx.el.div(rx.cond(faults > 0, wrong), class_name="foot-n grow")
    return rx.fragment(lines, delete, cancel_button(), rx.cond(may("pipelines:write"), save))


def launch_drawer() -> rx.Component:
    """The order, open while the address has `?run=`."""
    state = PipelineLaunchState
    run = rx.el.button(
        rx.cond(state.is_busy, icon("running", class_name="spin"), icon("play")),
        tr("runbooks.run"),
        type="button",
        class_name="btn p",
        on_click=SEND,
        disabled=(state.phase != "ready") | state.is_busy,
        custom_attrs={"aria-busy": state.is_busy},
    )
    production = rx.el.span(icon("warning", 14), tr("launch.in_production"), class_name="line bad")
    wrong = rx.el.span(
        icon("warning", 14), tr("launch.correct", n=state.errors.length()), class_name="line bad", role="alert"
    )
    lines = rx.el.div(
        rx.cond(state.errors.length() > 0, wrong, rx.cond(state.environment == "prod", production)),
        class_name="foot-n grow",
    )
    shown = drawer(
        rx.cond(state.phase == "ready", _order(), _not_ready(state)),
        open=state.is_open,
        on_close=state.close,
        title=rx.cond(state.phase == "ready", state.title, tr("state.loading")),
        subtitle=state.description,
        footer=rx.fragment(lines, cancel_button(), rx.cond(may("pipelines:run"), run)),
    )
    asked = grave_dialog(
        open=state.asks_for_name,
        on_close=state.close_question,
        on_confirm=state.run_named,
        title=state.title,
        name=state.name,
    )
    return rx.fragment(shown, asked)


def _order() -> rx.Component:
    state = PipelineLaunchState
    places = [
        {"value": "stage", "label": tr("environment.switch.stage")},
        {"value": "prod", "label": tr("environment.switch.prod"), "tone": "prod"},
    ]
    form = schema_form(
        state.fields,
        on_change=state.fill_in,
        values=state.start,
        errors=spoken_of(state.errors, state.errors_pt),
    )
    return submit_keys(
        note(state.steps, icon_name="flow"),
        segmented(
            tr("launch.environment"),
            value=state.environment,
            options=places,
            on_change=state.choose_environment,
            full=True,
        ),
        rx.cond(state.fields.length() > 0, form, rx.el.p(tr("pipeline.no_inputs"), class_name="sec")),
        text_field(
            tr("launch.reason"),
            value=state.reason,
            on_change=state.give_reason,
            hint=tr("launch.reason_hint"),
            optional=True,
            max_length=500,
        ),
        on_submit=SEND,
    )
