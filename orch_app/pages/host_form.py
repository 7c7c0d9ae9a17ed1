"""The form of a host, in a drawer; faults are shown at their fields."""

import reflex as rx

from orch_app.components.actions import submit_button
from orch_app.components.choices import environment_choice
from orch_app.components.dialogs import cancel_button, drawer
from orch_app.components.fields import field_error, form, select_field, text_field
from orch_app.components.states import note
from orch_app.components.text import tr, tr_dynamic
from orch_app.pages.variables import variables_field
from orch_app.state.hosts import HostsState

FORM = "host-form"
HOST = HostsState.host


def host_form() -> rx.Component:
    """The form of a new host, or of one that is edited."""
    is_new = HOST["id"].to(str) == ""
    moves = note(tr("hosts.move_hint"), icon_name="info")
    return drawer(
        _fields(),
        rx.cond(is_new, rx.fragment(), moves),
        open=HostsState.panel == "form",
        on_close=HostsState.close,
        title=rx.cond(is_new, tr("hosts.add"), tr("hosts.edit", name=HOST["name"].to(str))),
        footer=rx.fragment(cancel_button(), submit_button(tr("action.save"), form=FORM)),
    )


def _fields() -> rx.Component:
    return form(
        _name_and_place(),
        rx.cond(
            HOST["id"].to(str) == "",
            environment_choice(
                tr("shell.environment"), value=HostsState.form_environment, on_change=HostsState.choose_environment
            ),
        ),
        *_access(),
        rx.cond(HostsState.faults.contains("environment"), field_error(tr("hosts.error.environment"))),
        on_submit=HostsState.save,
        id=FORM,
    )


def _name_and_place() -> rx.Component:
    return rx.fragment(
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
    )


def _access() -> tuple[rx.Component, ...]:
    return (
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
        text_field(
            tr("hosts.field.python"),
            name="python",
            value=HOST["python"].to(str),
            hint=tr("hosts.hint.python"),
            error=_fault("python"),
            optional=True,
            code=True,
            max_length=201,
        ),
        variables_field(HostsState.variables, HostsState.variable_faults),
    )


def _fault(field: str) -> rx.Var[str]:
    """The sentence for the fault of a field; empty while there is none."""
    return rx.cond(HostsState.faults.contains(field), tr_dynamic("hosts.error.", HostsState.faults[field].to(str)), "")
