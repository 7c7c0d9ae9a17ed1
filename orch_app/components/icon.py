"""Line icons: one component, names checked while the page is built."""

import json
from functools import cache
from pathlib import Path

import reflex as rx

from orch_app.components.local import UiComponent, ui_module

_MAP = Path(__file__).parents[2] / "assets" / "ui" / "icons.json"


@cache
def icon_names() -> frozenset[str]:
    """Every icon that can be drawn."""
    return frozenset(json.loads(_MAP.read_text(encoding="utf-8")))


class Icon(UiComponent):
    """`Icon` of assets/ui/icons.jsx."""

    library = ui_module("icons.jsx")
    tag = "Icon"
    name: rx.Var[str]
    size: rx.Var[int]
    label: rx.Var[str]


class Mark(UiComponent):
    """`Mark` of assets/ui/icons.jsx: the sign of the product."""

    library = ui_module("icons.jsx")
    tag = "Mark"


def icon(name: str | rx.Var[str], size: int = 16, class_name: str = "", label: rx.Var[str] | str = "") -> rx.Component:
    """One icon, decorative unless it has a label. `name` may be a var holding one of `icon_names()`.

    Raises:
        ValueError: a name written in the code that is not drawn.
    """
    if isinstance(name, str) and name not in icon_names():
        message = f"unknown icon {name!r}"
        raise ValueError(message)
    named = {"label": label} if not isinstance(label, str) or label else {}
    return Icon.create(name=name, size=size, class_name=class_name, **named)
