"""The drawer of one connection: a form made of the fields of its type. Secrets are set and replaced, never read."""

import reflex as rx

from orch_app.components.actions import button, copy_button, link, menu, menu_item, submit_button
from orch_app.components.choices import environment_choice
from orch_app.components.dialogs import cancel_button, drawer
from orch_app.components.fields import checkbox, field_error, form, password_field, select_field, text_field
from orch_app.components.icon import icon
from orch_app.components.layout import key_values
from orch_app.components.status import chip, env_badge, status_badge
from orch_app.components.text import language_var, tr, tr_dynamic
from orch_app.components.values import relative_time
from orch_app.pages.frame import may
from orch_app.state.connection_probe import ConnectionProbeState
from orch_app.state.connections import ConnectionsState

FORM = "connection-form"
ONE = ConnectionsState.connection
KIND = ConnectionsState.kind
IS_NEW = ONE["id"].to(str) == ""


def connection_drawer() -> rx.Component:
    """New, or edit; a reader without `connections:write` sees the facts only."""
    more = menu(
        menu_item(
            tr("action.delete"), icon_name="trash", danger=True, on_click=ConnectionsState.ask_delete(ONE["id"].to(str))
        ),
        label=tr("hosts.actions", name=ONE["name"].to(str)),
        side="left",
    )
    writable = rx.fragment(
        rx.cond(IS_NEW, rx.fragment(), more),
        rx.el.span(class_name="grow no-phone"),
        cancel_button(),
        submit_button(
            tr("connections.save_and_test"), look="", form=FORM, on_click=ConnectionsState.test_when_saved(True)
        ),
        submit_button(tr("action.save"), form=FORM, on_click=ConnectionsState.test_when_saved(False)),
    )
    readable = rx.fragment(
        button(tr("connections.test"), icon_name="pulse", on_click=ConnectionProbeState.open(ONE["id"].to(str))),
        cancel_button(tr("action.close")),
    )
    return drawer(
        rx.cond(IS_NEW, rx.fragment(), _facts()),
        rx.cond(may("connections:write"), _form()),
        open=ConnectionsState.panel == "form",
        on_close=ConnectionsState.close,
        title=rx.cond(IS_NEW, tr("connections.add_of", type=KIND["title"].to(str)), ONE["name"].to(str)),
        badges=[
            rx.cond(
                IS_NEW,
                rx.fragment(),
                rx.fragment(
                    status_badge(ONE["status"].to(str)),
                    env_badge(ONE["environment"].to(str)),
                    rx.cond(ONE["is_open"].to(bool), unverified_chip()),
                ),
            )
        ],
        footer=rx.cond(may("connections:write"), writable, readable),
    )


def unverified_chip() -> rx.Component:
    """Says for as long as it is so that nobody checks who the server is."""
    return chip(tr("connections.unverified"), icon_name="warning")


def type_drawer() -> rx.Component:
    """What a new connection can be of, each with a line about what it is for."""
    return drawer(
        rx.el.ul(rx.foreach(ConnectionsState.types, _type), class_name="list tight"),
        open=ConnectionsState.panel == "types",
        on_close=ConnectionsState.close,
        title=tr("connections.add"),
        footer=cancel_button(),
    )


def _type(kind: rx.Var) -> rx.Component:
    choose = rx.el.button(
        kind["title"].to(str),
        type="button",
        class_name="go go-a b5",
        on_click=ConnectionsState.choose_type(kind["name"].to(str)),
    )
    return rx.el.li(
        rx.el.span(icon("plug"), class_name="ic"),
        rx.el.div(choose, rx.el.div(_words(kind, "help"), class_name="t2"), class_name="grow"),
        icon("chevron-right"),
    )


def used_by_list() -> rx.Component:
    """What uses the connection, each a link."""
    return rx.el.ul(
        rx.foreach(
            ConnectionsState.uses,
            lambda use: rx.el.li(
                rx.match(
                    use["kind"].to(str),
                    ("host", icon("server")),
                    ("schedule", icon("calendar")),
                    ("job", icon("play")),
                    icon("flow"),
                ),
                link(use["name"].to(str), href=use["href"].to(str)),
                rx.el.span(class_name="grow"),
                rx.cond(use["status"].to(str) != "", status_badge(use["status"].to(str), plain=True)),
            ),
        ),
        class_name="list tight",
    )


def _facts() -> rx.Component:
    tested = rx.cond(
        ONE["tested_at"].to(str) != "",
        rx.fragment(relative_time(ONE["tested_at"].to(str)), " · ", ONE["tested_ms"].to(str), " ms"),
        rx.el.span(tr("connections.never_tested"), class_name="sec"),
    )
    public = rx.el.div(
        rx.el.code(ONE["fingerprint"].to(str)),
        copy_button(ONE["public_key"].to(str), label=tr("connections.copy_public_key")),
        class_name="fp",
    )
    return rx.fragment(
        key_values(
            [
                (tr("connections.column.tested"), tested),
                (tr("connections.column.used"), relative_time(ONE["used_at"].to(str))),
                (tr("connections.column.created"), _act(ONE["created_at"].to(str), ONE["created_by"].to(str))),
                (tr("connections.column.changed"), _act(ONE["changed_at"].to(str), ONE["changed_by"].to(str))),
            ]
        ),
        rx.cond(
            ONE["fingerprint"].to(str) != "",
            rx.fragment(rx.el.h3(tr("connections.public_key"), class_name="sub"), public),
        ),
        rx.cond(
            ConnectionsState.uses.length() > 0,
            rx.fragment(rx.el.h3(tr("connections.column.used_by"), class_name="sub"), used_by_list()),
        ),
    )


