"""The groups of /hosts: the list, the drawer of one, and the question before removing one."""

import reflex as rx

from orch_app.components.actions import button, menu, menu_item
from orch_app.components.dialogs import confirm_dialog, drawer
from orch_app.components.fields import filter_field
from orch_app.components.layout import key_values, section
from orch_app.components.states import empty_state, no_results_state, note
from orch_app.components.status import chip, env_badge
from orch_app.components.table import Column, data_table
from orch_app.components.text import tr
from orch_app.components.values import relative_time
from orch_app.pages.frame import in_phase, may, worded
from orch_app.pages.host_drawer import or_dash
from orch_app.pages.variables import variables_shown
from orch_app.state.groups import GroupsState

GROUP = GroupsState.group


def groups_tab() -> rx.Component:
    """The list of groups in the five states of a page."""
    empty = empty_state(tr("groups.empty"), worded("hosts:write", "groups.empty_hint"), icon_name="share")
    return in_phase(GroupsState, _list(), retry=GroupsState.load, empty=section(empty, padded=False))


def group_dialogs() -> rx.Component:
    """The drawer of one group, and the question before removing it."""
    return rx.fragment(_drawer(), _delete())


def add_group() -> rx.Component:
    """The one primary action while the groups are shown."""
    new = button(tr("groups.add"), icon_name="plus", look="p", on_click=GroupsState.open_new)
    return rx.cond(may("hosts:write"), new)


def _list() -> rx.Component:
    bar = rx.el.div(
        filter_field(tr("groups.filter"), value=GroupsState.text, on_change=GroupsState.find),
        class_name="row wrap mb16",
    )
    hidden = GroupsState.total - GroupsState.rows.length()
    more = rx.cond(
        hidden > 0, rx.el.p(tr("groups.more", n=hidden), class_name="sec sm", style={"padding": "12px 24px"})
    )
    rows = rx.fragment(data_table(GroupsState.rows, _columns(), caption=tr("groups.title")), more)
    return rx.fragment(bar, section(rx.cond(GroupsState.rows.length() > 0, rows, no_results_state()), padded=False))


def _columns() -> list[Column]:
    return [
        Column(tr("groups.column.name"), _name, card="k1"),
        Column(tr("groups.column.hosts"), lambda row: tr("hosts.subtitle", n=row["count"].to(int)), card="k2"),
        Column(tr("groups.column.children"), group_chips, card="k3", priority=2),
        Column(tr("groups.column.variables"), lambda row: row["variables"].to(str), priority=2, right=True),
        Column(tr("hosts.column.environment"), lambda row: env_badge(row["environment"].to(str)), card="k4"),
        Column(tr("groups.column.origin"), lambda row: or_dash(row["origin"].to(str)), priority=3),
        Column(rx.el.span(tr("action.more"), class_name="sr"), _row_menu, card="km", right=True),
    ]


def _name(row: rx.Var) -> rx.Component:
    name = row["name"].to(str)
    return rx.el.button(
        name, type="button", class_name="go b5 mono", on_click=GroupsState.open_detail(row["id"].to(str))
    )


def group_chips(row: rx.Var) -> rx.Component:
    """The groups that stand in one."""
    return rx.el.div(
        rx.foreach(row["children"].to(list[str]), lambda name: chip(name, mono=True)), class_name="chips-l"
    )


def _row_menu(row: rx.Var) -> rx.Component:
    return rx.cond(may("hosts:write"), _menu(row))


def _menu(row: rx.Var, side: str = "") -> rx.Component:
    group_id = row["id"].to(str)
    return menu(
        menu_item(tr("action.edit"), icon_name="edit", on_click=GroupsState.open_edit(group_id)),
        menu_item(tr("action.delete"), icon_name="trash", danger=True, on_click=GroupsState.ask_delete(group_id)),
        label=tr("hosts.actions", name=row["name"].to(str)),
        **({"side": side} if side else {}),
    )


def _drawer() -> rx.Component:
    name, origin = GROUP["name"].to(str), GROUP["origin"].to(str)
    inside = rx.el.div(
        rx.foreach(GROUP["hostNames"].to(list[str]), lambda host: chip(host, mono=True)), class_name="chips-l"
    )
    return drawer(
        rx.cond(name == "all", note(tr("groups.all_hint"), icon_name="info")),
        rx.cond(origin != "", note(tr("groups.origin_hint", name=origin), icon_name="download")),
        key_values(
            [
                (tr("groups.column.hosts"), tr("hosts.subtitle", n=GROUP["count"].to(int))),
                (tr("groups.column.children"), group_chips(GROUP)),
                (tr("groups.changed"), relative_time(GROUP["updatedAt"].to(str))),
            ]
        ),
        rx.cond(
            GROUP["hostNames"].to(list[str]).length() > 0,
            rx.fragment(rx.el.h3(tr("groups.members"), class_name="sub"), inside),
        ),
        variables_shown(GROUP["variableText"].to(str), GROUP["isTrusted"].to(bool)),
        open=GroupsState.panel == "detail",
        on_close=GroupsState.close,
        title=name,
        badges=[env_badge(GROUP["environment"].to(str))],
        footer=_actions(),
    )


def _actions() -> rx.Component:
    group_id = GROUP["id"].to(str)
    return rx.cond(
        may("hosts:write"),
        rx.fragment(
            _menu(GROUP, side="left"),
            rx.el.span(class_name="grow no-phone"),
            button(tr("action.edit"), icon_name="edit", look="p", on_click=GroupsState.open_edit(group_id)),
        ),
    )


def _delete() -> rx.Component:
    return confirm_dialog(
        open=GroupsState.panel == "delete",
        on_close=GroupsState.close,
        on_confirm=GroupsState.delete,
        title=tr("hosts.delete_title", name=GROUP["name"].to(str)),
        body=tr("groups.delete_body"),
        action=tr("action.delete"),
        typed_name=rx.cond(GROUP["environment"].to(str) == "prod", GROUP["name"].to(str), ""),
    )
