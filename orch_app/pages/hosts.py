"""/hosts: machines that runbooks work on, their form, their details, and the verifying of their keys."""

import reflex as rx

from orch_app.components.actions import button, copy_button, link_button, menu, menu_item, submit_button
from orch_app.components.dialogs import cancel_button, confirm_dialog, drawer
from orch_app.components.fields import field_error, form, segmented, select_field, text_field
from orch_app.components.layout import key_values, page_header, section
from orch_app.components.states import empty_state, no_results_state, note
from orch_app.components.status import chip, env_badge, status_badge
from orch_app.components.table import Column, data_table, filters_bar, url_select, url_text
from orch_app.components.text import tr, tr_dynamic
from orch_app.components.values import relative_time
from orch_app.pages.frame import by_phase, framed, may
from orch_app.pages.host_key_dialog import host_key_dialog
from orch_app.pages.list_parts import cursor_pages
from orch_app.state.host_keys import HostKeysState
from orch_app.state.hosts import HostsState

FORM = "host-form"
HOST = HostsState.host
STATUSES = ("ok", "unknown", "unreachable", "auth_failed", "key_changed")


def hosts_page() -> rx.Component:
    """The list of hosts and what opens over it."""
    add = rx.cond(may("hosts:write"), button(tr("hosts.add"), icon_name="plus", look="p", on_click=HostsState.open_new))
    header = page_header(
        tr("nav.hosts"),
        subtitle=rx.cond(HostsState.phase == "ready", tr("hosts.subtitle", n=HostsState.total), tr("hosts.about")),
        actions=[add],
        thumb=[add],
    )
    empty = empty_state(tr("hosts.empty"), tr("hosts.empty_hint"), icon_name="server")
    return framed(
        "hosts",
        header,
        by_phase(HostsState, _list(), retry=HostsState.load, empty=section(empty, padded=False)),
        _detail(),
        _form(),
        _delete(),
        host_key_dialog(),
        reload=HostsState.load,
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
        resets=["q", "status", "connection"],
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
        Column(tr("hosts.column.connection"), lambda row: _or_dash(row["connection"].to(str)), priority=2),
        Column(tr("hosts.column.labels"), _labels, priority=3),
        Column(tr("hosts.column.key"), _key, priority=2),
        Column(tr("hosts.column.seen"), lambda row: relative_time(row["seen_at"].to(str), "sec"), card="k3"),
        Column(rx.el.span(tr("action.more"), class_name="sr"), _row_menu, right=True),
    ]


def _name(row: rx.Var) -> rx.Component:
    place = rx.fragment(
        row["address"].to(str), rx.cond(row["port"].to(int) != 22, rx.fragment(":", row["port"].to(str)))
    )  # noqa: PLR2004 - ssh's port
    return rx.el.div(
        rx.el.button(
            row["name"].to(str), type="button", class_name="go b5", on_click=HostsState.open_detail(row["id"].to(str))
        ),
        rx.el.div(place, class_name="t2 mono"),
    )


def _labels(row: rx.Var) -> rx.Component:
    return rx.el.div(
        rx.foreach(row["labels"].to(list[str]), lambda label: chip(label, mono=True)), class_name="chips-l"
    )


def _key(row: rx.Var) -> rx.Component:
    pinned = rx.cond(row["fingerprint"].to(str) != "", "pinned", "unpinned")
    return status_badge(pinned, plain=True)


def _or_dash(text: rx.Var) -> rx.Component:
    return rx.cond(text != "", rx.el.span(text), rx.el.span("—", class_name="sec"))


def _row_menu(row: rx.Var) -> rx.Component:
    host_id = row["id"].to(str)
    return rx.cond(
        may("hosts:write"),
        menu(
            menu_item(tr("hosts.verify"), icon_name="fingerprint", on_click=HostKeysState.open(host_id)),
            menu_item(tr("hosts.report"), icon_name="play", href=_run_href(row)),
            menu_item(tr("action.edit"), icon_name="edit", on_click=HostsState.open_edit(host_id)),
            menu_item(tr("action.delete"), icon_name="trash", danger=True, on_click=HostsState.ask_delete(host_id)),
            label=tr("hosts.actions", name=row["name"].to(str)),
        ),
    )


def _run_href(row: rx.Var) -> rx.Var[str]:
    return f"/runbooks?run=host_report&host={row['id'].to(str)}"


