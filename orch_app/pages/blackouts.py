"""The blackouts of /schedules: the list, the form and the question before removing one."""

import reflex as rx

from orch_app.components.actions import button, menu, menu_item
from orch_app.components.choices import environment_choice
from orch_app.components.dialogs import cancel_button, confirm_dialog, drawer
from orch_app.components.fields import segmented, text_field
from orch_app.components.layout import section
from orch_app.components.schedule import zone_field, zoned_time
from orch_app.components.status import env_badge, status_badge
from orch_app.components.table import Column, data_table
from orch_app.components.text import tr
from orch_app.pages.cron_editor import cron_editor
from orch_app.pages.frame import may
from orch_app.pages.spoken import spoken, spoken_of
from orch_app.state.blackouts import BlackoutsState

ONE = BlackoutsState.one
MINUTES = 60


def blackouts_section() -> rx.Component:
    """Times in which schedules start nothing."""
    add = rx.cond(
        may("settings:write"),
        button(tr("blackouts.add"), icon_name="plus", look="s", on_click=BlackoutsState.open_new),
    )
    rows = data_table(BlackoutsState.rows, _columns(), caption=tr("blackouts.title"))
    none = rx.el.p(tr("blackouts.empty"), class_name="sec", style={"padding": "16px 24px"})
    return rx.el.div(
        section(
            rx.cond(BlackoutsState.rows.length() > 0, rows, none), title=tr("blackouts.title"), aside=add, padded=False
        ),
        class_name="mt24",
    )


def blackout_dialogs() -> rx.Component:
    """The form, and the question before removing one."""
    return rx.fragment(_form(), _delete())


def _columns() -> list[Column]:
    return [
        Column(tr("schedules.column.name"), _name, card="k1"),
        Column(tr("schedules.column.when"), _when, card="k3"),
        Column(tr("schedules.column.environment"), lambda row: env_badge(row["environment"].to(str)), card="k4"),
        Column(tr("schedules.column.status"), _active, card="k2"),
        Column(rx.el.span(tr("action.more"), class_name="sr"), _row_menu, right=True),
    ]


def _name(row: rx.Var) -> rx.Component:
    return rx.el.span(row["name"].to(str), class_name="b5")


def _when(row: rx.Var) -> rx.Component:
    zone = row["timezone"].to(str)
    once = rx.el.span(zoned_time(row["startsAt"].to(str), zone), " - ", zoned_time(row["endsAt"].to(str), zone))
    hours = (row["minutes"].to(int) / MINUTES).to(str)
    again = rx.el.span(spoken(row, "sentence"), " · ", tr("blackouts.lasts", hours=hours))
    return rx.el.div(
        rx.cond(row["cron"].to(str) != "", again, once), rx.el.div(zone, class_name="t2"), class_name="sec"
    )


def _active(row: rx.Var) -> rx.Component:
    return rx.cond(
        row["isActive"].to(bool),
        status_badge("holding", plain=True),
        rx.el.span(tr("blackouts.idle"), class_name="sec"),
    )


def _row_menu(row: rx.Var) -> rx.Component:
    identity = row["id"].to(str)
    return rx.cond(
        may("settings:write"),
        menu(
            menu_item(tr("action.edit"), icon_name="edit", on_click=BlackoutsState.open_edit(identity)),
            menu_item(
                tr("action.delete"), icon_name="trash", danger=True, on_click=BlackoutsState.ask_delete(identity)
            ),
            label=tr("hosts.actions", name=row["name"].to(str)),
        ),
    )


def _form() -> rx.Component:
    is_new = ONE["id"].to(str) == ""
    kinds = [{"value": kind, "label": tr(f"blackouts.kind.{kind}")} for kind in ("once", "again")]
    return drawer(
        text_field(
            tr("schedules.column.name"),
            value=BlackoutsState.name,
            on_change=BlackoutsState.give_name,
            error=_fault("name"),
            hint=tr("blackouts.name_hint"),
            required=True,
            max_length=100,
        ),
        rx.cond(
            is_new,
            environment_choice(
                tr("launch.environment"),
                value=BlackoutsState.environment,
                on_change=BlackoutsState.choose_environment,
            ),
        ),
        segmented(
            tr("blackouts.kind"),
            value=BlackoutsState.kind,
            options=kinds,
            on_change=BlackoutsState.choose_kind,
            full=True,
        ),
        rx.cond(BlackoutsState.kind == "once", _once(), _again()),
        open=BlackoutsState.panel == "form",
        on_close=BlackoutsState.close,
        title=rx.cond(is_new, tr("blackouts.add"), tr("schedules.edit", name=ONE["name"].to(str))),
        footer=rx.fragment(
            rx.el.span(class_name="grow no-phone"),
            cancel_button(),
            button(tr("action.save"), look="p", on_click=BlackoutsState.save),
        ),
    )


def _once() -> rx.Component:
    return rx.fragment(
        rx.el.div(
            _moment(tr("schedules.starts"), "startsAt", BlackoutsState.starts, BlackoutsState.give_start),
            _moment(tr("schedules.ends"), "endsAt", BlackoutsState.ends, BlackoutsState.give_end),
            class_name="f2",
        ),
        zone_field(
            tr("schedules.timezone"),
            value=BlackoutsState.timezone,
            on_change=BlackoutsState.give_timezone,
            error=_fault("timezone"),
        ),
    )


def _moment(label: rx.Var[str], name: str, value: rx.Var[str], on_change: object) -> rx.Component:
    return text_field(label, value=value, on_change=on_change, type="datetime-local", error=_fault(name), required=True)


def _again() -> rx.Component:
    return rx.fragment(
        cron_editor(BlackoutsState, tr("blackouts.begins")),
        text_field(
            tr("blackouts.hours"),
            value=BlackoutsState.hours,
            on_change=BlackoutsState.give_hours,
            input_mode="decimal",
            unit="h",
            max_length=6,
            error=_fault("durationMin"),
        ),
    )


def _delete() -> rx.Component:
    return confirm_dialog(
        open=BlackoutsState.panel == "delete",
        on_close=BlackoutsState.close,
        on_confirm=BlackoutsState.delete,
        title=tr("hosts.delete_title", name=ONE["name"].to(str)),
        body=tr("blackouts.delete_body"),
        action=tr("action.delete"),
    )


def _fault(name: str) -> rx.Var[str]:
    english, portuguese = BlackoutsState.faults[name].to(str), BlackoutsState.faults_pt[name].to(str)
    return rx.cond(BlackoutsState.faults.contains(name), spoken_of(english, portuguese), "")
