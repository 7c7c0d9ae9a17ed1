"""/connections: what opens the machines, without ever showing a secret; forms, tests and uses."""

import reflex as rx

from orch_app.components.actions import button, menu, menu_item
from orch_app.components.dialogs import cancel_button, confirm_dialog, modal
from orch_app.components.layout import page_header, section
from orch_app.components.states import empty_state, no_results_state, note
from orch_app.components.status import env_badge, status_badge
from orch_app.components.table import Column, data_table, filters_bar, url_text
from orch_app.components.text import tr
from orch_app.components.values import number, relative_time
from orch_app.pages.connection_form import connection_drawer, type_drawer, unverified_chip, used_by_list
from orch_app.pages.connection_probe_dialog import connection_probe_dialog
from orch_app.pages.frame import by_phase, framed, may, worded
from orch_app.pages.list_parts import cursor_pages
from orch_app.state.connection_probe import ConnectionProbeState
from orch_app.state.connections import ConnectionsState

ONE = ConnectionsState.connection


def connections_page() -> rx.Component:
    """The list of connections and what opens over it."""
    add = rx.cond(
        may("connections:write"),
        button(tr("connections.add"), icon_name="plus", look="p", on_click=ConnectionsState.open_new),
    )
    header = page_header(
        tr("nav.connections"),
        subtitle=rx.cond(
            ConnectionsState.phase == "ready",
            tr("connections.subtitle", n=ConnectionsState.total),
            tr("connections.about"),
        ),
        actions=[add],
        thumb=[add],
    )
    empty = empty_state(
        tr("connections.empty"), worded("connections:write", "connections.empty_hint"), icon_name="plug"
    )
    return framed(
        "connections",
        header,
        by_phase(ConnectionsState, _list(), retry=ConnectionsState.load, empty=section(empty, padded=False)),
        type_drawer(),
        connection_drawer(),
        connection_probe_dialog(),
        _delete(),
        _in_use(),
        reload=ConnectionsState.load,
    )


def _list() -> rx.Component:
    rows = rx.fragment(
        data_table(ConnectionsState.rows, _columns(), caption=tr("nav.connections")),
        cursor_pages(ConnectionsState.previous_href, ConnectionsState.next_href),
    )
    shown = rx.cond(ConnectionsState.rows.length() > 0, rows, no_results_state())
    return rx.fragment(filters_bar(url_text(tr("connections.filter"), "q"), resets=["q"]), section(shown, padded=False))


def _columns() -> list[Column]:
    return [
        Column(tr("connections.column.name"), _name, card="k1", sort="name"),
        Column(tr("connections.column.type"), _type, sort="type"),
        Column(tr("hosts.column.environment"), lambda row: env_badge(row["environment"].to(str)), card="k4"),
        Column(tr("connections.column.status"), _test, card="k2"),
        Column(tr("connections.column.used_by"), _used_by, card="k3"),
        Column(tr("connections.column.used"), lambda row: relative_time(row["used_at"].to(str), "sec"), priority=2),
        Column(tr("connections.column.created"), _created, priority=3, sort="createdAt"),
        Column(tr("connections.column.changed"), _changed, priority=2, sort="updatedAt"),
        Column(rx.el.span(tr("action.more"), class_name="sr"), _row_menu, card="km", right=True),
    ]


def _name(row: rx.Var) -> rx.Component:
    kind = rx.el.span(row["type"].to(str), " · ", class_name="only-phone-inline")
    name = rx.el.button(
        row["name"].to(str), type="button", class_name="go b5", on_click=ConnectionsState.open(row["id"].to(str))
    )
    open_to_all = rx.cond(row["is_open"].to(bool), unverified_chip())
    return rx.el.div(name, rx.el.div(kind, row["user"].to(str), class_name="t2 mono trunc"), open_to_all)


def _type(row: rx.Var) -> rx.Component:
    return rx.el.span(row["type"].to(str), class_name="mono")


def _test(row: rx.Var) -> rx.Component:
    """How the last test went, when it was, and how long the login took."""
    took = rx.el.span(" · ", number(row["tested_ms"].to(int)), " ms", class_name="nowrap")
    when = rx.el.div(relative_time(row["tested_at"].to(str)), took, class_name="t2 no-phone")
    return rx.el.div(status_badge(row["status"].to(str)), rx.cond(row["tested_at"].to(str) != "", when))


def _used_by(row: rx.Var) -> rx.Component:
    tested = rx.el.span(
        " · ", tr("connections.tested"), " ", relative_time(row["tested_at"].to(str)), class_name="only-phone-inline"
    )
    return rx.el.span(
        rx.el.span(tr("connections.uses", n=row["used_by"].to(int)), class_name="num"),
        rx.cond(row["tested_at"].to(str) != "", tested),
    )


def _created(row: rx.Var) -> rx.Component:
    return _act(row["created_at"].to(str), row["created_by"].to(str))


def _changed(row: rx.Var) -> rx.Component:
    return _act(row["changed_at"].to(str), row["changed_by"].to(str))


def _act(at: rx.Var[str], who: rx.Var[str]) -> rx.Component:
    return rx.el.div(relative_time(at, "sec"), rx.cond(who != "", rx.el.div(who, class_name="t2 trunc", title=who)))


def _row_menu(row: rx.Var) -> rx.Component:
    identity = row["id"].to(str)
    return rx.cond(
        may("connections:use"),
        menu(
            menu_item(tr("connections.test"), icon_name="pulse", on_click=ConnectionProbeState.open(identity)),
            rx.cond(
                may("connections:write"),
                rx.fragment(
                    menu_item(tr("action.edit"), icon_name="edit", on_click=ConnectionsState.open(identity)),
                    menu_item(
                        tr("action.delete"),
                        icon_name="trash",
                        danger=True,
                        on_click=ConnectionsState.ask_delete(identity),
                    ),
                ),
            ),
            label=tr("hosts.actions", name=row["name"].to(str)),
        ),
    )


def _delete() -> rx.Component:
    return confirm_dialog(
        open=(ConnectionsState.panel == "delete") & (ONE["used_by"].to(int) == 0),
        on_close=ConnectionsState.close,
        on_confirm=ConnectionsState.delete,
        title=tr("hosts.delete_title", name=ONE["name"].to(str)),
        body=tr("connections.delete_body"),
        action=tr("action.delete"),
        typed_name=rx.cond(ONE["environment"].to(str) == "prod", ONE["name"].to(str), ""),
    )


def _in_use() -> rx.Component:
    return modal(
        note(tr("connections.in_use"), tone="warn", icon_name="lock"),
        used_by_list(),
        open=(ConnectionsState.panel == "delete") & (ONE["used_by"].to(int) > 0),
        on_close=ConnectionsState.close,
        title=tr("connections.cannot_delete", name=ONE["name"].to(str)),
        footer=cancel_button(tr("action.close")),
    )
