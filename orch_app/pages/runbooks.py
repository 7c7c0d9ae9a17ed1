"""/runbooks: the catalogue, and the drawer that runs one of them."""

import reflex as rx

from orch_app.components.actions import button, copy_item, link, link_button, menu, menu_item, star_button
from orch_app.components.icon import icon
from orch_app.components.layout import page_header, section
from orch_app.components.states import empty_state, no_results_state, skeleton_rows
from orch_app.components.status import history, risk_badge, status_badge
from orch_app.components.table import Column, data_table, filters_bar, url_select, url_tabs, url_text
from orch_app.components.text import tr, tr_dynamic
from orch_app.components.values import duration, relative_time
from orch_app.pages.frame import by_phase, framed, may, worded
from orch_app.pages.run_drawer import run_drawer
from orch_app.pages.spoken import spoken, spoken_of
from orch_app.state.notices import Notices
from orch_app.state.runbooks import RunbooksState

RISKS = ("low", "medium", "high")


def runbooks_page() -> rx.Component:
    """The catalogue with the run drawer over it."""
    empty = empty_state(
        tr("runbooks.empty"), worded("runbooks:sync", "runbooks.empty_hint"), _sync_button("p"), icon_name="book"
    )
    return framed(
        "runbooks",
        page_header(
            tr("nav.runbooks"), subtitle=_subtitle(), actions=[rx.cond(RunbooksState.total > 0, _sync_button(""))]
        ),
        by_phase(
            RunbooksState,
            _catalogue(),
            retry=RunbooksState.load,
            empty=section(empty, padded=False),
            loading=section(skeleton_rows(8), padded=False),
        ),
        run_drawer(),
        reload=RunbooksState.load,
    )


def _subtitle() -> rx.Component:
    broken = rx.cond(
        RunbooksState.broken > 0,
        rx.el.span(" · ", rx.el.span(tr("runbooks.broken", n=RunbooksState.broken), class_name="bad")),
    )
    synced = rx.el.span(" · ", tr("runbooks.synced"), " ", relative_time(RunbooksState.synced_at))
    return rx.cond(
        RunbooksState.total > 0,
        rx.el.span(tr("runbooks.count", n=RunbooksState.total), broken, synced),
        tr("runbooks.subtitle"),
    )


def _sync_button(look: str) -> rx.Component:
    return rx.cond(
        may("runbooks:sync"),
        button(tr("runbooks.sync"), icon_name="refresh", look=look, on_click=RunbooksState.sync),
    )


def _catalogue() -> rx.Component:
    risks = [{"value": risk, "label": tr(f"risk.{risk}")} for risk in RISKS]
    tabs = url_tabs(tr("runbooks.categories"), "category", spoken_of(RunbooksState.tabs_en, RunbooksState.tabs_pt))
    filters = filters_bar(
        url_text(tr("runbooks.filter")),
        url_select(
            tr("runbooks.risk"),
            "risk",
            [*risks, {"value": "broken", "label": tr("status.broken")}],
            tr("runbooks.every_risk"),
        ),
        resets=["q", "risk"],
    )
    rows = data_table(
        RunbooksState.rows,
        _columns(),
        caption=tr("nav.runbooks"),
        href=lambda row: row["href"].to(str),
        key=lambda row: row["name"].to(str),
    )
    none_yet = empty_state(tr("runbooks.no_favourites"), tr("runbooks.no_favourites_hint"), icon_name="star")
    nothing = rx.cond(RunbooksState.is_starred, none_yet, no_results_state())
    found = rx.cond(RunbooksState.rows.length() > 0, rows, nothing)
    return rx.fragment(tabs, filters, section(found, padded=False))


