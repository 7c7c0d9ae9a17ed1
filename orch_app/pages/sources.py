"""/sources: where runbooks come from besides the product's own folder, and trusting what came from there."""

import reflex as rx

from orch_app.components.actions import button
from orch_app.components.dialogs import confirm_dialog, drawer
from orch_app.components.layout import page_header, section, stack
from orch_app.components.states import empty_state, note
from orch_app.components.status import chip
from orch_app.components.table import Column, data_table
from orch_app.components.text import tr, tr_dynamic
from orch_app.components.values import relative_time
from orch_app.pages.frame import by_phase, framed, may
from orch_app.state.sources import SourcesState

SOURCE = SourcesState.source


def sources_page() -> rx.Component:
    """The list of sources, and what is asked before one is trusted."""
    empty = empty_state(tr("sources.empty"), tr("sources.empty_hint"), icon_name="book")
    listed = section(data_table(SourcesState.rows, _columns(), caption=tr("nav.sources")), padded=False)
    return framed(
        "sources",
        page_header(tr("nav.sources"), subtitle=tr("sources.about")),
        by_phase(SourcesState, listed, retry=SourcesState.load, empty=section(empty, padded=False)),
        _difference(),
        _question(),
    )


def _columns() -> list[Column]:
    return [
        Column(tr("sources.column.name"), _name, card="k1"),
        Column(tr("sources.column.state"), _state, card="k2"),
        Column(tr("sources.column.newest"), _newest, card="k3"),
        Column(tr("sources.column.trusted"), _trusted, priority=2),
        Column(tr("sources.column.synced"), _synced, card="k4"),
        Column(rx.el.span(tr("action.more"), class_name="sr"), _orders, card="ka", right=True),
    ]


def _name(row: rx.Var) -> rx.Component:
    return rx.el.div(
        rx.el.div(row["name"].to(str), class_name="b5"), rx.el.div(row["place"].to(str), class_name="t2 mono")
    )


def _state(row: rx.Var) -> rx.Component:
    said = rx.cond(row["fault"].to(str) != "", row["fault"].to(str), row["refusal"].to(str))
    return rx.el.div(
        chip(tr_dynamic("sources.state.", row["state"].to(str))),
        rx.cond(said != "", rx.el.div(said, class_name="t2"), rx.fragment()),
    )


def _newest(row: rx.Var) -> rx.Component:
    return rx.el.div(
        rx.el.span(_or_dash(row["newest"].to(str)), class_name="mono"),
        rx.el.div(row["subject"].to(str), class_name="t2 trunc"),
    )


def _trusted(row: rx.Var) -> rx.Component:
    return rx.el.div(
        rx.el.span(_or_dash(row["trusted"].to(str)), class_name="mono"),
        rx.el.div(row["trustedBy"].to(str), class_name="t2 trunc"),
    )


def _synced(row: rx.Var) -> rx.Component:
    at = row["syncedAt"].to(str)
    return rx.cond(at != "", relative_time(at, "sec"), rx.el.span("—", class_name="sec"))


def _or_dash(text: rx.Var) -> rx.Var:
    return rx.cond(text != "", text, "—")


def _orders(row: rx.Var) -> rx.Component:
    source_id = row["id"].to(str)
    look = button(tr("sources.look"), icon_name="eye", look="s", on_click=SourcesState.look(source_id))
    sync = button(tr("sources.sync"), icon_name="refresh", look="s", on_click=SourcesState.sync(source_id))
    return rx.el.span(
        rx.cond(row["newestId"].to(str) != "", look, rx.fragment()),
        rx.cond(may("sources:write"), sync, rx.fragment()),
        class_name="row",
    )


def _difference() -> rx.Component:
    """What came last: why it cannot be trusted, which runbooks are broken, and each file that differs."""
    refusal, broken = SOURCE["refusal"].to(str), SOURCE["broken"].to(list[str])
    trust = button(tr("sources.trust"), icon_name="shield", look="p", on_click=SourcesState.ask_trust)
    offered = may("sources:trust") & (refusal == "") & (SOURCE["state"].to(str) != "trusted")
    return drawer(
        rx.cond(refusal != "", note(refusal, tone="bad", icon_name="warning"), rx.fragment()),
        rx.cond(
            broken.length() > 0,
            note(rx.el.ul(rx.foreach(broken, _reason)), tone="warn", icon_name="warning"),
            rx.fragment(),
        ),
        rx.cond(SourcesState.is_cut, note(tr("sources.cut"), tone="warn", icon_name="info"), rx.fragment()),
        rx.cond(
            SourcesState.files.length() > 0,
            stack(rx.foreach(SourcesState.files, _file)),
            rx.el.p(tr("sources.same"), class_name="sec"),
        ),
        open=SourcesState.panel == "difference",
        on_close=SourcesState.close,
        title=SOURCE["name"].to(str),
        subtitle=tr("sources.difference"),
        footer=rx.cond(offered, trust, rx.fragment()),
    )


def _reason(text: rx.Var) -> rx.Component:
    return rx.el.li(text)


def _file(file: rx.Var) -> rx.Component:
    diff, reason = file["diff"].to(str), file["note"].to(str)
    unshown = rx.cond(reason != "", rx.el.p(tr_dynamic("sources.note.", reason), class_name="sec sm"), rx.fragment())
    return rx.el.div(
        rx.el.div(
            rx.el.span(file["path"].to(str), class_name="mono b5"),
            chip(tr_dynamic("sources.change.", file["change"].to(str))),
            class_name="row wrap",
        ),
        rx.cond(
            diff != "",
            rx.el.pre(diff, class_name="cmd", tab_index=0, custom_attrs={"aria-label": file["path"].to(str)}),
            unshown,
        ),
    )


def _question() -> rx.Component:
    return confirm_dialog(
        open=SourcesState.panel == "trust",
        on_close=SourcesState.close,
        on_confirm=SourcesState.trust,
        title=tr("sources.trust_title", name=SOURCE["name"].to(str)),
        body=tr("sources.trust_body"),
        action=tr("sources.trust"),
        danger=False,
    )
