"""The form of a group of hosts, in a drawer; faults are shown at their fields."""

import reflex as rx

from orch_app.components.actions import submit_button
from orch_app.components.choices import environment_choice
from orch_app.components.dialogs import cancel_button, drawer
from orch_app.components.fields import checkbox, form, text_field
from orch_app.components.states import note
from orch_app.components.text import tr
from orch_app.pages.variables import faults_told, variables_field
from orch_app.state.groups import GroupsState

FORM = "group-form"
GROUP = GroupsState.group


def group_form() -> rx.Component:
    """The form of a new group, or of one that is edited."""
    is_new = GROUP["id"].to(str) == ""
    origin = GROUP["origin"].to(str)
    return drawer(
        rx.cond(origin != "", note(tr("groups.origin_hint", name=origin), icon_name="download")),
        form(
            _name(),
            rx.cond(
                is_new,
                environment_choice(
                    tr("shell.environment"), value=GroupsState.environment, on_change=GroupsState.choose_environment
                ),
            ),
            _hosts(),
            _children(),
            variables_field(GROUP["variableText"].to(str), _faults("variables")),
            on_submit=GroupsState.save,
            id=FORM,
        ),
        open=GroupsState.panel == "form",
        on_close=GroupsState.close,
        title=rx.cond(is_new, tr("groups.add"), tr("hosts.edit", name=GROUP["name"].to(str))),
        footer=rx.fragment(cancel_button(), submit_button(tr("action.save"), form=FORM)),
    )


def _name() -> rx.Component:
    typed = text_field(
        tr("hosts.field.name"),
        name="name",
        value=GROUP["name"].to(str),
        hint=tr("groups.hint.name"),
        required=True,
        code=True,
        max_length=63,
    )
    return rx.el.div(typed, _told("name"), class_name="f")


def _hosts() -> rx.Component:
    search = text_field(
        tr("groups.find_hosts"),
        value=GroupsState.host_text,
        on_change=GroupsState.find_hosts,
        icon="search",
        placeholder=tr("groups.find_hosts"),
        label_hidden=True,
    )
    listed = rx.el.ul(rx.foreach(GroupsState.hosts, _host), custom_attrs={"aria-label": tr("groups.members")})
    count = rx.el.span(tr("launch.chosen", n=GroupsState.host_ids.length()), class_name="sec sm num", role="status")
    return rx.el.div(
        rx.el.span(tr("groups.members"), class_name="lbl"),
        rx.el.div(
            rx.el.div(rx.el.div(search, class_name="grow"), class_name="bar-h"),
            rx.cond(GroupsState.hosts.length() > 0, listed, rx.el.p(tr("state.no_results"))),
            class_name="pickh",
        ),
        count,
        _told("hosts"),
        class_name="f",
    )


def _host(host: rx.Var) -> rx.Component:
    return rx.el.li(
        checkbox(
            host["name"].to(str),
            checked=host["isChosen"].to(bool),
            on_change=GroupsState.choose_host(host["id"].to(str)),
            hint=host["address"].to(str),
        ),
        key=host["id"].to(str),  # rows move when they are chosen, and a box belongs to its host
    )


def _children() -> rx.Component:
    """The groups that this one may hold, each pressed or not."""
    offered = rx.el.div(
        rx.foreach(
            GroupsState.offered,
            lambda name: rx.el.button(
                name,
                type="button",
                class_name="lab",
                on_click=GroupsState.choose_child(name.to(str)),
                custom_attrs={"aria-pressed": GroupsState.children.contains(name)},
            ),
        ),
        class_name="row wrap tagc",
        role="group",
        custom_attrs={"aria-label": tr("groups.column.children")},
    )
    shown = rx.el.div(
        rx.el.span(tr("groups.column.children"), class_name="lbl"),
        offered,
        rx.el.span(tr("groups.hint.children"), class_name="hint"),
        _told("children"),
        class_name="f",
    )
    return rx.cond(GroupsState.offered.length() > 0, shown)


def _told(place: str) -> rx.Component:
    return faults_told(_faults(place))


def _faults(place: str) -> rx.Var[list]:
    return GroupsState.faults_at[place].to(list[dict[str, str]])
