"""The run drawer: the form of an order over the catalogue, the same order for a shell, and sending it."""

import reflex as rx

from orch_app.components.actions import copy_button, link_button
from orch_app.components.dialogs import cancel_button, drawer
from orch_app.components.fields import select_field
from orch_app.components.icon import icon
from orch_app.components.jobs import submit_keys
from orch_app.components.states import error_state, problem_text, skeleton_text
from orch_app.components.status import risk_badge
from orch_app.components.text import tr, tr_dynamic
from orch_app.components.values import duration
from orch_app.pages.frame import may, worded
from orch_app.pages.grave import grave_dialog
from orch_app.pages.order_form import blocked_by, order_fields
from orch_app.pages.run_presets import preset_bar
from orch_app.pages.spoken import spoken
from orch_app.state.launch import PRIORITIES, LaunchState
from orch_app.state.launch_view import ORDER_FILE

RUNBOOK = LaunchState.runbook
BLOCK = blocked_by(LaunchState)
SEND = [LaunchState.begin, LaunchState.send]
HAS_PREVIEW = RUNBOOK["hasPreview"].to(bool)
IS_ASKED_FOR = LaunchState.approvals[LaunchState.environment].to(str) != ""


def run_drawer() -> rx.Component:
    """The drawer over the catalogue, open while the address names a runbook."""
    is_loading = LaunchState.phase == "loading"
    body = rx.match(
        LaunchState.phase,
        ("ready", _form()),
        ("error", _failed()),
        ("forbidden", _failed()),
        skeleton_text(8),
    )
    subtitle = rx.el.span(
        spoken(RUNBOOK, "description"),
        " ",
        rx.cond(
            RUNBOOK["version"].to(str) != "", rx.el.span("v", RUNBOOK["version"].to(str), class_name="mono nowrap")
        ),
    )
    shown = drawer(
        body,
        open=LaunchState.is_open,
        on_close=LaunchState.close,
        title=rx.cond(is_loading, tr("state.loading"), spoken(RUNBOOK, "title")),
        subtitle=rx.cond(is_loading, "", subtitle),
        badges=(rx.cond(is_loading, rx.fragment(), risk_badge(RUNBOOK["risk"].to(str))),),
        footer=_footer(),
    )
    asked = grave_dialog(
        open=LaunchState.asks_for_name,
        on_close=LaunchState.close_question,
        on_confirm=LaunchState.run_named,
        title=spoken(RUNBOOK, "title"),
        name=RUNBOOK["name"].to(str),
    )
    return rx.fragment(shown, asked)


def _failed() -> rx.Component:
    problem = LaunchState.problem
    return error_state(
        problem_text(problem["code"].to(str)), request_id=problem["requestId"].to(str), on_retry=LaunchState.open
    )


def _form() -> rx.Component:
    return submit_keys(preset_bar(), *order_fields(LaunchState), _advanced(), _curl(), on_submit=SEND)


def _advanced() -> rx.Component:
    """What few orders need: another place in the queue."""
    names = {priority: tr(f"launch.priority.{priority}") for priority in PRIORITIES}
    options = [
        {"value": priority, "label": name, "disabled": (int(priority) > 0) & ~may("jobs:prioritize")}
        for priority, name in names.items()
    ]
    chosen = select_field(
        tr("launch.priority"),
        options=options,
        value=LaunchState.priority.to_string(),
        on_change=LaunchState.choose_priority,
        hint=worded("jobs:prioritize", "launch.priority_hint"),
        disabled=BLOCK != "",
    )
    told = tr_dynamic("launch.priority.", LaunchState.priority.to_string())
    return rx.el.details(
        rx.el.summary(
            icon("chevron-right"),
            tr("launch.advanced"),
            rx.el.span(tr("launch.priority_told", name=told), class_name="sec sm right"),
        ),
        chosen,
        class_name="fold",
    )


def _curl() -> rx.Component:
    link = rx.cond(
        LaunchState.link != "",
        copy_button(LaunchState.link, text=tr("launch.copy_link")),
        rx.el.span(tr("launch.link_too_long"), class_name="sec sm"),
    )
    history = link_button(tr("launch.history"), href="/jobs?runbook=" + RUNBOOK["name"].to(str), look="s g")
    return rx.el.details(
        rx.el.summary(icon("chevron-right"), tr("launch.curl")),
        rx.el.div(
            rx.el.pre(LaunchState.curl, tab_index=0, custom_attrs={"aria-label": tr("launch.curl")}),
            copy_button(LaunchState.curl, label=tr("action.copy")),
            class_name="codeb",
        ),
        rx.cond(LaunchState.curl.contains(f"@{ORDER_FILE}"), rx.el.p(tr("launch.curl_file"), class_name="hint")),
        rx.el.div(link, history, class_name="row wrap mt8"),
        open=LaunchState.shows_curl,
        class_name="fold",
    )


def _footer() -> rx.Component:
    usual = rx.cond(
        LaunchState.typical_s.is_none(),
        rx.el.span(tr("launch.first_run")),
        rx.el.span(tr("launch.typical"), " ", duration(LaunchState.typical_s)),
    )
    faults = LaunchState.fault_count
    wrong = rx.el.span(icon("warning", 14), tr("launch.correct", n=faults), class_name="line bad", role="alert")
    production = rx.el.span(icon("warning", 14), tr("launch.in_production"), class_name="line bad")
    lines = rx.el.div(
        rx.cond(
            faults > 0,
            wrong,
            rx.cond((LaunchState.environment == "prod") & (BLOCK == ""), production, rx.fragment()),
        ),
        rx.el.span(usual),
        class_name="foot-n grow",
    )
    first = _sending(
        rx.cond(HAS_PREVIEW, tr("plan.preview"), tr("runbooks.run")),
        rx.cond(HAS_PREVIEW, icon("eye"), icon("play")),
        look="btn p",
        on_click=SEND,
    )
    # Where somebody has to approve, what is approved is a plan: there is no way past the preview.
    straight = _sending(tr("runbooks.run"), icon("play"), look="btn g", on_click=[LaunchState.begin, LaunchState.run])
    return rx.fragment(lines, cancel_button(), rx.cond(HAS_PREVIEW & ~IS_ASKED_FOR, straight), first)


def _sending(words: rx.Var[str], face: rx.Component, *, look: str, on_click: list) -> rx.Component:
    """A button that sends the order, and turns while it is on its way."""
    return rx.el.button(
        rx.cond(LaunchState.is_busy, icon("running", class_name="spin"), face),
        words,
        type="button",
        class_name=look,
        on_click=on_click,
        disabled=(BLOCK != "") | (LaunchState.phase != "ready") | LaunchState.is_busy,
        custom_attrs={"aria-busy": LaunchState.is_busy},
    )
