"""/jobs: every run, filtered by the address, current without moving a row under the cursor."""

from collections.abc import Sequence

import reflex as rx

from orch_app.components.actions import download_link, link_button, menu
from orch_app.components.icon import icon
from orch_app.components.jobs import duration_bar, url_choices
from orch_app.components.layout import page_header, section
from orch_app.components.selection import pick_item, select_column, selection_bar
from orch_app.components.states import empty_state, no_results_state, note, skeleton_rows
from orch_app.components.status import env_badge, status_badge
from orch_app.components.table import (
    Column,
    arranged,
    data_table,
    filters_bar,
    pagination,
    saved_views,
    table_options,
    url_select,
    url_text,
)
from orch_app.components.text import tr, tr_dynamic
from orch_app.components.values import relative_time
from orch_app.pages.frame import by_phase, framed, may, read_here, worded
from orch_app.pages.spoken import spoken
from orch_app.state.jobs import JobsState
from orch_app.state.jobs_view import DEAD, PERIODS
from orch_app.state.session import ShellState

STATUSES = ("RUNNING", "PENDING", "SUCCESS", "ERROR", "CANCELED")
TRIGGERS = ("manual", "api", "retry", "schedule", "pipeline", "webhook")
FILTERS = ("q", "status", "runbook", "environment", "host", "user", "trigger", "since", "dead")
USER = ShellState.user["id"].to(str)


def jobs_page() -> rx.Component:
    """The list of jobs."""
    start = rx.cond(
        may("runbooks:execute"), link_button(tr("jobs.start"), href="/runbooks", icon_name="play", look="p")
    )
    empty = empty_state(tr("jobs.empty"), worded("runbooks:execute", "jobs.empty_hint"), icon_name="list")
    return framed(
        "jobs",
        page_header(
            tr("nav.jobs"),
            subtitle=_subtitle(),
            actions=[_export("btn"), start],
            thumb=[start],
            more=menu(pick_item(), _export("menu-i", role="menuitem"), label=tr("action.more")),
        ),
        by_phase(
            JobsState,
            _list(),
            retry=JobsState.load,
            empty=rx.fragment(_fresh(), section(empty, padded=False)),
            loading=section(skeleton_rows(8), padded=False),
        ),
        reload=JobsState.load,
    )


def _export(look: str, **props: str) -> rx.Component:
    """All jobs that the filters match, as a file."""
    link = download_link(tr("jobs.export"), href=JobsState.csv_href, class_name=look, **props)
    return rx.cond(JobsState.csv_href != "", link)


def _subtitle() -> rx.Component:
    total = JobsState.total
    words = rx.cond(JobsState.is_filtered, tr("jobs.found", n=total), tr("jobs.subtitle", n=total))
    return read_here(JobsState, rx.el.span(words), rx.el.span(tr("state.loading")))


def _list() -> rx.Component:
    columns = _columns()
    table = data_table(JobsState.rows, columns, caption=tr("nav.jobs"), href=lambda row: row["href"].to(str))
    rows = rx.fragment(
        arranged(table, columns, name="jobs", user=USER),
        pagination(JobsState.page, JobsState.page_size, JobsState.total),
    )
    found = rx.cond(JobsState.rows.length() > 0, rows, no_results_state())
    chosen = selection_bar(
        JobsState.rows,
        may=may,
        on_cancel=JobsState.cancel_chosen,
        on_retry=JobsState.repeat_chosen,
        on_delete=JobsState.delete_chosen,
    )
    hint = rx.cond(JobsState.is_dead, note(tr("jobs.dead_letters_hint"), icon_name="info"), rx.fragment())
    return rx.fragment(_filters(columns), hint, _fresh(), section(found, padded=False), chosen)


