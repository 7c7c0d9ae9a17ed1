"""Markdown of the runbooks' READMEs, drawn as elements of the page: no HTML that its author wrote is ever used."""

import reflex as rx

from orch_app.components.local import Text, UiComponent, ui_module


class Markdown(UiComponent):
    """`Markdown` of assets/ui/markdown.jsx."""

    library = ui_module("markdown.jsx")
    tag = "Markdown"
    text: rx.Var[str]


def markdown(text: Text) -> rx.Component:
    """Headings, paragraphs, lists, tables, code and emphasis; links are shown as text."""
    return Markdown.create(text=text)
