"""The bridge to our own React code in `assets/ui/`."""

import reflex as rx
from reflex_base.event import EventHandler, no_args_event_spec, passthrough_event_spec

Text = rx.Var[str] | str
Event = rx.event.EventType | rx.Var | None

no_args = no_args_event_spec
one_text = passthrough_event_spec(str)
one_flag = passthrough_event_spec(bool)
one_number = passthrough_event_spec(int)
one_object = passthrough_event_spec(dict)
one_list = passthrough_event_spec(list)


def ui_module(file: str) -> str:
    """Import path of a file of `assets/ui/`, as the bundler knows it."""
    return f"$/public/ui/{file}"


def given(**props: object) -> dict[str, object]:
    """The props that were really given: None, empty text and False are left out."""
    return {name: value for name, value in props.items() if isinstance(value, rx.Var) or value not in (None, "", False)}


class UiComponent(rx.Component):
    """Base of the components that `assets/ui/` draws."""


__all__ = [
    "Event",
    "EventHandler",
    "Text",
    "UiComponent",
    "given",
    "no_args",
    "one_flag",
    "one_list",
    "one_number",
    "one_object",
    "one_text",
    "ui_module",
]
