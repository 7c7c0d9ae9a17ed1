"""Skeleton of a page: header, sections, KPI cards, tabs, facts."""

from collections.abc import Sequence
from dataclasses import dataclass

import reflex as rx

from orch_app.components.actions import Child, link
from orch_app.components.icon import icon
from orch_app.components.local import Event, EventHandler, Text, UiComponent, given, one_text, ui_module
from orch_app.components.text import tr

_TABS = ui_module("tabs.jsx")
Parts = Sequence[rx.Component]


class Tabs(UiComponent):
    """`Tabs` of assets/ui/tabs.jsx."""

    library = _TABS
    tag = "Tabs"
    items: rx.Var[list]
    label: rx.Var[str]
    param: rx.Var[str]
    on_tab: EventHandler[one_text]


class TabPanel(UiComponent):
    """`TabPanel` of assets/ui/tabs.jsx."""

    library = _TABS
    tag = "TabPanel"
    tab: rx.Var[str]
    label: rx.Var[str]
    first: rx.Var[bool]
    keep: rx.Var[bool]


class InTab(UiComponent):
    """`InTab` of assets/ui/tabs.jsx."""

    library = _TABS
    tag = "InTab"
    tab: rx.Var[str]
    first: rx.Var[bool]


class TabLink(UiComponent):
    """`TabLink` of assets/ui/tabs.jsx."""

    library = _TABS
    tag = "TabLink"
    tab: rx.Var[str]


@dataclass(frozen=True)
class Tab:
    """One tab: its id in the address, its word, its panel, a count, and whether it stays mounted while hidden.

    `shown` False leaves it out of the strip, for what only some may see.
    """

    id: str
    label: rx.Var[str]
    content: rx.Component
    count: rx.Var[int] | int | None = None
    keep: bool = False
    shown: rx.Var[bool] | bool = True


def page_header(  # noqa: PLR0913 - the slots of the one page header
    title: Child,
    *,
    subtitle: Child | None = None,
    crumbs: Sequence[tuple[Text, Text]] = (),
    here: Child | None = None,
    badges: Parts = (),
    actions: Parts = (),
    thumb: Parts = (),
    more: rx.Component | None = None,
) -> rx.Component:
    """Title, badges, one line below, actions on the right.

    Args:
        title: the page's h1.
        subtitle: one line.
        crumbs: `(text, href)` of the pages above; `here` is the last, unlinked step.
        here: see crumbs.
        badges: beside the title.
        actions: one primary, at most three secondary; not shown on a phone.
        thumb: the same actions for a thumb: a bar above the bottom bar, on a phone only.
        more: a `menu` that a phone shows beside the title (put it into `actions` too for the desktop).
    """
    heading = rx.el.div(
        *([_breadcrumb(crumbs, here)] if crumbs else []),
        rx.el.div(rx.el.h1(title), *badges, class_name="ttl"),
        *([rx.el.p(subtitle)] if subtitle is not None else []),
        class_name="grow",
    )
    side = [rx.el.div(*actions, class_name="ph-a")] if actions else []
    phone = [rx.el.div(more, class_name="only-phone")] if more is not None else []
    bar = [rx.el.div(*thumb, class_name="thumb")] if thumb else []
    return rx.fragment(rx.el.div(heading, *side, *phone, class_name="ph"), *bar)


def section(
    *children: Child,
    title: Child | None = None,
    aside: Child | None = None,
    span: int = 0,
    padded: bool = True,
    **props: object,
) -> rx.Component:
    """A card with a heading. `span` is its width in a `grid` (3-9, 12); `padded=False` for tables and lists."""
    header = [
        rx.el.header(
            rx.el.h2(title, class_name="grow trunc"),
            *([rx.el.div(aside, class_name="r sec sm")] if aside is not None else []),
        )
    ]
    body = [rx.el.div(*children, class_name="body")] if padded else children
    look = f"card c{span}" if span else "card"
    return rx.el.section(*(header if title is not None else []), *body, class_name=look, **props)


