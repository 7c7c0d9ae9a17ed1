"""The drawer of one host: its facts, its key, and what can be done with it; also parts that the list shares."""

import reflex as rx

from orch_app.components.actions import button, copy_button, link, link_button, menu, menu_item
from orch_app.components.dialogs import drawer
from orch_app.components.layout import key_values
from orch_app.components.states import note
from orch_app.components.status import chip, env_badge, status_badge
from orch_app.components.text import tr, tr_dynamic
from orch_app.components.values import relative_time
from orch_app.pages.frame import may, worded
from orch_app.pages.variables import variables_shown
from orch_app.state.host_keys import HostKeysState
from orch_app.state.hosts import HostsState

HOST = HostsState.host


def host_drawer() -> rx.Component:
    """What is known about one host, and what can be done with it."""
    changed = HOST["status"].to(str) == "key_changed"
    said = HOST["said"].to(str)
    return drawer(
        rx.cond(changed, note(worded("hosts:write", "hosts.changed_hint"), tone="bad", icon_name="fingerprint")),
        rx.cond((said != "") & ~changed, note(tr_dynamic("said.", said), tone="warn", icon_name="warning")),
        _facts(),
        rx.el.h3(tr("hosts.column.key"), class_name="sub"),
        _key(),
        variables_shown(HostsState.variables, HostsState.is_trusted_text),
        rx.el.div(
            link_button(tr("hosts.jobs"), href="/jobs?host=" + HOST["name"].to(str), icon_name="list", look="s"),
            class_name="row mt16",
        ),
        open=HostsState.panel == "detail",
        on_close=HostsState.close,
        title=HOST["name"].to(str),
        badges=[status_badge(HOST["status"].to(str)), env_badge(HOST["environment"].to(str))],
        footer=_actions(),
    )


def _key() -> rx.Component:
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
    unpinned = note(worded("hosts:write", "hosts.unpinned_hint"), tone="warn", icon_name="fingerprint")
    return rx.cond(fingerprint != "", pinned, unpinned)


def _facts() -> rx.Component:
    return key_values(
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
            (tr("hosts.column.connection"), or_dash(HOST["connection"].to(str))),
            (tr("groups.title"), host_groups(HOST)),
            (tr("hosts.column.labels"), host_labels(HOST)),
            (tr("groups.column.origin"), or_dash(HOST["origin"].to(str))),
            (tr("hosts.column.seen"), relative_time(HOST["seen_at"].to(str))),
            (tr("hosts.created"), relative_time(HOST["created_at"].to(str))),
        ]
    )


def _actions() -> rx.Component:
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
            link_button(tr("hosts.report"), href=report_href(HOST), icon_name="play", look="p"),
        ),
    )


def host_labels(row: rx.Var) -> rx.Component:
    """The labels of a host as chips."""
    return rx.el.div(
        rx.foreach(row["labels"].to(list[str]), lambda label: chip(label, mono=True)), class_name="chips-l"
    )


def host_groups(row: rx.Var) -> rx.Component:
    """The groups that a host stands in, as chips that show the others of each."""
    return rx.el.div(
        rx.foreach(
            row["groups"].to(list[str]),
            lambda name: link(chip(name, mono=True), href="/hosts?group=" + name.to(str)),
        ),
        class_name="chips-l",
    )


def or_dash(text: rx.Var) -> rx.Component:
    """A text, or a dash where there is none."""
    return rx.cond(text != "", rx.el.span(text), rx.el.span("—", class_name="sec"))


def report_href(row: rx.Var) -> rx.Var[str]:
    """The address that opens the run of host_report on this host."""
    return f"/runbooks?run=host_report&host={row['id'].to(str)}"
