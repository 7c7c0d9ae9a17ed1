"""/dashboard: figures, what needs attention, workers and queue, jobs of late and to come; a checklist at first."""

import reflex as rx

from orch_app.components.actions import link, link_button
from orch_app.components.days import day_bars, percent, today
from orch_app.components.icon import icon
from orch_app.components.layout import attention_item, attention_list, grid, kpi_card, page_header, section, stack
from orch_app.components.states import empty_state, skeleton_cards, skeleton_rows
from orch_app.components.status import env_badge, progress_bar, status_badge
from orch_app.components.table import Column, data_table, url_segmented
from orch_app.components.text import tr, tr_dynamic
from orch_app.components.values import duration, number, relative_time
from orch_app.pages.frame import by_phase, framed, may, worded
from orch_app.pages.spoken import spoken
from orch_app.state.dashboard import DashboardState
from orch_app.state.dashboard_view import SPANS, USUAL_SPAN
from orch_app.state.session import ShellState

KPIS = DashboardState.kpis
ICONS = {
    "approval": "lock",
    "job": "failed",
    "key_changed": "fingerprint",
    "unreachable": "offline",
    "auth_failed": "key",
    "connection": "plug",
}
STEP_ICONS = {"connection": "plug", "host": "server", "run": "play"}


def dashboard_page() -> rx.Component:
    """How things stand."""
    run = [
        rx.cond(may("runbooks:execute"), link_button(tr("dashboard.run"), href="/runbooks", icon_name="play", look="p"))
    ]
    header = page_header(
        tr("nav.dashboard"),
        subtitle=rx.fragment(today(), " · ", ShellState.user["name"]),
        actions=run,
        thumb=run,
    )
    content = by_phase(DashboardState, _content(), retry=DashboardState.load, empty=_first_steps(), loading=_loading())
    return framed("dashboard", header, content, reload=[DashboardState.load, DashboardState.count_containers])


def _loading() -> rx.Component:
    rows = section(skeleton_rows(4), title=tr("dashboard.attention"), span=8, padded=False)
    return stack(
        skeleton_cards(),
        grid(rows, section(skeleton_rows(2), title=tr("dashboard.workers"), span=4, padded=False)),
        gap=24,
    )


def _content() -> rx.Component:
    return grid(*_kpi_cards(), _attention(), _workers(), _recent(), _per_day(), _scheduled())


def _kpi_cards() -> tuple[rx.Component, ...]:
    waiting = rx.fragment(
        tr("dashboard.in_queue", n=KPIS["queued"].to(int)),
        rx.cond(
            KPIS["waiting_since"].to(str) != "",
            rx.fragment(rx.el.br(), tr("dashboard.waiting"), " ", duration(since=KPIS["waiting_since"].to(str))),
        ),
    )
    trend = tr_dynamic("dashboard.trend.", KPIS["trend"].to(str), n=KPIS["difference"].to(int))
    slots = tr("dashboard.slots", busy=KPIS["busy"].to(int), slots=KPIS["slots"].to(int))
    failed, workers = KPIS["failed"].to(int), KPIS["workers"].to(int)
    return (
        kpi_card(
            tr("dashboard.running"),
            number(KPIS["running"]),
            icon_name="running",
            href="/jobs?status=RUNNING",
            context=waiting,
        ),
        kpi_card(
            tr("dashboard.failed"),
            number(failed),
            icon_name="failed",
            href="/jobs?status=ERROR&since=24h",
            context=trend,
            tone=rx.cond(failed > 0, "bad", ""),
        ),
        kpi_card(
            tr("dashboard.workers_alive"),
            number(workers),
            icon_name="pulse",
            href="/workers",
            context=slots,
            tone=rx.cond(workers > 0, "", "bad"),
        ),
        rx.cond(may("connections:use"), _containers_card(), _rate_card()),
    )


def _containers_card() -> rx.Component:
    """Containers in error on all engines; a dash until the engines have answered."""
    found = DashboardState.containers
    bad, silent = found["bad"].to(int), found["silent"].to(int)
    of_all = rx.fragment(
        tr("dashboard.containers_of", n=found["total"].to(int)),
        rx.cond(silent > 0, rx.fragment(rx.el.br(), tr("dashboard.containers_silent", n=silent))),
    )
    is_counted = found["isKnown"].to(bool) & (found["endpoints"].to(int) > 0)
    none = rx.cond(found["isKnown"].to(bool), tr("dashboard.containers_none"), "")
    return kpi_card(
        tr("dashboard.containers"),
        rx.cond(is_counted, number(bad), "—"),
        icon_name="box",
        href="/containers?show=problems",
        context=rx.cond(is_counted, of_all, none),
        tone=rx.cond(bad > 0, "bad", ""),
    )


def _rate_card() -> rx.Component:
    """Jobs without failure: for those who may not look at engines."""
    return kpi_card(
        tr("dashboard.rate", n=DashboardState.span),
        percent(KPIS["rate"].to(float)),
        icon_name="ok",
        href="/jobs",
        context=tr("dashboard.well", well=KPIS["well"].to(int), total=KPIS["total"].to(int)),
    )