def _filters(columns: Sequence[Column]) -> rx.Component:
    statuses = [{"value": status, "label": tr(f"status.{status}")} for status in STATUSES]
    environments = [{"value": name, "label": tr(f"environment.{name}")} for name in ("stage", "prod")]
    triggers = [{"value": name, "label": tr(f"trigger.{name}")} for name in TRIGGERS]
    periods = [{"value": name, "label": tr(f"jobs.since.{name}")} for name in PERIODS]
    return filters_bar(
        url_text(tr("jobs.filter")),
        url_choices(tr("jobs.column.status"), "status", statuses),
        url_select(tr("jobs.column.runbook"), "runbook", JobsState.runbooks, tr("jobs.every_runbook")),
        url_select(tr("jobs.column.environment"), "environment", environments, tr("jobs.every_environment")),
        url_select(tr("jobs.host"), "host", JobsState.hosts, tr("jobs.every_host")),
        rx.cond(
            JobsState.users.length() > 0,
            url_select(tr("jobs.column.created_by"), "user", JobsState.users, tr("jobs.everybody")),
        ),
        url_select(tr("jobs.column.trigger"), "trigger", triggers, tr("jobs.every_trigger")),
        url_select(tr("jobs.column.since"), "since", periods, tr("jobs.any_time")),
        url_choices(tr("jobs.dead_letters"), "dead", [{"value": DEAD, "label": tr("jobs.dead_letters")}]),
        resets=FILTERS,
        aside=rx.fragment(saved_views(name="jobs", user=USER), table_options(columns, name="jobs", user=USER)),
    )


def _fresh() -> rx.Component:
    """Newer jobs wait behind this pill, so that nothing moves while somebody reads."""
    words = tr("jobs.fresh", n=JobsState.fresh)
    pill = rx.el.button(icon("chevron-up", 14), words, type="button", class_name="pill", on_click=JobsState.show_fresh)
    return rx.el.div(
        rx.cond(JobsState.fresh > 0, rx.el.div(pill, class_name="pill-w"), rx.fragment()),
        role="status",
        custom_attrs={"aria-live": "polite"},
    )


def _columns() -> list[Column]:
    return [
        select_column(JobsState.rows),
        Column(tr("jobs.column.status"), _status, card="k2"),
        Column(tr("jobs.column.runbook"), _name, card="k1"),
        Column(tr("jobs.column.environment"), _environment, priority=2, key="environment"),
        Column(tr("jobs.column.hosts"), _hosts, card="k3", key="hosts"),
        Column(tr("jobs.column.created_by"), _requester, priority=2, key="created_by"),
        Column(tr("jobs.column.trigger"), _trigger, priority=2, key="trigger"),
        Column(
            tr("jobs.column.when"), lambda row: relative_time(row["createdAt"].to(str), "sec"), card="k4", key="when"
        ),
        Column(tr("jobs.column.duration"), _duration, key="duration"),
    ]


def _status(row: rx.Var) -> rx.Component:
    return status_badge(row["status"].to(str), row["phase"].to(str))


def _name(row: rx.Var) -> rx.Component:
    return rx.el.div(
        rx.el.div(spoken(row, "title")),
        rx.el.div(
            rx.el.span(row["number"].to(str), class_name="num"),
            " · ",
            rx.el.span(row["runbook"].to(str), class_name="mono"),
            class_name="t2",
        ),
    )


def _hosts(row: rx.Var) -> rx.Component:
    environment = rx.el.span(row["environment"].to(str), " · ", class_name="only-phone-inline")
    hosts = rx.cond(row["hosts"].to(str) != "", row["hosts"].to(str), "—")
    return rx.el.span(environment, hosts, title=row["hostNames"].to(str), class_name="trunc")


def _environment(row: rx.Var) -> rx.Component:
    return env_badge(row["environment"].to(str))


def _requester(row: rx.Var) -> rx.Component:
    return rx.el.div(row["createdBy"].to(str), class_name="trunc")


def _trigger(row: rx.Var) -> rx.Component:
    return rx.el.span(tr_dynamic("trigger.", row["trigger"].to(str)), class_name="sec nowrap")


def _duration(row: rx.Var) -> rx.Component:
    return duration_bar(row["lengthS"], row["startedAt"].to(str), row["typicalS"])
