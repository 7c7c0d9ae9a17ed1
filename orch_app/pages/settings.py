"""/settings: one's own profile and password, the state of the installation; users are in `settings_users`."""

from typing import Any

import reflex as rx

from orch_app.components.actions import submit_button
from orch_app.components.choices import language_choice, theme_choice
from orch_app.components.fields import form, password_field, text_field
from orch_app.components.icon import icon
from orch_app.components.layout import Tab, grid, key_values, page_header, section, stack, tabs
from orch_app.components.states import no_rights_state
from orch_app.components.status import status_badge
from orch_app.components.text import tr, tr_dynamic
from orch_app.pages.frame import by_phase, framed, may
from orch_app.pages.settings_users import user_dialogs, users_section
from orch_app.state.session import ShellState
from orch_app.state.settings import SettingsState


def settings_page() -> rx.Component:
    """Three tabs; the second is for admins and says so to others."""
    users = rx.cond(may("users:write"), users_section(), section(no_rights_state("users:write", "admin"), padded=False))
    content = tabs(
        Tab("profile", tr("settings.profile"), grid(_profile(), _password())),
        Tab("users", tr("settings.users"), users),
        Tab("about", tr("settings.about"), _about()),
        label=tr("nav.settings"),
    )
    header = page_header(tr("nav.settings"), subtitle=tr("settings.subtitle"))
    return framed("settings", header, by_phase(SettingsState, content, retry=SettingsState.load), user_dialogs())


def _profile() -> rx.Component:
    own = form(
        text_field(
            tr("settings.name"), name="name", value=ShellState.user["name"], max_length=100, auto_complete="name"
        ),
        rx.el.div(submit_button(tr("action.save")), class_name="row"),
        on_submit=SettingsState.save_profile,
    )
    facts = key_values(
        [
            (tr("login.email"), ShellState.user["email"]),
            (tr("settings.role"), tr_dynamic("role.", ShellState.user["role"])),
        ]
    )
    choices = rx.el.div(
        language_choice(SettingsState.choose_language), theme_choice(SettingsState.choose_theme), class_name="f2"
    )
    return section(stack(facts, choices, own), title=tr("settings.profile"), span=6)


def _password() -> rx.Component:
    fields = form(
        password_field(tr("settings.current_password"), name="current", error=_fault("current"), required=True),
        password_field(
            tr("settings.new_password"),
            name="password",
            error=_fault("password"),
            hint=tr("settings.password_hint"),
            auto_complete="new-password",
            required=True,
        ),
        password_field(
            tr("setup.repeat"), name="repeat", error=_fault("repeat"), auto_complete="new-password", required=True
        ),
        rx.el.div(submit_button(tr("settings.change_password"), look=""), class_name="row"),
        on_submit=SettingsState.change_password,
        key=SettingsState.password_round.to(str),
    )
    note = rx.el.p(tr("settings.password_note"), class_name="sec sm")
    return section(stack(note, fields), title=tr("settings.password"), span=6)


def _about() -> rx.Component:
    checks = rx.el.ul(
        rx.foreach(
            SettingsState.about["checks"].to(list[dict[str, Any]]),
            lambda check: rx.el.li(
                rx.el.div(
                    rx.el.div(tr_dynamic("settings.check.", check["name"].to(str)), class_name="b5"),
                    rx.el.div(
                        tr_dynamic("settings.health.", check["word"].to(str), n=check["n"].to(int)), class_name="sec sm"
                    ),
                    class_name="grow",
                ),
                status_badge(check["status"].to(str)),
            ),
        ),
        class_name="list",
    )
    version = rx.el.div(
        icon("info"),
        rx.el.span("JARVIS "),
        rx.el.span(SettingsState.about["version"].to(str), class_name="mono"),
        class_name="row sec",
    )
    return section(checks, title=tr("settings.health"), aside=version, padded=False)


def _fault(name: str) -> rx.Var[str]:
    faults = SettingsState.password_faults
    return rx.cond(faults.contains(name), tr_dynamic("settings.error.", faults[name].to(str)), "")
