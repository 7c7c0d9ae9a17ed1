"""/jobs/[id]: one job. Header and facts above, then what failed, then its tabs."""

import reflex as rx

from orch_app.components.actions import button, copy_button, menu, menu_item
from orch_app.components.dialogs import confirm_dialog
from orch_app.components.jobs import document_title, job_timeline, time_left
from orch_app.components.layout import Tab, fact, facts, page_header, section, tabs
from orch_app.components.log_view import log_view
from orch_app.components.plan import plan_view
from orch_app.components.states import skeleton_rows
from orch_app.components.status import env_badge, hosts_bar, progress_bar, status_badge
from orch_app.components.text import tr, tr_dynamic
from orch_app.components.values import duration, relative_time
from orch_app.pages.frame import by_phase, framed, may
from orch_app.pages.grave import grave_dialog
from orch_app.pages.job_approval import (
    IS_OPEN,
    MAY_ANSWER,
    answer_buttons,
    answer_dialog,
    approval_answer,
    approval_card,
)
from orch_app.pages.job_hosts import host_drawer, hosts_tab
from orch_app.pages.job_modes import follow_dialog, mode_badge, next_step, plan_card, rollback_item
from orch_app.pages.job_overview import failure_box, overview
from orch_app.pages.job_tabs import artifact_drawer, artifacts_tab, audit_tab
from orch_app.pages.job_waiting import waiting_card
from orch_app.pages.spoken import spoken
from orch_app.state.job import JobState

JOB = JobState.job
STATUS = JOB["status"].to(str)
PHASE = JOB["phase"].to(str)
IS_OVER = JOB["isOver"].to(bool)
MAY_FORCE = JOB["mayForce"].to(bool)
FAILED_HOSTS = JOB["failedHosts"].to(int)
HAS_FAILED_HOSTS = FAILED_HOSTS > 0
HAS_FAILED = (JobState.phase == "error") | (JobState.phase == "forbidden")
MANY_HOSTS = JobState.hosts_total > 1


def job_page() -> rx.Component:
    """One job."""
    return framed(
        "jobs",
        rx.cond(HAS_FAILED, _bare_header(tr("job.single"))),
        by_phase(JobState, _job(), retry=JobState.load, loading=_loading()),
        host_drawer(),
        artifact_drawer(),
        _cancel_dialog(),
        answer_dialog(),
        follow_dialog(),
        grave_dialog(
            open=JobState.asks_to_repeat != "",
            on_close=JobState.close_question,
            on_confirm=JobState.retry_named,
            title=spoken(JOB, "title"),
            name=JOB["runbook"].to(str),
        ),
        reload=JobState.load,
    )


def _bare_header(title: rx.Var[str]) -> rx.Component:
    return page_header(title, crumbs=[(tr("nav.jobs"), "/jobs")])


def _loading() -> rx.Component:
    return rx.fragment(_bare_header(tr("state.loading")), section(skeleton_rows(8), padded=False))


def _job() -> rx.Component:
    return rx.fragment(
        document_title(_title()),
        rx.el.div(_announced(), class_name="sr", role="status", custom_attrs={"aria-live": "polite"}),
        _header(),
        rx.cond(IS_OPEN, approval_card(), rx.cond(STATUS == "PENDING", waiting_card())),
        plan_card(),
        failure_box(),
        _facts(),
        approval_answer(),
        _tabs(),
    )


def _status_word() -> rx.Var[str]:
    return tr_dynamic("status.", STATUS)


def _title() -> rx.Var[str]:
    return rx.Var.create(f"{_status_word()} {JOB['number'].to(str)} · {JOB['runbook'].to(str)} · JARVIS")


def _announced() -> rx.Var[str]:
    return rx.Var.create(f"{JOB['number'].to(str)}: {_status_word()}")


