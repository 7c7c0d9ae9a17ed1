"""/schedules: what runs by the clock, what came of it, and the times in which nothing may."""

import reflex as rx

from orch_app.components.actions import button, menu, menu_item
from orch_app.components.dialogs import cancel_button, confirm_dialog, modal
from orch_app.components.fields import switch, text_field
from orch_app.components.layout import page_header, section
from orch_app.components.states import empty_state, no_results_state
from orch_app.components.status import env_badge, status_badge
from orch_app.components.table import Column, data_table, filters_bar, url_select, url_text
from orch_app.components.text import tr, tr_dynamic
from orch_app.components.values import relative_time
from orch_app.pages.blackouts import blackout_dialogs, blackouts_section
from orch_app.pages.frame import by_phase, framed, may, worded
from orch_app.pages.grave import grave_dialog
from orch_app.pages.list_parts import cursor_pages
from orch_app.pages.schedule_drawer import last_result, schedule_drawer
from orch_app.pages.schedule_form import schedule_form
from orch_app.pages.spoken import spoken
from orch_app.state.blackouts import BlackoutsState
from orch_app.state.schedule_form import ScheduleFormState
from orch_app.state.schedules import SchedulesState

ONE = SchedulesState.one
STATUSES = ("active", "paused", "ended")


def schedules_page() -> rx.Component:
    """The list of schedules, the blackouts, and what opens over them."""
    add = rx.cond(
        may("schedules:write"),
        button(tr("schedules.add"), icon_name="plus", look="p", on_click=ScheduleFormState.open_new),
    )
    header = page_header(
        tr("nav.schedules"),
        subtitle=rx.cond(
            SchedulesState.phase == "ready", tr("schedules.subtitle", n=SchedulesState.total), tr("schedules.about")
        ),
        actions=[add],
        thumb=[add],
    )
    empty = empty_state(tr("schedules.empty"), worded("schedules:write", "schedules.empty_hint"), icon_name="calendar")
    return framed(
        "schedules",
        header,
        by_phase(
            SchedulesState,
            rx.fragment(_list(), blackouts_section()),
            retry=SchedulesState.load,
            empty=rx.fragment(section(empty, padded=False), blackouts_section()),
        ),
        schedule_drawer(),
        schedule_form(),
        blackout_dialogs(),
        _delete(),
        _override(),
        grave_dialog(
            open=SchedulesState.panel == "grave",
            on_close=SchedulesState.close,
            on_confirm=SchedulesState.run_named,
            title=spoken(ONE, "title"),
            name=ONE["runbook"].to(str),
        ),
        reload=[SchedulesState.load, BlackoutsState.load],
    )


def _list() -> rx.Component:
    statuses = [{"value": name, "label": tr_dynamic("schedules.status.", name)} for name in STATUSES]
    filters = filters_bar(
        url_text(tr("schedules.filter"), "q"),
        url_select(tr("schedules.column.status"), "status", statuses, tr("schedules.all")),
        resets=["q", "status", "runbook"],
    )
    rows = rx.fragment(
        data_table(SchedulesState.rows, _columns(), caption=tr("nav.schedules")),
        cursor_pages(SchedulesState.previous_href, SchedulesState.next_href),
    )
    shown = rx.cond(SchedulesState.rows.length() > 0, rows, no_results_state())
    return rx.fragment(filters, section(shown, padded=False))


def _columns() -> list[Column]:
    return [
        Column(tr("schedules.column.name"), _name, card="k1"),
        Column(tr("schedules.column.when"), _when, card="k3"),
        Column(tr("schedules.column.next"), _next, card="k4"),
        Column(tr("schedules.column.last"), lambda row: last_result(row["last"].to(dict)), card="k2"),
        Column(tr("schedules.column.environment"), lambda row: env_badge(row["environment"].to(str)), priority=2),
        Column(
            tr("schedules.column.owner"), lambda row: rx.el.span(row["owner"].to(str), class_name="sec"), priority=3
        ),
        Column(tr("schedules.column.active"), _toggle),
        Column(rx.el.span(tr("action.more"), class_name="sr"), _row_menu, right=True),
    ]


def _name(row: rx.Var) -> rx.Component:
    name = rx.el.button(
        row["name"].to(str),
        type="button",
        class_name="go b5",
        on_click=SchedulesState.open_detail(row["id"].to(str)),
    )
    return rx.el.div(name, rx.el.div(spoken(row, "title"), class_name="t2"))


def _when(row: rx.Var) -> rx.Component:
    return rx.el.div(
        rx.el.div(spoken(row, "sentence")), rx.el.div(row["timezone"].to(str), class_name="t2"), class_name="sec"
    )


def _next(row: rx.Var) -> rx.Component:
    held = row["runs"].to(list[dict])[0]["blackout"].to(str)
    due = rx.el.span(
        relative_time(row["nextAt"].to(str)),
        rx.cond(held != "", rx.el.div(tr("schedules.held_by", name=held), class_name="t2 warn")),
    )
    return rx.cond(row["nextAt"].to(str) != "", due, status_badge(row["status"].to(str), plain=True))


def _toggle(row: rx.Var) -> rx.Component:
    return switch(
        tr("schedules.toggle", name=row["name"].to(str)),
        checked=~row["isPaused"].to(bool),
        on_change=SchedulesState.toggle(row["id"].to(str)),
        disabled=~(may("schedules:write") & row["isMine"].to(bool)),
        label_hidden=True,
    )


def _row_menu(row: rx.Var) -> rx.Component:
    schedule_id = row["id"].to(str)
    own = rx.fragment(
        menu_item(tr("action.edit"), icon_name="edit", on_click=ScheduleFormState.open_edit(schedule_id)),
        menu_item(tr("action.delete"), icon_name="trash", danger=True, on_click=SchedulesState.ask_delete(schedule_id)),
    )
    return rx.cond(
        may("schedules:write"),
        menu(
            menu_item(tr("schedules.run_now"), icon_name="play", on_click=SchedulesState.run_now(schedule_id)),
            rx.cond(row["isMine"].to(bool), own),
            label=tr("hosts.actions", name=row["name"].to(str)),
        ),
    )


def _delete() -> rx.Component:
    return confirm_dialog(
        open=SchedulesState.panel == "delete",
        on_close=SchedulesState.close,
        on_confirm=SchedulesState.delete,
        title=tr("hosts.delete_title", name=ONE["name"].to(str)),
        body=tr("schedules.delete_body"),
        action=tr("action.delete"),
        typed_name=rx.cond(ONE["environment"].to(str) == "prod", ONE["name"].to(str), ""),
    )


def _override() -> rx.Component:
    """A blackout holds: an admin may say why it starts all the same."""
    reason = text_field(
        tr("schedules.override_reason"),
        value=SchedulesState.override_reason,
        on_change=SchedulesState.give_override,
        hint=tr("schedules.override_hint"),
        required=True,
        max_length=500,
    )
    start = button(
        tr("schedules.run_all_the_same"),
        look="d",
        on_click=SchedulesState.run_all_the_same,
        disabled=SchedulesState.override_reason.strip() == "",
    )
    return modal(
        rx.el.p(tr("schedules.blackout_holds")),
        reason,
        open=SchedulesState.panel == "override",
        on_close=SchedulesState.close,
        title=tr("schedules.run_in_blackout", name=ONE["name"].to(str)),
        footer=rx.fragment(cancel_button(), start),
    )
