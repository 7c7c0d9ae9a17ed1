"""AppShell: topbar, sidebar, bottom bar of a phone, search, shortcuts, notices."""

from dataclasses import dataclass

import reflex as rx
from reflex_components_core.core.banner import has_connection_errors

from orch_app.components.actions import Menu, link
from orch_app.components.fields import segmented
from orch_app.components.icon import Mark, icon
from orch_app.components.local import Event, EventHandler, UiComponent, given, one_text, ui_module
from orch_app.components.notices import toast_area
from orch_app.components.states import reconnecting_banner
from orch_app.components.status import env_badge, status_badge
from orch_app.components.text import tr
from orch_app.components.values import relative_time

_LIBRARY = ui_module("shell.jsx")


@dataclass(frozen=True)
class Place:
    """One page of the navigation: `id` is what `active` names, `key` its word, `bar` its place in the bottom bar."""

    id: str
    href: str
    icon: str
    key: str
    bar: bool = False


# Later pages are one line here; a phone shows the four with `bar` and puts the rest under "More".
NAVIGATION: tuple[tuple[str, tuple[Place, ...]], ...] = (
    (
        "nav.operation",
        (
            Place("dashboard", "/dashboard", "dashboard", "nav.dashboard", bar=True),
            Place("runbooks", "/runbooks", "book", "nav.runbooks", bar=True),
            Place("sources", "/sources", "download", "nav.sources"),
            Place("jobs", "/jobs", "list", "nav.jobs", bar=True),
            Place("containers", "/containers", "box", "nav.containers", bar=True),
            Place("logs", "/logs", "file", "nav.logs"),
            Place("approvals", "/approvals", "shield", "nav.approvals"),
            Place("schedules", "/schedules", "calendar", "nav.schedules"),
            Place("webhooks", "/webhooks", "link", "nav.webhooks"),
            Place("pipelines", "/pipelines", "flow", "nav.pipelines"),
        ),
    ),
    (
        "nav.infrastructure",
        (
            Place("hosts", "/hosts", "server", "nav.hosts"),
            Place("connections", "/connections", "plug", "nav.connections"),
            Place("workers", "/workers", "cpu", "nav.workers"),
        ),
    ),
    ("nav.governance", (Place("settings", "/settings", "settings", "nav.settings"),)),
)
PLACES = tuple(place for _, group in NAVIGATION for place in group)


@dataclass(frozen=True)
class ShellData:
    """What the shell shows, as vars of a state.

    user: dict `{name, email, initials, role}`. counts: dict `{place id: number}` for the badges of the sidebar.
    bell: list of dicts `{title, status, detail, href, at}`; `on_bell` hears that it was opened.
    items: palette entries `{label, labelPt?, detail, href, icon}`.
    toasts: see `toast_area`. `on_language` and `on_theme` hear what was chosen for this browser.
    """

    user: rx.Var
    environment: rx.Var
    on_environment: Event
    workers: rx.Var | int = 0
    counts: rx.Var | None = None
    bell: rx.Var | None = None
    unread: rx.Var | int = 0
    on_bell: Event = None
    items: rx.Var | None = None
    on_search: Event = None
    toasts: rx.Var | None = None
    on_dismiss: Event = None
    on_language: Event = None
    on_theme: Event = None


class ShellTools(UiComponent):
    """`ShellTools` of assets/ui/shell.jsx."""

    library = _LIBRARY
    tag = "ShellTools"
    pages: rx.Var[list]
    items: rx.Var[list]
    on_query: EventHandler[one_text]


class LanguageButton(UiComponent):
    """`LanguageButton` of assets/ui/shell.jsx."""

    library = _LIBRARY
    tag = "LanguageButton"
    long: rx.Var[bool]
    on_choose: EventHandler[one_text]


class ThemeButton(UiComponent):
    """`ThemeButton` of assets/ui/shell.jsx."""

    library = _LIBRARY
    tag = "ThemeButton"
    long: rx.Var[bool]
    on_choose: EventHandler[one_text]


class PrefItems(UiComponent):
    """`PrefItems` of assets/ui/shell.jsx."""

    library = _LIBRARY
    tag = "PrefItems"
    on_language: EventHandler[one_text]
    on_theme: EventHandler[one_text]


class SignOutItem(UiComponent):
    """`SignOutItem` of assets/ui/shell.jsx."""

    library = _LIBRARY
    tag = "SignOutItem"


class SideToggle(UiComponent):
    """`SideToggle` of assets/ui/shell.jsx."""

    library = _LIBRARY
    tag = "SideToggle"


class MoreSheet(UiComponent):
    """`MoreSheet` of assets/ui/shell.jsx."""

    library = _LIBRARY
    tag = "MoreSheet"
    active: rx.Var[bool]
    count: rx.Var[int]


def shell(active: str, *content: rx.Component, data: ShellData) -> rx.Component:
    """The frame of every page after login; `active` is the id of the page's place in the navigation."""
    notices = [] if data.toasts is None else [toast_area(data.toasts, data.on_dismiss)]
    return rx.fragment(
        rx.el.a(tr("shell.skip"), href="#main", class_name="skip"),
        _topbar(data),
        _sidebar(active, data),
        rx.el.div(
            rx.el.main(reconnecting_banner(), *content, id="main", class_name="main", tab_index=-1),
            class_name="page",
        ),
        _bottom_bar(active, data),
        *notices,
    )


