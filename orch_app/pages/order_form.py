"""The form of an order: environment, place, connections, hosts, inputs, reason; for any state with `OrderForm`.

Screens frame it: the run drawer sends the order at once, a schedule keeps it.
"""

from typing import Any

import reflex as rx

from orch_app.components.actions import button
from orch_app.components.choices import environment_choice
from orch_app.components.fields import checkbox, field_error, segmented, select_field, text_field
from orch_app.components.icon import icon
from orch_app.components.markdown import markdown
from orch_app.components.schema_form import schema_form
from orch_app.components.states import note
from orch_app.components.tag_choice import tag_choice
from orch_app.components.text import tr, tr_dynamic
from orch_app.pages.frame import may, worded
from orch_app.pages.spoken import spoken, spoken_of


def order_fields(state: Any, *, has_reason: bool = True) -> list[rx.Component]:
    """What is in the way, and every field of the order, in the order in which they are filled in."""
    reason = text_field(
        tr("launch.reason"),
        value=state.reason,
        on_change=state.give_reason,
        hint=tr("launch.reason_hint"),
        optional=True,
        max_length=500,
        disabled=_is_read_only(state),
    )
    return [
        _blocked(state),
        rx.el.div(
            _environment(state),
            rx.cond(_target(state) == "both", _place(state)),
            rx.foreach(state.slots, lambda slot: _slot(state, slot)),
            class_name="f2",
        ),
        rx.cond((_target(state) == "hosts") | (_target(state) == "both"), _hosts(state), rx.fragment()),
        schema_form(
            state.fields,
            on_change=state.fill_in,
            values=state.start,
            errors=spoken_of(state.errors, state.errors_pt),
            disabled=_is_read_only(state),
            choices=_choices(state),
        ),
        _tags(state),
        *([reason] if has_reason else []),
        rx.cond(state.readme["en"] != "", _readme(state)),
    ]


def blocked_by(state: Any) -> rx.Var[str]:
    """Why the reader cannot have this run in the chosen environment; empty when nothing is in the way."""
    return state.blocks[state.environment].to(str)


def _is_read_only(state: Any) -> rx.Var[bool]:
    block = blocked_by(state)
    return (block == "role") | (block == "broken") | (block == "disabled")


def _target(state: Any) -> rx.Var[str]:
    return state.runbook["target"].to(str)


def _choices(state: Any) -> rx.Var:
    """Where the form asks what may be chosen, and with which connections."""
    url = "/v1/runbooks/" + state.runbook["name"].to(str) + "/choices/"
    return rx.Var.create({"url": url, "connections": state.chosen, "environment": state.environment})


def _environment(state: Any) -> rx.Component:
    return environment_choice(tr("launch.environment"), value=state.environment, on_change=state.choose_environment)


def _slot(state: Any, slot: rx.Var) -> rx.Component:
    name = slot["slot"].to(str)
    options = state.connections[name].to(list[dict])
    chosen = select_field(
        tr("launch.connection", name=name),
        options=options,
        value=state.chosen[name].to(str),
        on_change=state.choose_connection(name),
        placeholder=tr("launch.choose_connection"),
        icon="plug",
        optional=~slot["required"].to(bool),
        disabled=_is_read_only(state),
    )
    kind = slot["type"].to(str)
    none = rx.el.div(
        tr("launch.no_connection", type=kind),
        " ",
        worded("connections:write", "launch.add_connection"),
        class_name="hint",
    )
    faults = rx.foreach(
        state.faults,
        lambda fault: rx.cond(
            (fault["place"].to(str) == "connections") & (fault["at"].to(str) == name),
            field_error(spoken(fault, "detail")),
        ),
    )
    field = rx.el.div(chosen, rx.cond(options.length() > 0, rx.fragment(), none), faults, class_name="f")
    after = slot["after"].to(str)
    is_asked = (after == "") | state.chosen.contains(after) | state.chosen.contains(name)
    return rx.cond(is_asked, field)


def _place(state: Any) -> rx.Component:
    places = [
        {"value": "localhost", "label": tr("launch.place.localhost")},
        {"value": "hosts", "label": tr("launch.place.hosts")},
    ]
    return segmented(tr("launch.place"), value=state.place, options=places, on_change=state.choose_place, full=True)


def _hosts(state: Any) -> rx.Component:
    shown = rx.fragment(_picker(state), _limit(state))
    return rx.fragment(rx.cond(state.place == "hosts", shown), _faults_at(state, "hosts"))


def _limit(state: Any) -> rx.Component:
    """A pattern instead of ticks, or over them: it is heeded when the job is launched, for hosts to come too."""
    means = rx.cond(state.limited >= 0, tr("launch.limited", n=state.limited), "")
    typed = text_field(
        tr("launch.limit"),
        value=state.limit,
        on_change=state.give_limit,
        hint=tr("launch.limit_hint"),
        optional=True,
        code=True,
        max_length=500,
        disabled=_is_read_only(state),
    )
    told = rx.el.span(means, class_name="sec sm num", role="status")
    return rx.el.div(typed, told, _faults_at(state, "limit"), class_name="f")


