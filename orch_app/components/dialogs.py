"""Modal, drawer and confirm: native dialogs that keep the focus inside and give it back."""

from collections.abc import Sequence
from typing import cast

import reflex as rx

from orch_app.components.actions import Child
from orch_app.components.local import Event, EventHandler, Text, UiComponent, given, no_args, ui_module

_LIBRARY = ui_module("dialog.jsx")
Open = rx.Var[bool] | bool


class Dialog(UiComponent):
    """`Dialog` of assets/ui/dialog.jsx."""

    library = _LIBRARY
    tag = "Dialog"
    open: rx.Var[bool]
    kind: rx.Var[str]
    label: rx.Var[str]
    stay: rx.Var[bool]
    on_close: EventHandler[no_args]


class DialogClose(UiComponent):
    """`DialogClose` of assets/ui/dialog.jsx."""

    library = _LIBRARY
    tag = "DialogClose"


class DialogCancel(UiComponent):
    """`DialogCancel` of assets/ui/dialog.jsx."""

    library = _LIBRARY
    tag = "DialogCancel"
    text: rx.Var[str]


class ConfirmButton(UiComponent):
    """`ConfirmButton` of assets/ui/dialog.jsx."""

    library = _LIBRARY
    tag = "ConfirmButton"
    text: rx.Var[str]
    name: rx.Var[str]
    danger: rx.Var[bool]
    busy: rx.Var[bool]
    on_confirm: EventHandler[no_args]


def modal(
    *children: rx.Component,
    open: Open,  # noqa: A002 - the HTML attribute's own name
    on_close: Event,
    title: Text,
    footer: rx.Component | None = None,
    **look: object,
) -> rx.Component:
    """A dialog in the middle; a sheet from below on a phone.

    `look`: `subtitle`, `badges` (components beside the title), `wide` (720 px), `stay` (a click outside does not
    close).
    """
    kind = "modal wide" if look.pop("wide", False) else "modal"
    return _dialog(kind, children, footer, open=open, on_close=on_close, title=title, **look)


def drawer(
    *children: rx.Component,
    open: Open,  # noqa: A002 - the HTML attribute's own name
    on_close: Event,
    title: Text,
    footer: rx.Component | None = None,
    **look: object,
) -> rx.Component:
    """A panel from the right, 656 px; the whole screen on a phone. `look` as for `modal`; outside clicks do nothing."""
    return _dialog("drawer", children, footer, open=open, on_close=on_close, title=title, stay=True, **look)


def cancel_button(text: Text = "") -> rx.Component:
    """Closes the dialog around it without doing anything."""
    return DialogCancel.create(**given(text=text))


def confirm_dialog(  # noqa: PLR0913 - one call says the whole question
    *,
    open: Open,  # noqa: A002 - the HTML attribute's own name
    on_close: Event,
    on_confirm: Event,
    title: Text,
    body: Child,
    action: Text,
    typed_name: Text = "",
    danger: bool = True,
    busy: Open = False,
) -> rx.Component:
    """Asks before something that hurts; with `typed_name` the action waits until that name was typed."""
    confirm = ConfirmButton.create(
        text=action, danger=danger, busy=busy, on_confirm=on_confirm, **given(name=typed_name)
    )
    return modal(rx.el.p(body), open=open, on_close=on_close, title=title, footer=confirm)


def _dialog(
    kind: str, children: tuple[rx.Component, ...], footer: rx.Component | None, **props: object
) -> rx.Component:
    title, subtitle = props.pop("title"), props.pop("subtitle", None)
    badges = cast("Sequence[rx.Component]", props.pop("badges", ()))
    heading = rx.el.div(rx.el.div(rx.el.h2(title), *badges, class_name="ttl"), class_name="grow")
    if subtitle is not None:
        heading.children.append(rx.el.p(subtitle))
    return Dialog.create(
        rx.el.header(heading, DialogClose.create()),
        rx.el.div(*children, class_name="scroll"),
        *([rx.el.footer(footer)] if footer is not None else []),
        kind=kind,
        label=title,
        **props,
    )