def _columns() -> list[Column]:
    return [
        Column(rx.el.span(tr("runbooks.favourites"), class_name="sr"), _star, card="ks"),
        Column(tr("runbooks.column.runbook"), _name, card="k1"),
        Column(tr("runbooks.column.category"), _category, priority=2),
        Column(tr("runbooks.column.risk"), _risk, card="k2"),
        Column(tr("runbooks.column.last_runs"), _history, priority=2),
        Column(tr("runbooks.column.last_job"), _last_job, card="k3"),
        Column(tr("runbooks.column.typical"), _typical, card="k4", right=True),
        Column(rx.el.span(tr("runbooks.run"), class_name="sr"), _run, right=True),
    ]


def _star(row: rx.Var) -> rx.Component:
    is_on = row["isFavourite"].to(bool)
    return star_button(
        tr("runbooks.star", name=spoken(row, "title")),
        on=is_on,
        on_click=RunbooksState.star(row["name"].to(str), ~is_on),
    )


def _name(row: rx.Var) -> rx.Component:
    lock = rx.el.span(icon("lock", 14, label=tr("runbooks.needs_approval")), class_name="lock")
    below = rx.cond(
        row["isBroken"].to(bool),
        rx.el.div(row["brokenReason"].to(str), class_name="t2 bad break"),
        rx.el.div(
            rx.el.span(row["name"].to(str), class_name="mono"),
            rx.cond(row["version"].to(str) != "", rx.el.span(" · v", row["version"].to(str))),
            class_name="t2",
        ),
    )
    return rx.el.div(
        rx.el.div(spoken(row, "title"), rx.cond(row["needsApproval"].to(bool), lock)),
        below,
    )


def _category(row: rx.Var) -> rx.Component:
    return rx.el.div(
        rx.el.div(spoken(row, "category"), class_name="sec"),
        rx.cond(row["target"].to(str) != "", rx.el.div(tr_dynamic("target.", row["target"].to(str)), class_name="t2")),
    )


def _risk(row: rx.Var) -> rx.Component:
    return rx.cond(row["isBroken"].to(bool), status_badge("broken"), risk_badge(row["risk"].to(str)))


def _history(row: rx.Var) -> rx.Component:
    statuses = row["statuses"].to(list[str])
    return rx.cond(statuses.length() > 0, history(statuses), rx.el.span("—", class_name="sec"))


def _last_job(row: rx.Var) -> rx.Component:
    ran = link(
        status_badge(row["lastStatus"].to(str), row["lastPhase"].to(str), plain=True),
        relative_time(row["lastAt"].to(str), "sec"),
        href=row["lastHref"].to(str),
        class_name="row up",
    )
    return rx.cond(row["lastStatus"].to(str) != "", ran, rx.el.span(tr("runbooks.never_run"), class_name="sec"))


def _typical(row: rx.Var) -> rx.Component:
    word = rx.el.span(tr("runbooks.typical"), " ", class_name="only-phone-inline")
    known = rx.el.span(word, duration(row["typicalS"]), class_name="sec")
    return rx.cond(row["typicalS"].is_none(), rx.el.span("—", class_name="sec no-phone"), known)


def _run(row: rx.Var) -> rx.Component:
    run = link_button(tr("runbooks.run"), href=row["href"].to(str), icon_name="play", look="s")
    return rx.el.span(rx.cond(row["isBroken"].to(bool), rx.fragment(), run), _more(row), class_name="row up to-end")


def _more(row: rx.Var) -> rx.Component:
    schedule = menu_item(tr("schedules.schedule"), icon_name="calendar", href="/schedules?new=" + row["name"].to(str))
    return menu(
        rx.cond(may("schedules:write") & ~row["isBroken"].to(bool), schedule),
        menu_item(tr("launch.history"), icon_name="list", href=row["historyHref"].to(str)),
        menu_item(tr("launch.curl"), icon_name="terminal", href=row["curlHref"].to(str)),
        copy_item(tr("runbooks.copy_link"), href=row["linkHref"].to(str), on_copied=Notices.show_done("link.copied")),
        label=tr("runbooks.row_more", name=spoken(row, "title")),
    )
