"""Notices that come and go in the corner."""

import reflex as rx

from orch_app.components.local import Event, EventHandler, UiComponent, one_text, ui_module


class ToastArea(UiComponent):
    """`ToastArea` of assets/ui/notices.jsx."""

    library = ui_module("notices.jsx")
    tag = "ToastArea"
    toasts: rx.Var[list]
    on_dismiss: EventHandler[one_text]


def toast_area(toasts: rx.Var[list], on_dismiss: Event) -> rx.Component:
    """Draws the notices of a state var: dicts `{id: str, kind: success|error|warning|info, key, params} `.

    `key` names a text of the catalogue (with `params`); `text` is shown as it is instead; `detail` is a second line.
    Errors stay until `on_dismiss(id)`, the others call it by themselves after six seconds.
    """
    return ToastArea.create(toasts=toasts, on_dismiss=on_dismiss)
