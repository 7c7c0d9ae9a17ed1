"""Things to press: buttons, links, menus, copy."""

import reflex as rx
from reflex_components_core.react_router import link as router_link

from orch_app.components.icon import icon
from orch_app.components.local import Event, EventHandler, Text, UiComponent, given, no_args, ui_module

Child = rx.Component | rx.Var | str


class Menu(UiComponent):
    """`Menu` of assets/ui/menu.jsx."""

    library = ui_module("menu.jsx")
    tag = "Menu"
    label: rx.Var[str]
    icon: rx.Var[str]
    text: rx.Var[str]
    face: rx.Var[str]
    count: rx.Var[int]
    side: rx.Var[str]
    on_open: EventHandler[no_args]


class CopyButton(UiComponent):
    """`CopyButton` of assets/ui/notices.jsx."""

    library = ui_module("notices.jsx")
    tag = "CopyButton"
    value: rx.Var[str]
    text: rx.Var[str]
    label: rx.Var[str]


class CopyItem(UiComponent):
    """`CopyItem` of assets/ui/notices.jsx."""

    library = ui_module("notices.jsx")
    tag = "CopyItem"
    href: rx.Var[str]
    text: rx.Var[str]
    on_copied: EventHandler[no_args]


def link(*children: Child, href: Text, class_name: str = "lk", **props: object) -> rx.Component:
    """A link inside the application, without a page load."""
    return router_link(*children, to=href, class_name=class_name, **props)


def button(
    text: Child,
    *,
    on_click: Event = None,
    icon_name: str = "",
    look: str = "",
    type: str = "button",  # noqa: A002 - the HTML attribute's own name
    **props: object,
) -> rx.Component:
    """A button with its word. Looks, combined by spaces: `p` primary, `d` danger, `g` ghost, `s` small, `full`.

    `disabled`, `aria_busy`, `id`, `form` and other attributes go through.
    """
    events = {} if on_click is None else {"on_click": on_click}
    children = [icon(icon_name), text] if icon_name else [text]
    return rx.el.button(*children, type=type, class_name=f"btn {look}".strip(), **events, **props)


def submit_button(text: Child, *, busy: rx.Var[bool] | bool = False, look: str = "p", **props: object) -> rx.Component:
    """The button that sends its form; while busy it shows that and does not send twice."""
    return rx.el.button(
        rx.cond(busy, icon("running", class_name="spin"), rx.fragment()),
        text,
        type="submit",
        class_name=f"btn {look}".strip(),
        custom_attrs={"aria-busy": busy},
        **props,
    )


def link_button(text: Child, *, href: Text, icon_name: str = "", look: str = "", **props: object) -> rx.Component:
    """A link that looks like a button."""
    children = [icon(icon_name), text] if icon_name else [text]
    return router_link(*children, to=href, class_name=f"btn {look}".strip(), **props)


def download_link(
    text: Child, *, href: Text, icon_name: str = "download", class_name: str = "btn s", **props: str
) -> rx.Component:
    """A link to a REST route that answers with an attachment; the browser follows it, not the router of the screens."""
    shown = (icon(icon_name, 14), text)
    attrs = {"download": ""}
    return router_link(*shown, to=href, reload_document=True, class_name=class_name, custom_attrs=attrs, **props)


def icon_button(name: str, label: Text, *, on_click: Event = None, size: int = 20, **props: object) -> rx.Component:
    """A button of one icon; its label is read aloud and shown on hover."""
    events = {} if on_click is None else {"on_click": on_click}
    return rx.el.button(
        icon(name, size),
        type="button",
        class_name="ib",
        title=label,
        custom_attrs={"aria-label": label},
        **events,
        **props,
    )


def star_button(label: Text, *, on: rx.Var[bool], on_click: Event) -> rx.Component:
    """A star that is full while `on`, with its label read aloud; pressing asks for the other."""
    said = {"aria-label": label, "aria-pressed": on}
    return rx.el.button(
        icon("star", 16), type="button", class_name="ib star", title=label, on_click=on_click, custom_attrs=said
    )


def menu(*items: rx.Component, label: Text, icon_name: str = "more", text: Text = "", **props: object) -> rx.Component:
    """A button that opens a list of `menu_item`. Dangerous actions live here.

    With `text` it is a button with a word. Further props: `face` (initials), `count` (badge), `side` ("left").
    """
    return Menu.create(*items, label=label, **given(icon=icon_name, text=text), **props)


def menu_item(
    text: Child, *, icon_name: str = "", on_click: Event = None, href: Text = "", danger: bool = False, **props: object
) -> rx.Component:
    """One entry of a `menu`: an action, or a link when `href` is given."""
    children = [icon(icon_name), text] if icon_name else [text]
    look = {"class_name": "menu-i d" if danger else "menu-i", "role": "menuitem"}
    if isinstance(href, rx.Var) or href:
        return router_link(*children, to=href, **look, **props)
    events = {} if on_click is None else {"on_click": on_click}
    return rx.el.button(*children, type="button", **look, **events, **props)


def copy_button(value: Text, *, text: Text = "", label: Text = "") -> rx.Component:
    """Copies a text; an icon, or a small button when it has a word."""
    return CopyButton.create(value=value, **given(text=text, label=label))


def copy_item(text: Text, *, href: Text, on_copied: Event) -> rx.Component:
    """An entry of a `menu` that copies an address of this product in full; `on_copied` says so, for the menu closes."""
    return CopyItem.create(text=text, href=href, on_copied=on_copied)