def _header() -> rx.Component:
    return page_header(
        spoken(JOB, "title"),
        subtitle=_subtitle(),
        crumbs=[(tr("nav.jobs"), "/jobs")],
        here=JOB["number"].to(str),
        badges=[
            rx.el.span(status_badge(STATUS, PHASE), class_name="badge-live"),
            mode_badge(),
            env_badge(JOB["environment"].to(str)),
        ],
        actions=[_more(tr("nav.more")), _share(), _primary("")],
        thumb=[rx.cond(IS_OPEN & MAY_ANSWER, rx.fragment(*answer_buttons()), _primary(""))],
        more=_more(""),
    )


def _subtitle() -> rx.Component:
    created = rx.fragment(tr("job.created"), " ", relative_time(JOB["createdAt"].to(str)))
    started = rx.fragment(tr("job.started"), " ", relative_time(JOB["startedAt"].to(str)))
    ended = rx.fragment(tr("job.ended"), " ", relative_time(JOB["finishedAt"].to(str)))
    when = rx.cond(IS_OVER, ended, rx.cond(JOB["startedAt"].to(str) == "", created, started))
    revision = rx.cond(
        JOB["revision"].to(str) != "",
        rx.el.span(
            " · ",
            tr("job.revision"),
            " ",
            rx.el.span(JOB["revision"].to(str), class_name="mono"),
            class_name="no-phone",
        ),
    )
    stopped = rx.cond(
        (STATUS == "CANCELED") & (JOB["canceledBy"].to(str) != ""),
        rx.fragment(" · ", tr("job.canceled_by", name=JOB["canceledBy"].to(str))),
    )
    return rx.el.span(tr("job.requested_by", name=JOB["createdBy"].to(str)), " · ", when, stopped, revision)


def _primary(look: str) -> rx.Component:
    """One action: stop what runs; apply what was shown; repeat what has ended, on the failed hosts if only some did."""
    cancel = rx.cond(
        may("jobs:cancel"),
        button(
            rx.cond(MAY_FORCE, tr("job.force"), tr("job.cancel")),
            icon_name="stop",
            look=look,
            on_click=JobState.ask_to_cancel(True),
            disabled=JOB["isCanceling"].to(bool) & ~MAY_FORCE,
        ),
    )
    again = rx.match(
        STATUS,
        ("SUCCESS", button(tr("job.retry"), icon_name="retry", look=look, on_click=JobState.retry)),
        (
            "ERROR",
            rx.cond(
                HAS_FAILED_HOSTS & MANY_HOSTS,
                button(tr("job.retry_on", n=FAILED_HOSTS), icon_name="retry", look="p", on_click=JobState.retry_failed),
                button(tr("job.retry"), icon_name="retry", look="p", on_click=JobState.retry),
            ),
        ),
        button(tr("job.retry"), icon_name="retry", look="p", on_click=JobState.retry),
    )
    return rx.cond(IS_OVER, rx.cond(may("runbooks:execute"), next_step(again)), cancel)


def _share() -> rx.Component:
    return copy_button(JobState.url, text=tr("job.share"), label=tr("job.share"))


def _more(text: rx.Var[str] | str) -> rx.Component:
    edits = "/runbooks?run=" + JOB["runbook"].to(str) + "&from=" + JOB["id"].to(str)
    again = "/schedules?new=" + JOB["runbook"].to(str) + "&from=" + JOB["id"].to(str)
    return menu(
        rx.cond(
            may("runbooks:execute"),
            rx.fragment(
                rx.cond(IS_OVER, menu_item(tr("job.retry"), icon_name="retry", on_click=JobState.retry)),
                rx.cond(
                    IS_OVER & HAS_FAILED_HOSTS & MANY_HOSTS,
                    menu_item(tr("job.retry_failed"), icon_name="retry", on_click=JobState.retry_failed),
                ),
                menu_item(tr("job.run_again"), icon_name="edit", href=edits),
                rollback_item(),
            ),
        ),
        rx.cond(may("schedules:write"), menu_item(tr("schedules.schedule"), icon_name="calendar", href=again)),
        menu_item(tr("job.other_runs"), icon_name="list", href="/jobs?runbook=" + JOB["runbook"].to(str)),
        label=tr("action.more"),
        text=text,
    )


