"""A secret that is made on a press and shown once; it passes through no state var."""

import reflex as rx

from orch_app.components.local import Event, EventHandler, Text, UiComponent, no_args, ui_module


class NewSecret(UiComponent):
    """`NewSecret` of assets/ui/new_secret.jsx."""

    library = ui_module("new_secret.jsx")
    tag = "NewSecret"
    url: rx.Var[str]
    asks: rx.Var[bool]
    on_made: EventHandler[no_args]


def new_secret(url: Text, *, asks: rx.Var[bool], on_made: Event) -> rx.Component:
    """A button that has a REST route make a secret (`POST url` answers `{secret}`), and shows it until this is closed.

    Args:
        url: the route.
        asks: a secret is in use and would end, so that this is asked about first.
        on_made: hears that there is a new one, and not which.
    """
    return NewSecret.create(url=url, asks=asks, on_made=on_made)