def _attention() -> rx.Component:
    items = DashboardState.attention
    calm = empty_state(tr("dashboard.calm"), tr("dashboard.calm_hint"), icon_name="ok")
    listed = attention_list(rx.foreach(items, _attention_item))
    count = rx.el.span(rx.cond(items.length() > 0, tr("dashboard.items", n=items.length()), ""), class_name="sec sm")
    return section(
        rx.cond(items.length() > 0, listed, calm),
        title=tr("dashboard.attention"),
        aside=count,
        span=8,
        padded=False,
        id="attention",
    )


def _attention_item(item: rx.Var) -> rx.Component:
    kind, href = item["kind"].to(str), item["href"].to(str)
    detail = rx.fragment(
        tr_dynamic("attention.detail.", item["code"].to(str)),
        rx.cond(item["where"].to(str) != "", rx.fragment(" · ", item["where"].to(str))),
        rx.cond(item["at"].to(str) != "", rx.fragment(" · ", relative_time(item["at"].to(str)))),
    )
    action = rx.fragment(
        link_button(tr_dynamic("attention.action.", kind), href=href, look="s no-phone"),
        link(
            icon("chevron-right"),
            rx.el.span(tr_dynamic("attention.action.", kind), class_name="sr"),
            href=href,
            class_name="only-phone sec go-a",
        ),
    )
    return attention_item(
        tr_dynamic("attention.title.", kind, name=item["name"].to(str)),
        detail,
        icon_name=rx.match(kind, *ICONS.items(), "warning"),
        tone=item["tone"].to(str),
        action=action,
    )


def _workers() -> rx.Component:
    listed = rx.el.ul(rx.foreach(DashboardState.workers, _worker), class_name="list tight")
    none = rx.el.p(tr("dashboard.no_worker"), class_name="body sec")
    queue = rx.el.div(
        rx.el.div(
            rx.el.span(tr("dashboard.queue"), class_name="sec"),
            rx.el.span(
                rx.cond(
                    KPIS["queued"].to(int) > 0,
                    tr("dashboard.jobs", n=KPIS["queued"].to(int)),
                    tr("dashboard.queue_empty"),
                ),
                rx.cond(
                    KPIS["waiting_since"].to(str) != "",
                    rx.fragment(" · ", tr("dashboard.waiting"), " ", duration(since=KPIS["waiting_since"].to(str))),
                ),
                class_name="num b5",
            ),
            class_name="row sp",
        ),
        rx.el.div(
            progress_bar(KPIS["busy"].to(int), KPIS["slots"].to(int), tr("dashboard.slots_label")), class_name="mt8"
        ),
        rx.foreach(DashboardState.parts, _part),
        class_name="body div-t",
    )
    return section(
        rx.cond(DashboardState.workers.length() > 0, listed, none),
        queue,
        title=tr("dashboard.workers"),
        span=4,
        padded=False,
    )


def _part(part: rx.Var) -> rx.Component:
    name, bad = part["id"].to(str), part["bad"].to(int)
    return rx.el.div(
        link(tr_dynamic("nav.", name), href="/" + name, class_name="sec"),
        rx.el.span(
            rx.cond(bad > 0, icon("warning", 14), icon("ok", 14)),
            rx.cond(
                bad > 0,
                tr("dashboard.part_bad", n=bad, total=part["total"].to(int)),
                tr("dashboard.part_well", total=part["total"].to(int)),
            ),
            class_name=rx.cond(bad > 0, "st warn plain", "st ok plain"),
        ),
        class_name="row sp mt8",
    )


def _worker(worker: rx.Var) -> rx.Component:
    fine = worker["state"].to(str) == "running"
    return rx.el.li(
        rx.cond(fine, icon("ok", class_name="ok"), icon("clock", class_name="warn")),
        rx.el.div(
            rx.el.p(worker["name"].to(str), class_name="trunc"),
            rx.el.p(
                tr("dashboard.slots_short", busy=worker["busy"].to(int), slots=worker["slots"].to(int)),
                " · ",
                tr("dashboard.up_for"),
                " ",
                duration(since=worker["since"].to(str)),
                class_name="num sec sm",
            ),
            class_name="grow",
        ),
    )


def _recent() -> rx.Component:
    columns = [
        Column(
            tr("jobs.column.status"), lambda row: status_badge(row["status"].to(str), row["phase"].to(str)), card="k2"
        ),
        Column(tr("jobs.column.job"), lambda row: row["title"].to(str), card="k1"),
        Column("#", lambda row: rx.el.span("#", row["number"].to(str), class_name="sec mono"), priority=2),
        Column(tr("jobs.column.environment"), lambda row: env_badge(row["environment"].to(str))),
        Column(
            tr("jobs.column.by"),
            lambda row: rx.el.span(row["by"].to(str), class_name="sec trunc"),
            card="k3",
            priority=3,
        ),
        Column(tr("jobs.column.created"), lambda row: relative_time(row["created_at"].to(str), "sec"), card="k4"),
        Column(tr("jobs.column.duration"), _length, right=True),
    ]
    rows = data_table(
        DashboardState.recent,
        columns,
        caption=tr("dashboard.recent"),
        href=lambda row: f"/jobs/{row['id'].to(str)}",
        dense=True,
    )
    none = empty_state(tr("dashboard.no_jobs_here"), tr("dashboard.no_jobs_here_hint"), icon_name="list")
    return section(
        rx.cond(DashboardState.recent.length() > 0, rows, none),
        title=tr("dashboard.recent"),
        aside=link(tr("action.see_all"), href="/jobs", class_name="lk sm"),
        span=8,
        padded=False,
        id="recent",
    )


