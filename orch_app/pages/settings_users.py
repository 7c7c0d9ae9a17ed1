"""The users of /settings, for admins: the list, adding, changing the role, disabling and enabling."""

import reflex as rx

from orch_app.components.actions import button, menu, menu_item, submit_button
from orch_app.components.dialogs import cancel_button, confirm_dialog, drawer
from orch_app.components.fields import field_error, form, password_field, segmented, text_field
from orch_app.components.layout import section
from orch_app.components.states import no_results_state
from orch_app.components.status import chip, status_badge
from orch_app.components.table import Column, data_table, filters_bar, url_text
from orch_app.components.text import tr, tr_dynamic
from orch_app.components.values import relative_time
from orch_app.pages.list_parts import cursor_pages
from orch_app.state.settings import SettingsState

FORM = "user-form"
USER = SettingsState.user
ROLES = ("viewer", "operator", "admin")


def users_section() -> rx.Component:
    """Everybody who has an account, a page at a time, and a search in the address."""
    columns = [
        Column(tr("settings.name"), _name, card="k1"),
        Column(tr("settings.role"), lambda row: chip(tr_dynamic("role.", row["role"].to(str))), card="k2"),
        Column(tr("hosts.column.status"), lambda row: status_badge(row["status"].to(str), plain=True), card="k4"),
        Column(tr("settings.last_login"), lambda row: relative_time(row["seen_at"].to(str), "sec"), card="k3"),
        Column(rx.el.span(tr("action.more"), class_name="sr"), _row_menu, card="", right=True),
    ]
    add = button(tr("settings.add_user"), icon_name="plus", look="s", on_click=SettingsState.open_new)
    rows = rx.fragment(
        data_table(SettingsState.users, columns, caption=tr("settings.users")),
        cursor_pages(SettingsState.previous_href, SettingsState.next_href),
    )
    found = section(
        rx.cond(SettingsState.users.length() > 0, rows, no_results_state()),
        title=tr("settings.users_found", n=SettingsState.users_total),
        aside=add,
        padded=False,
    )
    return rx.fragment(filters_bar(url_text(tr("settings.find_users")), resets=["q"]), found)


def user_dialogs() -> rx.Component:
    """The form and the question before disabling."""
    return rx.fragment(_form(), _disable())


def _name(row: rx.Var) -> rx.Component:
    you = rx.cond(row["is_me"].to(bool), rx.el.span(" · ", tr("settings.you"), class_name="sec"))
    name = rx.el.button(
        row["name"].to(str), type="button", class_name="go b5", on_click=SettingsState.open_user(row["id"].to(str))
    )
    return rx.el.div(rx.el.div(name, you), rx.el.div(row["email"].to(str), class_name="t2"))


def _row_menu(row: rx.Var) -> rx.Component:
    user_id = row["id"].to(str)
    return menu(
        menu_item(tr("settings.change_role"), icon_name="edit", on_click=SettingsState.open_user(user_id)),
        rx.cond(
            row["status"].to(str) == "active",
            menu_item(
                tr("settings.disable"), icon_name="lock", danger=True, on_click=SettingsState.ask_disable(user_id)
            ),
            menu_item(tr("settings.enable"), icon_name="ok", on_click=SettingsState.enable(user_id)),
        ),
        label=tr("hosts.actions", name=row["name"].to(str)),
    )


def _form() -> rx.Component:
    is_new = SettingsState.panel == "new"
    roles = [{"value": role, "label": tr_dynamic("role.", role)} for role in ROLES]
    access = rx.fragment(
        text_field(tr("login.email"), name="email", type="email", error=_fault("email"), required=True, max_length=254),
        password_field(
            tr("settings.first_password"),
            name="password",
            error=_fault("password"),
            hint=tr("settings.first_password_hint"),
            auto_complete="new-password",
            required=True,
        ),
    )
    fields = form(
        text_field(tr("settings.name"), name="name", value=USER["name"].to(str), error=_fault("name"), max_length=100),
        rx.cond(is_new, access),
        segmented(
            tr("settings.role"), value=SettingsState.role, options=roles, on_change=SettingsState.choose_role, full=True
        ),
        rx.el.p(tr_dynamic("role.about.", SettingsState.role), class_name="hint"),
        rx.cond(
            SettingsState.faults.contains(""),
            field_error(tr_dynamic("settings.error.", SettingsState.faults[""].to(str))),
        ),
        on_submit=SettingsState.save_user,
        id=FORM,
    )
    disable = button(tr("settings.disable"), look="d", on_click=SettingsState.ask_disable(USER["id"].to(str)))
    enable = button(tr("settings.enable"), on_click=SettingsState.enable(USER["id"].to(str)))
    return drawer(
        fields,
        open=is_new | (SettingsState.panel == "user"),
        on_close=SettingsState.close,
        title=rx.cond(is_new, tr("settings.add_user"), USER["name"].to(str)),
        footer=rx.fragment(
            rx.cond(is_new, rx.fragment(), rx.cond(USER["status"].to(str) == "active", disable, enable)),
            rx.el.span(class_name="grow no-phone"),
            cancel_button(),
            submit_button(tr("action.save"), form=FORM),
        ),
    )


def _disable() -> rx.Component:
    return confirm_dialog(
        open=SettingsState.panel == "disable",
        on_close=SettingsState.close,
        on_confirm=SettingsState.disable,
        title=tr("settings.disable_title", name=USER["name"].to(str)),
        body=tr("settings.disable_body"),
        action=tr("settings.disable"),
    )


def _fault(name: str) -> rx.Var[str]:
    faults = SettingsState.faults
    return rx.cond(faults.contains(name), tr_dynamic("settings.error.", faults[name].to(str)), "")
