"""Which tasks of a playbook run, among the tags that its runbook offers."""

import reflex as rx

from orch_app.components.local import Event, EventHandler, UiComponent, one_object, ui_module


class TagChoice(UiComponent):
    """`TagChoice` of assets/ui/tag_choice.jsx."""

    library = ui_module("tag_choice.jsx")
    tag = "TagChoice"
    tags: rx.Var[list]
    only: rx.Var[list]
    skip: rx.Var[list]
    disabled: rx.Var[bool]
    on_change: EventHandler[one_object]


def tag_choice(
    tags: rx.Var[list], *, only: rx.Var[list], skip: rx.Var[list], on_change: Event, disabled: rx.Var[bool]
) -> rx.Component:
    """Two rows of the offered tags: those whose tasks alone run, and those whose tasks do not.

    `on_change` hears `{only, skip}`.
    """
    return TagChoice.create(tags=tags, only=only, skip=skip, on_change=on_change, disabled=disabled)
