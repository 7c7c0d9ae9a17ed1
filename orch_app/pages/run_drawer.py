"""The run drawer: environment, hosts, connections, the form made of the schema, reason, and what is in the way."""

import reflex as rx

from orch_app.components.actions import button, copy_button, link_button
from orch_app.components.choices import environment_choice
from orch_app.components.dialogs import cancel_button, drawer
from orch_app.components.fields import checkbox, field_error, segmented, select_field, text_field
from orch_app.components.icon import icon
from orch_app.components.jobs import submit_keys
from orch_app.components.markdown import markdown
from orch_app.components.schema_form import schema_form
from orch_app.components.states import error_state, note, problem_text, skeleton_text
from orch_app.components.status import risk_badge
from orch_app.components.text import tr, tr_dynamic
from orch_app.components.values import duration
from orch_app.pages.spoken import spoken, spoken_of
from orch_app.state.launch import LaunchState

RUNBOOK = LaunchState.runbook
TARGET = RUNBOOK["target"].to(str)
BLOCK = LaunchState.blocks[LaunchState.environment].to(str)
IS_READ_ONLY = (BLOCK == "role") | (BLOCK == "broken") | (BLOCK == "disabled")
SEND = [LaunchState.begin, LaunchState.run]


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
        rx.el.span("v", RUNBOOK["version"].to(str), class_name="mono nowrap"),
    )
    return drawer(
        body,
        open=LaunchState.is_open,
        on_close=LaunchState.close,
        title=rx.cond(is_loading, tr("state.loading"), spoken(RUNBOOK, "title")),
        subtitle=rx.cond(is_loading, "", subtitle),
        badges=(rx.cond(is_loading, rx.fragment(), risk_badge(RUNBOOK["risk"].to(str))),),
        footer=_footer(),
    )


def _failed() -> rx.Component:
    problem = LaunchState.problem
    return error_state(
        problem_text(problem["code"].to(str)), request_id=problem["requestId"].to(str), on_retry=LaunchState.open
    )


def _form() -> rx.Component:
    reason = text_field(
        tr("launch.reason"),
        value=LaunchState.reason,
        on_change=LaunchState.give_reason,
        hint=tr("launch.reason_hint"),
        optional=True,
        max_length=500,
        disabled=IS_READ_ONLY,
    )
    works_on_hosts = (TARGET == "hosts") | (TARGET == "both")
    return submit_keys(
        _blocked(),
        rx.el.div(
            _environment(), rx.cond(TARGET == "both", _place()), rx.foreach(LaunchState.slots, _slot), class_name="f2"
        ),
        rx.cond(works_on_hosts, _hosts(), rx.fragment()),
        schema_form(
            LaunchState.fields,
            on_change=LaunchState.fill_in,
            values=LaunchState.start,
            errors=spoken_of(LaunchState.errors, LaunchState.errors_pt),
            disabled=IS_READ_ONLY,
        ),
        reason,
        rx.cond(LaunchState.readme["en"] != "", _readme()),
        _curl(),
        on_submit=SEND,
    )


def _environment() -> rx.Component:
    value, change = LaunchState.environment, LaunchState.choose_environment
    return environment_choice(tr("launch.environment"), value=value, on_change=change)


def _slot(slot: rx.Var) -> rx.Component:
    name = slot["slot"].to(str)
    options = LaunchState.connections[name].to(list[dict])
    chosen = select_field(
        tr("launch.connection", name=name),
        options=options,
        value=LaunchState.chosen[name].to(str),
        on_change=LaunchState.choose_connection(name),
        placeholder=tr("launch.choose_connection"),
        icon="plug",
        disabled=IS_READ_ONLY,
    )
    none = rx.el.div(tr("launch.no_connection", type=slot["type"].to(str)), class_name="hint")
    faults = rx.foreach(
        LaunchState.faults,
        lambda fault: rx.cond(
            (fault["place"].to(str) == "connections") & (fault["at"].to(str) == name),
            field_error(spoken(fault, "detail")),
        ),
    )
    return rx.el.div(chosen, rx.cond(options.length() > 0, rx.fragment(), none), faults, class_name="f")


def _place() -> rx.Component:
    places = [
        {"value": "localhost", "label": tr("launch.place.localhost")},
        {"value": "hosts", "label": tr("launch.place.hosts")},
    ]
    return segmented(
        tr("launch.place"), value=LaunchState.place, options=places, on_change=LaunchState.choose_place, full=True
    )


