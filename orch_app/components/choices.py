"""Choices that several pages offer: language and theme, which the browser changes at once, and the environment."""

import reflex as rx

from orch_app.components.fields import segmented
from orch_app.components.local import Event, EventHandler, Text, UiComponent, one_text, ui_module
from orch_app.components.text import tr

_LIBRARY = ui_module("choices.jsx")


class LanguageChoice(UiComponent):
    """`LanguageChoice` of assets/ui/choices.jsx."""

    library = _LIBRARY
    tag = "LanguageChoice"
    on_choose: EventHandler[one_text]


class ThemeChoice(UiComponent):
    """`ThemeChoice` of assets/ui/choices.jsx."""

    library = _LIBRARY
    tag = "ThemeChoice"
    on_choose: EventHandler[one_text]


def language_choice(on_choose: Event) -> rx.Component:
    """pt-BR or English, for this browser at once."""
    return LanguageChoice.create(on_choose=on_choose)


def theme_choice(on_choose: Event) -> rx.Component:
    """Dark or light, for this browser at once."""
    return ThemeChoice.create(on_choose=on_choose)


def environment_choice(label: Text, *, value: Text, on_change: Event, **props: object) -> rx.Component:
    """Stage or production, the latter outlined; props as of `segmented`."""
    options = [
        {"value": "stage", "label": tr("environment.switch.stage")},
        {"value": "prod", "label": tr("environment.switch.prod"), "tone": "prod"},
    ]
    return segmented(label, value=value, options=options, on_change=on_change, full=True, **props)