def _facts() -> rx.Component:
    done, total = JobState.progress["done"].to(int), JobState.progress["total"].to(int)
    is_known = JobState.progress["isKnown"].to(bool)
    tasks = rx.cond(is_known, tr("job.tasks", done=done, n=total), tr("job.tasks_done", n=done))
    due = rx.cond(JOB["dueAt"].to(str) != "", time_left(JOB["dueAt"].to(str)), "")
    usual = rx.cond(
        JOB["typicalS"].is_none(), tr("job.no_typical"), rx.el.span(tr("job.typical"), " ", duration(JOB["typicalS"]))
    )
    length = rx.cond(JOB["startedAt"].to(str) == "", "—", duration(JOB["lengthS"], since=JOB["startedAt"].to(str)))
    worker = rx.cond(JOB["worker"].to(str) != "", JOB["worker"].to(str), "—")
    engine = rx.cond(JOB["engine"].to(str) != "", " · " + JOB["engine"].to(str), "")
    kept = rx.cond(
        JOB["isolation"].to(str) != "",
        rx.el.span(tr("job.isolation"), " ", JOB["isolation"].to(str), engine),
        "",
    )
    return facts(
        fact(
            tr("job.progress"),
            rx.el.span(rx.cond(total > 0, tasks, "—"), class_name="v num"),
            progress_bar(
                done, rx.cond(is_known, total, total + 1), tr("job.progress"), JobState.progress["tone"].to(str)
            ),
            aside=due,
        ),
        fact(tr("job.hosts"), hosts_bar(JobState.host_counts), aside=JobState.hosts_total),
        fact(tr("job.duration"), rx.el.span(length, class_name="v"), rx.el.span(usual, class_name="v2 row")),
        fact(tr("job.worker"), rx.el.span(worker, class_name="v mono trunc"), rx.el.div(kept, class_name="v2 trunc")),
    )


def _tabs() -> rx.Component:
    tasks = JobState.progress["listed"].to(int)
    return tabs(
        Tab("overview", tr("job.tab.overview"), overview()),
        Tab("plan", tr("job.tab.plan"), plan_view(JobState.plan_href), shown=JobState.plan_href != ""),
        Tab("timeline", tr("job.tab.timeline"), _timeline(), count=tasks),
        Tab("logs", tr("job.tab.logs"), _log(), count=JobState.last_seq, keep=True),
        Tab("hosts", tr("job.tab.hosts"), hosts_tab(), count=JobState.hosts_total),
        Tab("artifacts", tr("job.tab.artifacts"), artifacts_tab(), count=JobState.artifacts.length()),
        Tab("audit", tr("job.tab.audit"), audit_tab(), shown=may("audit:read")),
        label=tr("job.tabs"),
    )


def _timeline() -> rx.Component:
    none = rx.el.p(tr("job.no_steps"), class_name="body sec")
    return section(rx.cond(JobState.steps.length() > 0, job_timeline(JobState.steps), none), padded=False)


def _log() -> rx.Component:
    waiting = rx.cond(STATUS == "PENDING", tr("job.waiting", n=JobState.waiting["position"].to(int)), tr("log.empty"))
    base = "/v1/jobs/" + JOB["id"].to(str)
    files = [{"href": base + f"/logs?format={form}", "key": f"log.download_{form}"} for form in ("txt", "ndjson")]
    return log_view(
        job_key=JOB["id"].to(str),
        batch=JobState.batch,
        total=JobState.last_seq,
        live=~IS_OVER,
        history_url=base + "/logs",
        counts=JobState.levels,
        downloads=files,
        empty_text=waiting,
    )


def _cancel_dialog() -> rx.Component:
    number = JOB["number"].to(str)
    return confirm_dialog(
        open=JobState.asks_to_cancel,
        on_close=JobState.ask_to_cancel(False),
        on_confirm=JobState.cancel,
        title=rx.cond(MAY_FORCE, tr("job.force_title", number=number), tr("job.cancel_title", number=number)),
        body=rx.cond(MAY_FORCE, tr("job.force_body"), tr("job.cancel_body")),
        action=rx.cond(MAY_FORCE, tr("job.force"), tr("job.cancel")),
    )