def _length(row: rx.Var) -> rx.Component:
    return rx.cond(row["started_at"].to(str) != "", duration(row["seconds"].to(float), row["started_at"].to(str)), "—")


def _per_day() -> rx.Component:
    failures = rx.cond(
        KPIS["total_failed"].to(int) > 0,
        rx.el.span(tr("dashboard.failures", n=KPIS["total_failed"].to(int)), class_name="bad sm num"),
        rx.el.span(tr("dashboard.no_failure"), class_name="sec sm"),
    )
    head = rx.el.div(
        rx.el.span(
            rx.el.b(number(KPIS["total"]), class_name="fig"),
            " ",
            rx.el.span(tr("dashboard.in_days", n=DashboardState.span), class_name="sec"),
            class_name="num",
        ),
        failures,
        class_name="row sp",
    )
    spans = [{"value": span, "label": tr("dashboard.span", n=int(span))} for span in SPANS]
    switch = url_segmented(tr("dashboard.span_label"), "days", spans, usual=str(USUAL_SPAN))
    return section(
        head, day_bars(DashboardState.days), title=tr("dashboard.per_day"), aside=switch, span=4, id="per-day"
    )


def _scheduled() -> rx.Component:
    """What the clock starts next; on a phone a card each."""
    columns = [
        Column(tr("schedules.column.next"), _due, card="k4"),
        Column(tr("schedules.column.name"), lambda row: row["name"].to(str), card="k1"),
        Column(tr("jobs.column.job"), lambda row: rx.el.span(spoken(row, "title"), class_name="sec trunc"), card="k3"),
        Column(tr("jobs.column.environment"), lambda row: env_badge(row["environment"].to(str)), card="k2"),
        Column(tr("schedules.column.when"), _rhythm, priority=2),
    ]
    rows = data_table(
        DashboardState.scheduled,
        columns,
        caption=tr("dashboard.scheduled"),
        href=lambda row: "/schedules?open=" + row["id"].to(str),
        dense=True,
    )
    new = link_button(tr("schedules.add"), href="/schedules?new=1", icon_name="plus")
    none = empty_state(
        tr("dashboard.nothing_scheduled"),
        tr("dashboard.nothing_scheduled_hint"),
        rx.cond(may("schedules:write"), new),
        icon_name="calendar",
    )
    return section(
        rx.cond(DashboardState.scheduled.length() > 0, rows, none),
        title=tr("dashboard.scheduled"),
        aside=link(tr("dashboard.scheduled_all"), href="/schedules", class_name="lk sm"),
        span=12,
        padded=False,
        id="scheduled",
    )


def _due(row: rx.Var) -> rx.Component:
    held = row["blackout"].to(str)
    return rx.el.span(
        relative_time(row["at"].to(str)),
        rx.cond(held != "", rx.el.div(tr("schedules.held_by", name=held), class_name="t2 warn")),
    )


def _rhythm(row: rx.Var) -> rx.Component:
    return rx.el.span(spoken(row, "sentence"), " · ", row["timezone"].to(str), class_name="sec")


def _first_steps() -> rx.Component:
    steps = rx.el.ol(rx.foreach(DashboardState.steps, _step), class_name="list steps")
    waiting = empty_state(
        tr("dashboard.empty"),
        worded("runbooks:execute", "dashboard.empty_hint"),
        link_button(tr("dashboard.to_runbooks"), href="/runbooks", icon_name="book"),
        icon_name="list",
    )
    return grid(
        rx.cond(
            DashboardState.steps.length() > 0,
            section(
                steps,
                title=tr("dashboard.first_steps"),
                aside=rx.el.span(tr("dashboard.first_steps_hint"), class_name="sec sm no-phone"),
                span=8,
                padded=False,
                id="first-steps",
            ),
            section(waiting, span=8),
        ),
        _workers(),
    )


def _step(step: rx.Var) -> rx.Component:
    name, is_done = step["id"].to(str), step["done"].to(bool)
    face = rx.match(name, *STEP_ICONS.items(), "users")
    return rx.el.li(
        rx.el.span(icon(rx.cond(is_done, "check", face)), class_name=rx.cond(is_done, "ic ok", "ic")),
        rx.el.div(
            rx.el.div(tr_dynamic("dashboard.step.", name), class_name=rx.cond(is_done, "b5 done-t", "b5")),
            rx.el.div(tr_dynamic("dashboard.step_hint.", name), class_name="sec sm"),
            class_name="grow",
        ),
        rx.cond(
            is_done,
            status_badge("done", plain=True),
            link_button(tr_dynamic("dashboard.step_action.", name), href=step["href"].to(str), look="s"),
        ),
    )
