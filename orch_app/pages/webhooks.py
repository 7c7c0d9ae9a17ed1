"""/webhooks: addresses that other systems may post to, and what came of each message."""

import reflex as rx

from orch_app.components.actions import button, menu, menu_item
from orch_app.components.dialogs import confirm_dialog
from orch_app.components.fields import switch
from orch_app.components.icon import icon
from orch_app.components.layout import page_header, section
from orch_app.components.states import empty_state, no_results_state
from orch_app.components.status import env_badge
from orch_app.components.table import Column, data_table, filters_bar, url_text
from orch_app.components.text import tr, tr_dynamic
from orch_app.pages.frame import by_phase, framed, may, worded
from orch_app.pages.list_parts import cursor_pages
from orch_app.pages.spoken import spoken
from orch_app.pages.webhook_drawer import webhook_drawer
from orch_app.pages.webhook_form import webhook_form
from orch_app.state.hook_form import HookFormState
from orch_app.state.hooks import HooksState

ONE = HooksState.one


def webhooks_page() -> rx.Component:
    """The list of webhooks, and what opens over it."""
    add = rx.cond(
        may("hooks:write"), button(tr("hooks.add"), icon_name="plus", look="p", on_click=HookFormState.open_new)
    )
    subtitle = rx.cond(HooksState.phase == "ready", tr("hooks.subtitle", n=HooksState.total), tr("hooks.about"))
    empty = empty_state(tr("hooks.empty"), worded("hooks:write", "hooks.empty_hint"), icon_name="link")
    return framed(
        "webhooks",
        page_header(tr("nav.webhooks"), subtitle=subtitle, actions=[add], thumb=[add]),
        by_phase(HooksState, _list(), retry=HooksState.load, empty=section(empty, padded=False)),
        webhook_drawer(),
        webhook_form(),
        _delete(),
    )


def _list() -> rx.Component:
    rows = rx.fragment(
        data_table(HooksState.rows, _columns(), caption=tr("nav.webhooks")),
        cursor_pages(HooksState.previous_href, HooksState.next_href),
    )
    shown = rx.cond(HooksState.rows.length() > 0, rows, no_results_state())
    return rx.fragment(filters_bar(url_text(tr("hooks.filter"), "q"), resets=["q"]), section(shown, padded=False))


def _columns() -> list[Column]:
    return [
        Column(tr("hooks.column.name"), _name, card="k1"),
        Column(tr("hooks.column.does"), _does, card="k3"),
        Column(tr("hooks.column.environment"), _environment, card="k4", priority=2),
        Column(
            tr("hooks.column.owner"), lambda row: rx.el.span(row["owner"].to(str), class_name="sec break"), priority=3
        ),
        Column(tr("hooks.column.enabled"), _toggle, card="k2"),
        Column(rx.el.span(tr("action.more"), class_name="sr"), _row_menu, card="km", right=True),
    ]


def _name(row: rx.Var) -> rx.Component:
    opened = rx.el.button(
        row["name"].to(str), type="button", class_name="go b5", on_click=HooksState.open(row["id"].to(str))
    )
    return rx.el.div(opened, rx.el.div(tr_dynamic("hooks.provider.", row["provider"].to(str)), class_name="t2"))


def _does(row: rx.Var) -> rx.Component:
    return rx.el.div(
        rx.cond(row["action"].to(str) == "sync", icon("download", 14), icon("play", 14)),
        rx.el.span(tr_dynamic("hooks.action.", row["action"].to(str)), class_name="sr"),
        spoken(row, "target"),
        class_name="row",
    )


def _environment(row: rx.Var) -> rx.Component:
    shown = env_badge(row["environment"].to(str))
    return rx.cond(row["action"].to(str) == "sync", rx.el.span("—", class_name="sec"), shown)


def _toggle(row: rx.Var) -> rx.Component:
    return switch(
        tr("hooks.toggle", name=row["name"].to(str)),
        checked=row["isEnabled"].to(bool),
        on_change=HooksState.toggle(row["id"].to(str)),
        disabled=~may("hooks:write"),
        label_hidden=True,
    )


def _row_menu(row: rx.Var) -> rx.Component:
    hook_id = row["id"].to(str)
    return rx.cond(
        may("hooks:write"),
        menu(
            menu_item(tr("action.edit"), icon_name="edit", on_click=HookFormState.open_edit(hook_id)),
            menu_item(tr("action.delete"), icon_name="trash", danger=True, on_click=HooksState.ask_delete(hook_id)),
            label=tr("hosts.actions", name=row["name"].to(str)),
        ),
    )


def _delete() -> rx.Component:
    return confirm_dialog(
        open=HooksState.panel == "delete",
        on_close=HooksState.close,
        on_confirm=HooksState.delete,
        title=tr("hosts.delete_title", name=ONE["name"].to(str)),
        body=tr("hooks.delete_body"),
        action=tr("action.delete"),
        typed_name=rx.cond(ONE["environment"].to(str) == "prod", ONE["name"].to(str), ""),
    )
