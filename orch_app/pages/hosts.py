"""/hosts: machines that runbooks work on, their form, their details, the verifying of their keys, and their groups."""

import reflex as rx

from orch_app.components.actions import button, menu, menu_item
from orch_app.components.dialogs import confirm_dialog
from orch_app.components.layout import Tab, in_tab, page_header, section, tabs
from orch_app.components.states import empty_state, no_results_state, skeleton_rows
from orch_app.components.status import env_badge, status_badge
from orch_app.components.table import Column, data_table, filters_bar, url_select, url_text
from orch_app.components.text import tr, tr_dynamic
from orch_app.components.values import relative_time
from orch_app.pages.frame import framed, in_phase, may, read_here, worded
from orch_app.pages.group_form import group_form
from orch_app.pages.groups import add_group, group_dialogs, groups_tab
from orch_app.pages.host_drawer import host_drawer, host_groups, host_labels, or_dash, report_href
from orch_app.pages.host_form import host_form
from orch_app.pages.host_key_dialog import host_key_dialog
from orch_app.pages.list_parts import cursor_pages
from orch_app.state.groups import GroupsState
from orch_app.state.host_keys import HostKeysState
from orch_app.state.hosts import HostsState

HOST = HostsState.host
SSH_PORT = 22
STATUSES = ("ok", "unknown", "unreachable", "auth_failed", "key_changed")


def hosts_page() -> rx.Component:
    """The lists of hosts and of their groups, and what opens over them."""
    new = button(tr("hosts.add"), icon_name="plus", look="p", on_click=HostsState.open_new)
    add = rx.fragment(
        in_tab(rx.cond(may("hosts:write"), new), tab="hosts", first=True), in_tab(add_group(), tab="groups")
    )
    header = page_header(
        tr("nav.hosts"),
        subtitle=rx.cond(HostsState.phase == "ready", tr("hosts.subtitle", n=HostsState.total), tr("hosts.about")),
        actions=[add],
        thumb=[add],
    )
    empty = empty_state(tr("hosts.empty"), worded("hosts:write", "hosts.empty_hint"), icon_name="server")
    hosts = in_phase(HostsState, _list(), retry=HostsState.load, empty=section(empty, padded=False))
    both = tabs(
        Tab("hosts", tr("nav.hosts"), hosts, count=HostsState.total),
        Tab("groups", tr("groups.title"), groups_tab(), count=GroupsState.total),
        label=tr("nav.hosts"),
    )
    return framed(
        "hosts",
        header,
        read_here(HostsState, both, section(skeleton_rows(), padded=False)),
        host_drawer(),
        host_form(),
        group_dialogs(),
        group_form(),
        _delete(),
        host_key_dialog(),
        reload=[HostsState.load, GroupsState.load],
    )


def _list() -> rx.Component:
    statuses = [{"value": name, "label": tr_dynamic("status.", name)} for name in STATUSES]
    filters = filters_bar(
        url_text(tr("hosts.filter"), "q"),
        url_select(tr("hosts.column.status"), "status", statuses, tr("hosts.all_statuses")),
        rx.cond(
            HostsState.connections.length() > 0,
            url_select(
                tr("hosts.column.connection"), "connection", HostsState.connections, tr("hosts.all_connections")
            ),
        ),
        rx.cond(
            HostsState.groups.length() > 0,
            url_select(tr("groups.column.name"), "group", HostsState.groups, tr("groups.all")),
        ),
        resets=["q", "status", "group", "connection"],
    )
    rows = rx.fragment(
        data_table(HostsState.rows, _columns(), caption=tr("nav.hosts")),
        cursor_pages(HostsState.previous_href, HostsState.next_href),
    )
    return rx.fragment(filters, section(rx.cond(HostsState.rows.length() > 0, rows, no_results_state()), padded=False))


def _columns() -> list[Column]:
    return [
        Column(tr("hosts.column.name"), _name, card="k1", sort="name"),
        Column(tr("hosts.column.status"), lambda row: status_badge(row["status"].to(str)), card="k2", sort="status"),
        Column(tr("hosts.column.environment"), lambda row: env_badge(row["environment"].to(str)), card="k4"),
        Column(tr("hosts.column.connection"), lambda row: or_dash(row["connection"].to(str)), priority=2),
        Column(tr("groups.title"), host_groups, card="ka", priority=2),
        Column(tr("hosts.column.labels"), host_labels, priority=3),
        Column(tr("hosts.column.key"), _key, priority=2),
        Column(tr("hosts.column.seen"), lambda row: relative_time(row["seen_at"].to(str), "sec"), card="k3"),
        Column(rx.el.span(tr("action.more"), class_name="sr"), _row_menu, card="km", right=True),
    ]


def _name(row: rx.Var) -> rx.Component:
    place = rx.fragment(
        row["address"].to(str), rx.cond(row["port"].to(int) != SSH_PORT, rx.fragment(":", row["port"].to(str)))
    )
    return rx.el.div(
        rx.el.button(
            row["name"].to(str), type="button", class_name="go b5", on_click=HostsState.open_detail(row["id"].to(str))
        ),
        rx.el.div(place, class_name="t2 mono"),
    )


def _key(row: rx.Var) -> rx.Component:
    pinned = rx.cond(row["fingerprint"].to(str) != "", "pinned", "unpinned")
    return status_badge(pinned, plain=True)


def _row_menu(row: rx.Var) -> rx.Component:
    host_id = row["id"].to(str)
    return rx.cond(
        may("hosts:write"),
        menu(
            menu_item(tr("hosts.verify"), icon_name="fingerprint", on_click=HostKeysState.open(host_id)),
            menu_item(tr("hosts.report"), icon_name="play", href=report_href(row)),
            menu_item(tr("action.edit"), icon_name="edit", on_click=HostsState.open_edit(host_id)),
            menu_item(tr("action.delete"), icon_name="trash", danger=True, on_click=HostsState.ask_delete(host_id)),
            label=tr("hosts.actions", name=row["name"].to(str)),
        ),
    )


def _delete() -> rx.Component:
    return confirm_dialog(
        open=HostsState.panel == "delete",
        on_close=HostsState.close,
        on_confirm=HostsState.delete,
        title=tr("hosts.delete_title", name=HOST["name"].to(str)),
        body=tr("hosts.delete_body"),
        action=tr("action.delete"),
        typed_name=rx.cond(HOST["environment"].to(str) == "prod", HOST["name"].to(str), ""),
    )