def _hosts() -> rx.Component:
    faults = rx.foreach(
        LaunchState.faults,
        lambda fault: rx.cond(fault["place"].to(str) == "hosts", field_error(spoken(fault, "detail"))),
    )
    return rx.fragment(rx.cond(LaunchState.place == "hosts", _picker()), faults)


def _picker() -> rx.Component:
    chosen = LaunchState.host_ids.length()
    count = rx.el.span(tr("launch.chosen", n=chosen), class_name="sec sm num right", role="status")
    listed = rx.el.ul(rx.foreach(LaunchState.hosts, _host), custom_attrs={"aria-label": tr("launch.hosts")})
    none = rx.el.p(rx.cond(LaunchState.host_text == "", tr("launch.no_hosts"), tr("state.no_results")))
    search = text_field(
        tr("launch.find_hosts"),
        value=LaunchState.host_text,
        on_change=LaunchState.find_hosts,
        icon="search",
        placeholder=tr("launch.find_hosts"),
        label_hidden=True,
    )
    return rx.el.div(
        rx.el.span(tr("launch.hosts"), class_name="lbl"),
        rx.el.div(
            rx.el.div(
                rx.el.div(search, class_name="grow"),
                button(tr("launch.all_shown"), look="s g", on_click=LaunchState.choose_shown, disabled=IS_READ_ONLY),
                button(tr("launch.none"), look="s g", on_click=LaunchState.choose_none, disabled=IS_READ_ONLY),
                rx.cond(
                    LaunchState.labels.length() > 0,
                    rx.el.div(rx.foreach(LaunchState.labels, _label), class_name="row wrap full-w"),
                ),
                class_name="bar-h",
            ),
            rx.cond(LaunchState.hosts.length() > 0, listed, none),
            class_name="pickh",
        ),
        rx.el.div(count, class_name="row"),
        class_name="f",
    )


def _label(label: rx.Var) -> rx.Component:
    return rx.el.button(
        label,
        type="button",
        class_name="lab",
        on_click=LaunchState.find_hosts(label.to(str)),
        custom_attrs={"aria-pressed": LaunchState.host_text == label},
    )


def _host(host: rx.Var) -> rx.Component:
    fault = host["fault"].to(str)
    about = rx.cond(
        fault != "",
        tr_dynamic("launch.host_fault.", fault),
        host["address"].to(str) + "  " + host["labels"].to(list[str]).join("  "),
    )
    return rx.el.li(
        checkbox(
            host["name"].to(str),
            checked=host["isChosen"].to(bool),
            on_change=LaunchState.choose_host(host["id"].to(str)),
            hint=about,
            disabled=(fault != "") | IS_READ_ONLY,
        ),
        key=host["id"].to(str),  # rows move when they are chosen, and a box belongs to its host
    )


def _blocked() -> rx.Component:
    approval = note(rx.el.b(tr("launch.block.approval")), " ", tr("launch.block.approval_hint"), icon_name="lock")
    role = note(rx.el.b(tr("launch.block.role")), " ", tr("launch.block.role_hint"), icon_name="lock", tone="warn")
    why = RUNBOOK["brokenReason"].to(str)
    broken = note(rx.el.b(tr("launch.block.broken")), " ", why, icon_name="warning", tone="bad")
    disabled = note(tr("launch.block.disabled"), icon_name="lock", tone="warn")
    idle = note(tr("launch.no_worker"), icon_name="warning", tone="warn")
    return rx.match(
        BLOCK,
        ("approval", approval),
        ("role", role),
        ("broken", broken),
        ("disabled", disabled),
        rx.cond(LaunchState.workers == 0, idle, rx.fragment()),
    )


def _readme() -> rx.Component:
    return rx.el.details(
        rx.el.summary(icon("chevron-right"), tr("launch.readme")),
        markdown(spoken_of(LaunchState.readme["en"], LaunchState.readme["pt"])),
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
    run = rx.el.button(
        rx.cond(LaunchState.is_busy, icon("running", class_name="spin"), icon("play")),
        tr("runbooks.run"),
        type="button",
        class_name="btn p",
        on_click=SEND,
        disabled=(BLOCK != "") | (LaunchState.phase != "ready") | LaunchState.is_busy,
        custom_attrs={"aria-busy": LaunchState.is_busy},
    )
    return rx.fragment(lines, cancel_button(), run)
