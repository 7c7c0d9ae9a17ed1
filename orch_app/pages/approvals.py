"""/approvals: jobs that wait until somebody lets them run, the reader's own first."""

import reflex as rx

from orch_app.components.actions import link_button
from orch_app.components.layout import page_header, section
from orch_app.components.states import empty_state, skeleton_rows
from orch_app.components.status import env_badge
from orch_app.components.table import Column, data_table, url_segmented
from orch_app.components.text import tr, tr_dynamic
from orch_app.components.values import relative_time
from orch_app.pages.frame import by_phase, framed
from orch_app.pages.list_parts import cursor_pages
from orch_app.pages.spoken import spoken
from orch_app.state.approvals import ApprovalsState
from orch_app.state.approvals_view import EVERYBODY

MINE = "mine"


def approvals_page() -> rx.Component:
    """The list of what waits for an approval."""
    return framed(
        "approvals",
        page_header(tr("nav.approvals"), subtitle=tr("approvals.about")),
        _whose(),
        by_phase(
            ApprovalsState,
            _list(),
            retry=ApprovalsState.load,
            empty=section(_nothing(), padded=False),
            loading=section(skeleton_rows(5), padded=False),
        ),
        reload=ApprovalsState.load,
    )


def _whose() -> rx.Component:
    choices = [
        {"value": MINE, "label": tr("approvals.mine")},
        {"value": EVERYBODY, "label": tr("approvals.all")},
    ]
    return rx.el.div(url_segmented(tr("approvals.whose"), "who", choices, usual=MINE), class_name="filters")


def _nothing() -> rx.Component:
    jobs = link_button(tr("approvals.to_jobs"), href="/jobs", icon_name="list")
    others = link_button(tr("approvals.see_all"), href=f"/approvals?who={EVERYBODY}", icon_name="users")
    return rx.cond(
        ApprovalsState.is_everybodys,
        empty_state(tr("approvals.none"), tr("approvals.none_hint"), jobs, icon_name="ok"),
        empty_state(tr("approvals.none_of_mine"), tr("approvals.none_of_mine_hint"), others, icon_name="ok"),
    )


def _list() -> rx.Component:
    rows = data_table(
        ApprovalsState.rows, _columns(), caption=tr("nav.approvals"), href=lambda row: row["href"].to(str)
    )
    return rx.fragment(
        section(rows, padded=False), cursor_pages(ApprovalsState.previous_href, ApprovalsState.next_href)
    )


def _columns() -> list[Column]:
    return [
        Column(tr("approvals.column.job"), _job, card="k1"),
        Column(tr("jobs.column.environment"), lambda row: env_badge(row["environment"].to(str)), card="k2"),
        Column(tr("approvals.column.asked"), _asked, card="k3"),
        Column(tr("job.request_reason"), _reason, priority=2),
        Column(tr("approval.decides"), _decides, priority=2),
        Column(
            tr("approval.expires"), lambda row: relative_time(row["expiresAt"].to(str), "sec"), card="k4", right=True
        ),
    ]


def _job(row: rx.Var) -> rx.Component:
    return rx.el.div(
        rx.el.div(spoken(row, "title")),
        rx.el.div(
            rx.el.span(row["number"].to(str), class_name="num"),
            " · ",
            rx.el.span(row["runbook"].to(str), class_name="mono"),
            class_name="t2",
        ),
    )


def _asked(row: rx.Var) -> rx.Component:
    return rx.el.div(
        rx.el.span(row["askedBy"].to(str), class_name="trunc"),
        " ",
        relative_time(row["askedAt"].to(str), "sec"),
    )


def _reason(row: rx.Var) -> rx.Component:
    reason = row["reason"].to(str)
    return rx.el.div(rx.cond(reason != "", reason, "—"), class_name="trunc", title=reason)


def _decides(row: rx.Var) -> rx.Component:
    return rx.el.span(tr_dynamic("role.", row["role"].to(str)), class_name="sec nowrap")
