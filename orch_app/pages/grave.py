"""The question before something of high risk runs in production: its name has to be typed."""

import reflex as rx

from orch_app.components.dialogs import confirm_dialog
from orch_app.components.local import Event
from orch_app.components.text import tr


def grave_dialog(
    *,
    open: rx.Var[bool],  # noqa: A002 - the HTML attribute's own name
    on_close: Event,
    on_confirm: Event,
    title: rx.Var[str],
    name: rx.Var[str],
) -> rx.Component:
    """Asks for `name`, which is not translated; `title` is what the reader knows it as."""
    return confirm_dialog(
        open=open,
        on_close=on_close,
        on_confirm=on_confirm,
        title=tr("grave.title", name=title),
        body=tr("grave.body"),
        action=tr("grave.action"),
        typed_name=name,
    )