def _act(at: rx.Var[str], who: rx.Var[str]) -> rx.Component:
    return rx.el.span(relative_time(at), rx.cond(who != "", rx.el.span(" · ", who, class_name="break")))


def _form() -> rx.Component:
    return form(
        text_field(
            tr("connections.column.name"),
            name="name",
            value=ONE["name"].to(str),
            hint=tr("connections.hint.name"),
            error=_fault("name"),
            required=True,
            max_length=100,
        ),
        rx.cond(
            IS_NEW,
            environment_choice(
                tr("shell.environment"),
                value=ConnectionsState.form_environment,
                on_change=ConnectionsState.choose_environment,
                hint=tr("connections.hint.environment"),
            ),
        ),
        rx.foreach(ConnectionsState.fields, _field),
        rx.cond(KIND["policy"].to(list[str]).length() > 0, rights(tr("connections.policy"), KIND["policy"])),
        rx.cond(ConnectionsState.faults.contains(""), field_error(tr("problem.validation"))),
        on_submit=[ConnectionsState.save, ConnectionProbeState.open_saved],
        id=FORM,
    )


def _field(field: rx.Var) -> rx.Component:
    group = _words(field, "group")
    return rx.fragment(
        rx.cond(group != "", rx.el.h3(group, class_name="sub")),
        rx.cond(
            field["secret"].to(bool),
            _secret(field),
            rx.match(
                field["kind"].to(str),
                ("enum", _choice(field)),
                ("boolean", _tick(field)),
                ("textarea", _text(field, rows=5, code=True)),
                _text(field),
            ),
        ),
    )


def rights(title: rx.Var[str], names: rx.Var) -> rx.Component:
    """Rights in a vendor's own words, to be copied into its page for tokens."""
    listed = names.to(list[str])
    return rx.el.div(
        rx.el.h3(title, class_name="sub"),
        rx.el.div(
            rx.el.div(rx.foreach(listed, lambda name: rx.el.div(rx.el.code(name))), class_name="grow"),
            copy_button(listed.join("\n"), label=tr("connections.copy_rights")),
            class_name="fp",
        ),
    )


def _tick(field: rx.Var) -> rx.Component:
    return checkbox(
        _words(field, "title"),
        name=field["name"].to(str),
        default_checked=field["value"].to(str) == "true",
        hint=_words(field, "help"),
        error=_fault(field["name"].to(str)),
    )


def _text(field: rx.Var, **look: object) -> rx.Component:
    name = field["name"].to(str)
    return text_field(
        _words(field, "title"),
        name=name,
        value=field["value"].to(str),
        hint=_words(field, "help"),
        error=_fault(name),
        required=field["required"].to(bool),
        optional=~field["required"].to(bool),
        **look,
    )


def _choice(field: rx.Var) -> rx.Component:
    name = field["name"].to(str)
    return select_field(
        _words(field, "title"),
        options=field["options"].to(list),
        value=ConnectionsState.chosen[name].to(str),
        on_change=ConnectionsState.choose(name),
        hint=_words(field, "help"),
        error=_fault(name),
    )


def _secret(field: rx.Var) -> rx.Component:
    """A secret that has a value shows since when; a new value is typed only after "Replace"."""
    name = field["name"].to(str)
    set_at = ONE["set_at"].to(dict)
    is_kept = set_at.contains(name) & ~ConnectionsState.replacing.contains(name)
    kept = rx.el.div(
        rx.el.span(_words(field, "title"), class_name="lbl"),
        rx.el.div(
            icon("lock"),
            rx.el.span("••••••••", class_name="mono", custom_attrs={"aria-hidden": "true"}),
            rx.el.span(tr("connections.set"), " ", relative_time(set_at[name].to(str)), class_name="sec sm grow"),
            button(tr("connections.replace"), look="s", on_click=ConnectionsState.replace_secret(name)),
            class_name="fp",
        ),
        class_name="f",
    )

    def typed(**look: object) -> rx.Component:
        hint = rx.cond(set_at.contains(name), tr("connections.hint.replace"), _words(field, "help"))
        is_optional = ~field["required"].to(bool)
        told = {"hint": hint, "error": _fault(name), "optional": is_optional, "auto_complete": "off"}
        return password_field(_words(field, "title"), name=name, **told, **look)

    return rx.cond(is_kept, kept, rx.cond(field["kind"].to(str) == "textarea", typed(rows=5), typed()))


def _words(field: rx.Var, name: str) -> rx.Var[str]:
    return rx.cond(language_var() == "en", field[name].to(str), field[f"{name}Pt"].to(str))


def _fault(name: rx.Var[str] | str) -> rx.Var[str]:
    faults = ConnectionsState.faults
    return rx.cond(faults.contains(name), tr_dynamic("connections.error.", faults[name].to(str)), "")