def environment_switch(value: rx.Var[str], on_change: Event) -> rx.Component:
    """all | stage | prod, production outlined red."""
    options = [
        {"value": "all", "label": tr("environment.switch.all")},
        {"value": "stage", "label": tr("environment.switch.stage")},
        {"value": "prod", "label": tr("environment.switch.prod"), "tone": "prod"},
    ]
    return segmented(tr("shell.environment"), value=value, options=options, on_change=on_change, label_hidden=True)


def _topbar(data: ShellData) -> rx.Component:
    pages = [{"key": place.key, "href": place.href, "icon": place.icon} for place in PLACES]
    return rx.el.header(
        link(
            Mark.create(),
            rx.el.span("JARVIS"),
            href="/dashboard",
            class_name="brand",
            custom_attrs={"aria-label": "JARVIS"},
        ),
        rx.el.div(environment_switch(data.environment, data.on_environment), class_name="no-phone"),
        rx.el.div(env_badge(data.environment), class_name="only-phone"),
        ShellTools.create(pages=pages, **given(items=data.items, on_query=data.on_search)),
        rx.el.div(
            *([] if data.bell is None else [_bell(data)]),
            LanguageButton.create(**given(on_choose=data.on_language)),
            ThemeButton.create(**given(on_choose=data.on_theme)),
            _user_menu(data),
            class_name="row top-q",
        ),
        class_name="top",
    )


def _bell(data: ShellData) -> rx.Component:
    def entry(item: rx.Var) -> rx.Component:
        return link(
            rx.el.div(
                rx.el.span(item["title"], class_name="b5 trunc grow"),
                status_badge(item["status"].to(str), plain=True),
                class_name="row",
            ),
            rx.el.div(item["detail"], " · ", relative_time(item["at"].to(str)), class_name="sec sm"),
            href=item["href"],
            class_name="menu-n",
            role="menuitem",
        )

    empty = rx.el.p(tr("shell.bell_empty"), class_name="menu-n sec")
    entries = rx.Var.create(data.bell).to(list)
    return Menu.create(
        rx.cond(entries.length() > 0, rx.foreach(data.bell, entry), empty),
        label=tr("shell.bell"),
        icon="bell",
        count=data.unread,
        **given(on_open=data.on_bell),
    )


def _user_menu(data: ShellData) -> rx.Component:
    user = data.user
    return Menu.create(
        rx.el.div(
            rx.el.div(user["name"], class_name="b5 trunc"),
            rx.el.div(user["email"], class_name="sec sm trunc"),
            class_name="menu-h",
            role="presentation",
        ),
        link(icon("user"), tr("shell.profile"), href="/settings", class_name="menu-i", role="menuitem"),
        rx.el.div(_phone_environment(data), class_name="only-phone", style={"padding": "4px"}, role="presentation"),
        PrefItems.create(**given(on_language=data.on_language, on_theme=data.on_theme)),
        SignOutItem.create(),
        label=tr("shell.user_menu"),
        face=user["initials"],
    )


def _phone_environment(data: ShellData) -> rx.Component:
    return rx.el.div(environment_switch(data.environment, data.on_environment), class_name="grow")


def _sidebar(active: str, data: ShellData) -> rx.Component:
    parts: list[rx.Component] = []
    for heading, group in NAVIGATION:
        parts.append(rx.el.h2(tr(heading)))
        parts += [_nav_link(place, active, data) for place in group]
    return rx.el.nav(
        *parts,
        rx.el.div(_live(data), SideToggle.create(), class_name="side-f row"),
        class_name="side",
        custom_attrs={"aria-label": tr("shell.navigation")},
    )


def _nav_link(place: Place, active: str, data: ShellData) -> rx.Component:
    on = place.id == active
    return link(
        icon(place.icon, 20),
        rx.el.span(tr(place.key)),
        _count(place, data),
        href=place.href,
        class_name="nav on" if on else "nav",
        title=tr(place.key),
        **({"custom_attrs": {"aria-current": "page"}} if on else {}),
    )


def _held(place: Place, data: ShellData) -> rx.Var[int]:
    """How much of a place is open at the moment; 0 where nobody counts."""
    return rx.Var.create(0) if data.counts is None else data.counts[place.id].to(int)


def _count(place: Place, data: ShellData) -> rx.Component:
    held = _held(place, data)
    return rx.cond(held > 0, rx.el.b(held, class_name="tag"), rx.fragment())


def _live(data: ShellData) -> rx.Component:
    return rx.fragment(
        rx.el.i(class_name=rx.cond(has_connection_errors, "live off", "live"), custom_attrs={"aria-hidden": "true"}),
        rx.el.span(
            rx.cond(has_connection_errors, tr("shell.offline"), tr("shell.live")),
            " · ",
            tr("shell.workers", n=data.workers),
        ),
    )


def _bottom_bar(active: str, data: ShellData) -> rx.Component:
    """Five entries; what is under "More" and waits for the reader is counted on it."""
    bar = [place for place in PLACES if place.bar]
    rest = [place for place in PLACES if not place.bar]
    links = [
        link(
            icon(place.icon, 20),
            tr(place.key),
            href=place.href,
            class_name="on" if place.id == active else "",
            **({"custom_attrs": {"aria-current": "page"}} if place.id == active else {}),
        )
        for place in bar
    ]
    more = [
        link(
            icon(place.icon, 20),
            rx.el.span(tr(place.key)),
            _count(place, data),
            href=place.href,
            class_name="nav on" if place.id == active else "nav",
        )
        for place in rest
    ]
    waiting = next(_held(place, data) for place in rest if place.id == "approvals")
    return rx.el.nav(
        *links,
        MoreSheet.create(*more, active=any(place.id == active for place in rest), count=waiting),
        class_name="bottom",
        custom_attrs={"aria-label": tr("shell.navigation_phone")},
    )
