"""Language and theme as a choice on a page; the browser changes at once, the handler hears it for the profile."""

import reflex as rx

from orch_app.components.local import Event, EventHandler, UiComponent, one_text, ui_module

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