def _tags(state: Any) -> rx.Component:
    """Which tasks run, where the runbook lets that be chosen."""
    offered = state.runbook["playTags"].to(list[str])
    choice = tag_choice(
        offered,
        only=state.tags,
        skip=state.skip_tags,
        on_change=state.choose_tags,
        disabled=_is_read_only(state),
    )
    faults = rx.fragment(_faults_at(state, "tags"), _faults_at(state, "skipTags"))
    is_offered = state.runbook.contains("playTags") & (offered.length() > 0)
    return rx.cond(is_offered, rx.el.div(choice, faults, class_name="f"))


def _faults_at(state: Any, place: str) -> rx.Component:
    """Faults of one part of the order."""
    return rx.foreach(
        state.faults,
        lambda fault: rx.cond(fault["place"].to(str) == place, field_error(spoken(fault, "detail"))),
    )


def _picker(state: Any) -> rx.Component:
    chosen = state.host_ids.length()
    count = rx.el.span(tr("launch.chosen", n=chosen), class_name="sec sm num right", role="status")
    listed = rx.el.ul(
        rx.foreach(state.hosts, lambda host: _host(state, host)), custom_attrs={"aria-label": tr("launch.hosts")}
    )
    without = worded("hosts:write", "launch.no_hosts")
    none = rx.el.p(rx.cond(state.host_text == "", without, tr("state.no_results")))
    search = text_field(
        tr("launch.find_hosts"),
        value=state.host_text,
        on_change=state.find_hosts,
        icon="search",
        placeholder=tr("launch.find_hosts"),
        label_hidden=True,
    )
    return rx.el.div(
        rx.el.span(tr("launch.hosts"), class_name="lbl"),
        rx.el.div(
            rx.el.div(
                rx.el.div(search, class_name="grow"),
                button(tr("launch.all_shown"), look="s g", on_click=state.choose_shown, disabled=_is_read_only(state)),
                button(tr("launch.none"), look="s g", on_click=state.choose_none, disabled=_is_read_only(state)),
                rx.cond(
                    state.host_groups.length() > 0,
                    rx.el.div(
                        rx.foreach(state.host_groups, lambda group: _group(state, group)),
                        class_name="row wrap full-w",
                        role="group",
                        custom_attrs={"aria-label": tr("launch.groups")},
                    ),
                ),
                rx.cond(
                    state.labels.length() > 0,
                    rx.el.div(
                        rx.foreach(state.labels, lambda label: _label(state, label)), class_name="row wrap full-w"
                    ),
                ),
                class_name="bar-h",
            ),
            rx.cond(state.hosts.length() > 0, listed, none),
            class_name="pickh",
        ),
        rx.el.div(count, class_name="row"),
        class_name="f",
    )


def _label(state: Any, label: rx.Var) -> rx.Component:
    return rx.el.button(
        label,
        type="button",
        class_name="lab",
        on_click=state.find_hosts(label.to(str)),
        custom_attrs={"aria-pressed": state.host_text == label},
    )


def _group(state: Any, group: rx.Var) -> rx.Component:
    """A press chooses all of a group, or none of it."""
    name = group["name"].to(str)
    return rx.el.button(
        name,
        " · ",
        tr("hosts.subtitle", n=group["count"].to(int)),
        type="button",
        class_name="lab",
        on_click=state.choose_group(name),
        disabled=_is_read_only(state),
        custom_attrs={"aria-pressed": group["isChosen"].to(bool)},
    )


def _host(state: Any, host: rx.Var) -> rx.Component:
    fault = host["fault"].to(str)
    about = rx.cond(
        fault != "",
        rx.cond(
            may("hosts:write"), tr_dynamic("launch.host_fault.", fault), tr_dynamic("launch.host_fault_told.", fault)
        ),
        host["address"].to(str) + "  " + host["labels"].to(list[str]).join("  "),
    )
    return rx.el.li(
        checkbox(
            host["name"].to(str),
            checked=host["isChosen"].to(bool),
            on_change=state.choose_host(host["id"].to(str)),
            hint=about,
            disabled=(fault != "") | _is_read_only(state),
        ),
        key=host["id"].to(str),  # rows move when they are chosen, and a box belongs to its host
    )


def _blocked(state: Any) -> rx.Component:
    waits = tr_dynamic("launch.waits_for.", state.approvals[state.environment].to(str))
    approval = note(rx.el.b(tr("launch.waits")), " ", waits, icon_name="lock")
    ask = tr("launch.block.role_hint", role=tr_dynamic("role.", state.needed[state.environment].to(str)))
    role = note(rx.el.b(tr("launch.block.role")), " ", ask, icon_name="lock", tone="warn")
    why = state.runbook["brokenReason"].to(str)
    broken = note(rx.el.b(tr("launch.block.broken")), " ", why, icon_name="warning", tone="bad")
    disabled = note(tr("launch.block.disabled"), icon_name="lock", tone="warn")
    idle = note(tr("launch.no_worker"), icon_name="warning", tone="warn")
    return rx.match(
        blocked_by(state),
        ("role", role),
        ("broken", broken),
        ("disabled", disabled),
        rx.fragment(
            rx.cond(state.approvals[state.environment].to(str) != "", approval, rx.fragment()),
            rx.cond(state.workers == 0, idle, rx.fragment()),
        ),
    )


def _readme(state: Any) -> rx.Component:
    return rx.el.details(
        rx.el.summary(icon("chevron-right"), tr("launch.readme")),
        markdown(spoken_of(state.readme["en"], state.readme["pt"])),
        class_name="fold",
    )