def grid(*children: rx.Component) -> rx.Component:
    """Twelve columns with 24 px between; one column on a phone."""
    return rx.el.div(*children, class_name="g12")


def stack(*children: Child, gap: int = 16) -> rx.Component:
    """Children below each other, 16 or 24 px apart."""
    return rx.el.div(*children, class_name="stack" if gap == 16 else "stack-24")  # noqa: PLR2004 - the two gaps of the grid


def kpi_card(
    label: Text, value: Child, *, icon_name: str, href: Text, context: Child = "", tone: Text = ""
) -> rx.Component:
    """One number that matters; the whole card is the link. Only the icon takes the tone (`ok`, `warn`, `bad`)."""
    return link(
        rx.el.span(icon(icon_name, class_name=tone), label, class_name="l"),
        rx.el.span(value, class_name="v"),
        rx.el.span(context, class_name="x"),
        href=href,
        class_name="card c3 kpi",
    )


def facts(*cells: rx.Component) -> rx.Component:
    """The strip of four facts on top of a detail page; a phone shows the first two."""
    return rx.el.section(*cells, class_name="card strip")


def fact(label: Text, *children: Child, aside: Child | None = None) -> rx.Component:
    """One cell of `facts`."""
    side = [rx.el.span(aside, class_name="num")] if aside is not None else []
    return rx.el.div(rx.el.div(rx.el.span(label), *side, class_name="k"), *children)


def key_values(pairs: Sequence[tuple[Text, Child]]) -> rx.Component:
    """Names and values in two columns."""
    cells = [part for name, value in pairs for part in (rx.el.dt(name), rx.el.dd(value))]
    return rx.el.dl(*cells, class_name="kv")


def tabs(*items: Tab, label: Text, on_tab: Event = None, param: str = "tab") -> rx.Component:
    """Tabs in the address (`?tab=`), changed in the browser without a round trip; `on_tab(id)` hears which is shown."""
    listed = [
        {"id": tab.id, "label": tab.label, "shown": tab.shown, **({} if tab.count is None else {"count": tab.count})}
        for tab in items
    ]
    panels = [
        TabPanel.create(tab.content, tab=tab.id, label=tab.label, first=at == 0, keep=tab.keep, param=param)
        for at, tab in enumerate(items)
    ]
    return rx.fragment(Tabs.create(items=listed, label=label, param=param, **given(on_tab=on_tab)), *panels)


def in_tab(content: rx.Component, *, tab: str, first: bool = False) -> rx.Component:
    """What stands elsewhere on the page and belongs to one tab, such as its action; `first` as the first of `tabs`."""
    return InTab.create(content, tab=tab, first=first)


def tab_link(text: Text, *, tab: str) -> rx.Component:
    """A link to a tab of the same page, from elsewhere on it."""
    return TabLink.create(text, tab=tab)


def attention_list(*items: rx.Component) -> rx.Component:
    """A list of `attention_item`."""
    return rx.el.ul(*items, class_name="list")


def attention_item(
    title: Child, detail: Child, *, icon_name: str, tone: Text = "", action: rx.Component | None = None
) -> rx.Component:
    """A row: icon in its tone, the fact, then the detail, one action on the right."""
    return rx.el.li(
        rx.el.span(icon(icon_name), class_name=rx.Var.create("ic ") + tone),
        rx.el.div(
            rx.el.div(title, class_name="b5 trunc"), rx.el.div(detail, class_name="sec sm trunc"), class_name="grow"
        ),
        *([action] if action is not None else []),
    )


def _breadcrumb(crumbs: Sequence[tuple[Text, Text]], here: Child | None) -> rx.Component:
    steps: list[rx.Component] = []
    for text, href in crumbs:
        steps += [link(text, href=href, class_name=""), icon("chevron-right", 12)]
    last = [rx.el.b(here, class_name="num")] if here is not None else []
    return rx.el.nav(*steps, *last, class_name="crumb", custom_attrs={"aria-label": tr("shell.breadcrumb")})
