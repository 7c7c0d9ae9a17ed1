"""Parts that lists share and that are no component of the library."""

import reflex as rx

from orch_app.components.actions import link_button
from orch_app.components.text import tr


def cursor_pages(previous: rx.Var[str], following: rx.Var[str]) -> rx.Component:
    """Back and forward of a list by cursors; draws nothing when one page is all."""
    return rx.cond(
        (previous != "") | (following != ""),
        rx.el.nav(
            rx.el.span(class_name="grow"),
            rx.cond(
                previous != "", link_button(tr("pages.previous"), href=previous, icon_name="chevron-left", look="s")
            ),
            rx.cond(
                following != "", link_button(tr("pages.next"), href=following, icon_name="chevron-right", look="s")
            ),
            class_name="pages",
            custom_attrs={"aria-label": tr("pages.label")},
        ),
    )


def scope(narrowed: rx.Var[str]) -> rx.Component:
    """The tasks and hosts that an order is narrowed to, as Ansible would be told."""
    return rx.cond(narrowed != "", rx.el.code(narrowed), rx.el.span(tr("launch.scope_all"), class_name="sec"))
