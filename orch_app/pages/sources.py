"""/sources: where runbooks come from besides the product's own folder, and trusting what came from there."""

import reflex as rx

from orch_app.components.actions import button, menu, menu_item
from orch_app.components.dialogs import confirm_dialog
from orch_app.components.layout import page_header, section
from orch_app.components.states import empty_state
from orch_app.components.status import state_badge
from orch_app.components.table import Column, data_table
from orch_app.components.text import tr, tr_dynamic
from orch_app.components.values import relative_time
from orch_app.pages.adoption_form import adoption_drawer
from orch_app.pages.frame import by_phase, framed, may, worded
from orch_app.pages.source_drawer import source_drawer
from orch_app.pages.source_form import source_form
from orch_app.state.source_form import SourceFormState
from orch_app.state.sources import SourcesState

SOURCE = SourcesState.source
EDITION = SourcesState.edition


def sources_page() -> rx.Component:
    """The list of sources, and what opens over it."""
    add = rx.cond(
        may("sources:write"),
        button(tr("sources.add"), icon_name="plus", look="p", on_click=SourceFormState.open_new),
    )
    empty = empty_state(tr("sources.empty"), worded("sources:write", "sources.empty_hint"), icon_name="book")
    listed = section(data_table(SourcesState.rows, _columns(), caption=tr("nav.sources")), padded=False)
    return framed(
        "sources",
        page_header(tr("nav.sources"), subtitle=tr("sources.about"), actions=[add], thumb=[add]),
        by_phase(SourcesState, listed, retry=SourcesState.load, empty=section(empty, padded=False)),
        source_drawer(),
        source_form(),
        adoption_drawer(),
        _trust(),
        _delete(),
    )


def _columns() -> list[Column]:
    return [
        Column(tr("sources.column.name"), _name, card="k1"),
        Column(tr("sources.column.state"), _state, card="k2"),
        Column(tr("sources.column.newest"), _newest, card="k3"),
        Column(tr("sources.column.trusted"), _trusted, priority=2),
        Column(tr("sources.column.synced"), _synced, card="k4"),
        Column(rx.el.span(tr("action.more"), class_name="sr"), _row_menu, card="km", right=True),
    ]


def _name(row: rx.Var) -> rx.Component:
    opened = rx.el.button(
        row["name"].to(str), type="button", class_name="go b5", on_click=SourcesState.open(row["id"].to(str))
    )
    return rx.el.div(opened, rx.el.div(row["place"].to(str), class_name="t2 mono break"))


def _state(row: rx.Var) -> rx.Component:
    return rx.el.div(_state_badge(row["state"].to(str)), _why(row, "no-phone"))


def _why(row: rx.Var, place: str) -> rx.Component:
    """What went wrong, below the state; on a phone, where that is narrow, below what came last."""
    fault = tr_dynamic("sources.fault.", row["faultCode"].to(str))
    said = rx.cond(row["faultCode"].to(str) != "", fault, row["refusal"].to(str))
    return rx.cond(said != "", rx.el.div(said, class_name=f"t2 break {place}"))


def _state_badge(state: rx.Var[str]) -> rx.Component:
    """Where a source stands, as a word with its sign."""
    word = tr_dynamic("sources.state.", state)
    return rx.match(
        state,
        ("trusted", state_badge(word, icon_name="ok", tone="ok")),
        ("waiting", state_badge(word, icon_name="shield", tone="warn")),
        ("syncing", state_badge(word, icon_name="running", tone="run")),
        ("failed", state_badge(word, icon_name="warning", tone="bad")),
        ("refused", state_badge(word, icon_name="warning", tone="bad")),
        state_badge(word, icon_name="dot"),
    )


def _newest(row: rx.Var) -> rx.Component:
    return rx.el.div(_edition(row["newest"].to(str), row["subject"].to(str)), _why(row, "only-phone"))


def _trusted(row: rx.Var) -> rx.Component:
    return _edition(row["trusted"].to(str), row["trustedBy"].to(str))


def _edition(name: rx.Var[str], about: rx.Var[str]) -> rx.Component:
    return rx.el.div(rx.el.span(rx.cond(name != "", name, "—"), class_name="mono"), rx.el.div(about, class_name="t2"))


def _synced(row: rx.Var) -> rx.Component:
    at = row["syncedAt"].to(str)
    return rx.cond(at != "", relative_time(at, "sec"), rx.el.span("—", class_name="sec"))


def _row_menu(row: rx.Var) -> rx.Component:
    source_id = row["id"].to(str)
    return rx.cond(
        may("sources:write"),
        menu(
            menu_item(tr("sources.sync"), icon_name="refresh", on_click=SourcesState.sync(source_id)),
            menu_item(tr("action.edit"), icon_name="edit", on_click=SourceFormState.open_edit(source_id)),
            menu_item(tr("action.delete"), icon_name="trash", danger=True, on_click=SourcesState.ask_delete(source_id)),
            label=tr("hosts.actions", name=row["name"].to(str)),
        ),
    )


def _trust() -> rx.Component:
    return confirm_dialog(
        open=SourcesState.panel == "trust",
        on_close=SourcesState.close,
        on_confirm=SourcesState.trust,
        title=tr("sources.trust_title", name=SOURCE["name"].to(str), edition=EDITION["name"].to(str)),
        body=tr("sources.trust_body"),
        action=tr("sources.trust"),
        danger=False,
    )


def _delete() -> rx.Component:
    return confirm_dialog(
        open=SourcesState.panel == "delete",
        on_close=SourcesState.close,
        on_confirm=SourcesState.delete,
        title=tr("hosts.delete_title", name=SOURCE["name"].to(str)),
        body=tr("sources.delete_body"),
        action=tr("action.delete"),
        typed_name=SOURCE["name"].to(str),
    )
