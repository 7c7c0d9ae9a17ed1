"""The beginning of a file as text, whatever is in it; see assets/ui/preview.jsx."""

import reflex as rx

from orch_app.components.local import Text, UiComponent, ui_module


class FilePreview(UiComponent):
    """`FilePreview` of assets/ui/preview.jsx."""

    library = ui_module("preview.jsx")
    tag = "FilePreview"
    href: rx.Var[str]
    name: rx.Var[str]
    size: rx.Var[int]


def file_preview(href: Text, name: Text, size: rx.Var[int]) -> rx.Component:
    """The first 64 KiB of the file at a REST route; JSON that fits is laid out. Drawing it downloads so much of it."""
    return FilePreview.create(href=href, name=name, size=size)