def _detail() -> rx.Component:
    fingerprint = HOST["fingerprint"].to(str)
    pinned = rx.el.div(
        rx.el.div(
            rx.el.code(fingerprint), copy_button(fingerprint, label=tr("hosts.copy_fingerprint")), class_name="fp"
        ),
        rx.el.p(
            HOST["key_type"].to(str),
            " · ",
            tr("hosts.pinned"),
            " ",
            relative_time(HOST["pinned_at"].to(str)),
            class_name="sec sm mt4",
        ),
    )
    unpinned = note(tr("hosts.unpinned_hint"), tone="warn", icon_name="fingerprint")
    facts = key_values(
        [
            (
                tr("hosts.field.address"),
                rx.el.span(HOST["address"].to(str), ":", HOST["port"].to(str), class_name="mono"),
            ),
            (
                tr("hosts.field.user"),
                rx.cond(
                    HOST["user"].to(str) != "",
                    HOST["user"].to(str),
                    rx.el.span(tr("hosts.user_of_connection"), class_name="sec"),
                ),
            ),
            (tr("hosts.column.connection"), _or_dash(HOST["connection"].to(str))),
            (tr("hosts.column.labels"), _labels(HOST)),
            (tr("hosts.column.seen"), relative_time(HOST["seen_at"].to(str))),
            (tr("hosts.created"), relative_time(HOST["created_at"].to(str))),
        ]
    )
    changed = HOST["status"].to(str) == "key_changed"
    return drawer(
        rx.cond(changed, note(tr("hosts.changed_hint"), tone="bad", icon_name="fingerprint")),
        rx.cond(
            (HOST["detail"].to(str) != "") & ~changed, note(HOST["detail"].to(str), tone="warn", icon_name="warning")
        ),
        facts,
        rx.el.h3(tr("hosts.column.key"), class_name="sub"),
        rx.cond(fingerprint != "", pinned, unpinned),
        open=HostsState.panel == "detail",
        on_close=HostsState.close,
        title=HOST["name"].to(str),
        badges=[status_badge(HOST["status"].to(str)), env_badge(HOST["environment"].to(str))],
        footer=_detail_actions(),
    )


def _detail_actions() -> rx.Component:
    host_id = HOST["id"].to(str)
    unsure = (HOST["fingerprint"].to(str) == "") | (HOST["status"].to(str) == "key_changed")
    more = menu(
        menu_item(tr("action.edit"), icon_name="edit", on_click=HostsState.open_edit(host_id)),
        menu_item(tr("action.delete"), icon_name="trash", danger=True, on_click=HostsState.ask_delete(host_id)),
        label=tr("hosts.actions", name=HOST["name"].to(str)),
        side="left",
    )
    return rx.fragment(
        rx.cond(may("hosts:write"), more),
        rx.el.span(class_name="grow no-phone"),
        rx.cond(
            may("hosts:write"),
            button(
                tr("hosts.verify"),
                icon_name="fingerprint",
                look=rx.cond(unsure, "p", ""),
                on_click=HostKeysState.open(host_id),
            ),
        ),
        rx.cond(
            may("runbooks:execute") & ~unsure,
            link_button(tr("hosts.report"), href=_run_href(HOST), icon_name="play", look="p"),
        ),
    )


def _form() -> rx.Component:
    environments = [
        {"value": "stage", "label": tr("environment.switch.stage")},
        {"value": "prod", "label": tr("environment.switch.prod"), "tone": "prod"},
    ]
    is_new = HOST["id"].to(str) == ""
    fields = form(
        text_field(
            tr("hosts.field.name"),
            name="name",
            value=HOST["name"].to(str),
            hint=tr("hosts.hint.name"),
            error=_fault("name"),
            required=True,
            max_length=63,
        ),
        rx.el.div(
            text_field(
                tr("hosts.field.address"),
                name="address",
                value=HOST["address"].to(str),
                error=_fault("address"),
                required=True,
                code=True,
                max_length=253,
            ),
            text_field(
                tr("hosts.field.port"),
                name="port",
                value=HOST["port"].to(str),
                error=_fault("port"),
                input_mode="numeric",
                max_length=5,
            ),
            class_name="f2",
        ),
        rx.cond(
            is_new,
            segmented(
                tr("shell.environment"),
                value=HostsState.form_environment,
                options=environments,
                on_change=HostsState.choose_environment,
                full=True,
            ),
        ),
        select_field(
            tr("hosts.column.connection"),
            options=HostsState.choices,
            value=HostsState.form_connection,
            on_change=HostsState.choose_connection,
            placeholder=tr("hosts.no_connection"),
            hint=tr("hosts.hint.connection"),
            error=_fault("connection_id"),
        ),
        text_field(
            tr("hosts.field.user"),
            name="user",
            value=HOST["user"].to(str),
            hint=tr("hosts.hint.user"),
            error=_fault("user"),
            optional=True,
            max_length=64,
        ),
        text_field(
            tr("hosts.column.labels"),
            name="labels",
            value=HOST["label_text"].to(str),
            hint=tr("hosts.hint.labels"),
            error=_fault("labels"),
            optional=True,
            rows=3,
            code=True,
        ),
        rx.cond(HostsState.faults.contains("environment"), field_error(tr("hosts.error.environment"))),
        on_submit=HostsState.save,
        id=FORM,
    )
    moves = note(tr("hosts.move_hint"), icon_name="info")
    return drawer(
        fields,
        rx.cond(is_new, rx.fragment(), moves),
        open=HostsState.panel == "form",
        on_close=HostsState.close,
        title=rx.cond(is_new, tr("hosts.add"), tr("hosts.edit", name=HOST["name"].to(str))),
        footer=rx.fragment(cancel_button(), submit_button(tr("action.save"), form=FORM)),
    )


def _fault(field: str) -> rx.Var[str]:
    """The sentence for the fault of a field; empty while there is none."""
    return rx.cond(HostsState.faults.contains(field), tr_dynamic("hosts.error.", HostsState.faults[field].to(str)), "")


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
