"""The two pages outside the shell: sign in and first set-up, with the drawn hero."""

import reflex as rx

from orch_app.components.icon import Mark
from orch_app.components.local import UiComponent, ui_module
from orch_app.components.shell import LanguageButton, ThemeButton
from orch_app.components.text import tr

_LIBRARY = ui_module("login.jsx")


class LoginForm(UiComponent):
    """`LoginForm` of assets/ui/login.jsx."""

    library = _LIBRARY
    tag = "LoginForm"


class SetupForm(UiComponent):
    """`SetupForm` of assets/ui/login.jsx."""

    library = _LIBRARY
    tag = "SetupForm"


def login_form() -> rx.Component:
    """Posts to `/v1/auth/login` and then loads `?next=` or the dashboard as a new page."""
    return LoginForm.create()


def setup_form() -> rx.Component:
    """Posts the one-time token of the address (`#token=`) with the first administrator to `/v1/setup`."""
    return SetupForm.create()


def entrance(form: rx.Component) -> rx.Component:
    """Hero on the left (dark in both themes), the form's card on the right; a banner above it on a phone."""
    hero = rx.el.header(
        rx.el.img(src="/hero.svg", alt=""),
        rx.el.div(Mark.create(), rx.el.span("JARVIS"), class_name="brand"),
        rx.el.div(rx.el.p(tr("login.hero")), rx.el.p(tr("login.caption")), class_name="say"),
        class_name="hero",
        custom_attrs={"data-theme": "dark"},
    )
    footer = rx.el.footer(LanguageButton.create(long=True), ThemeButton.create(long=True), class_name="lg-f")
    return rx.el.div(hero, rx.el.main(form, footer, class_name="lg"), class_name="login")
