"""What differs between two texts, line by line, with what went in red and what came in green."""

import reflex as rx

from orch_app.components.local import Text, UiComponent, ui_module


class TextDiff(UiComponent):
    """`TextDiff` of assets/ui/diff.jsx."""

    library = ui_module("diff.jsx")
    tag = "TextDiff"
    text: rx.Var[str]
    label: rx.Var[str]


def text_diff(text: Text, *, label: Text) -> rx.Component:
    """A unified diff; its signs stay, so that nothing is told by colour alone. `label` is read aloud."""
    return TextDiff.create(text=text, label=label)
