"""The tabs of a job that are lists: hosts with a drawer each, artifacts, audit."""

import reflex as rx

from orch_app.components.actions import copy_button, download_link
from orch_app.components.dialogs import drawer
from orch_app.components.jobs import line_link
from orch_app.components.layout import section
from orch_app.components.states import empty_state
from orch_app.components.status import status_badge
from orch_app.components.table import Column, data_table
from orch_app.components.text import tr, tr_dynamic
from orch_app.components.values import clock_time, duration, file_size
from orch_app.state.job import JobState


def hosts_tab() -> rx.Component:
    """Each host with its worst result; pressing one opens what every task did on it."""
    columns = [
        Column(tr("job.column.host"), _host_name, card="k1"),
        Column(tr("job.column.result"), lambda row: status_badge(row["status"].to(str)), card="k2"),
        Column(tr("status.ok"), lambda row: _count(row["ok"].to(int), "")),
        Column(tr("status.changed"), lambda row: _count(row["changed"].to(int), "warn")),
        Column(tr("status.failed"), lambda row: _count(row["failed"].to(int), "bad")),
        Column(tr("status.skipped"), lambda row: _count(row["skipped"].to(int), "sec"), priority=2),
        Column(tr("job.column.message"), _message, card="k3", priority=2),
        Column(tr("job.duration"), _length, card="k4", right=True),
    ]
    none = empty_state(tr("job.no_hosts"), tr("job.no_hosts_hint"), icon_name="server")
    table = data_table(JobState.hosts, columns, caption=tr("job.tab.hosts"))
    return section(rx.cond(JobState.hosts.length() > 0, table, none), padded=False)


def _host_name(row: rx.Var) -> rx.Component:
    name = row["name"].to(str)
    return rx.el.button(name, type="button", class_name="go b5 mono", on_click=JobState.show_host(name))


def _count(value: rx.Var[int], tone: str) -> rx.Component:
    return rx.cond(value > 0, rx.el.span(value, class_name=f"num {tone}"), rx.el.span("0", class_name="num sec"))


def _length(row: rx.Var) -> rx.Component:
    return duration(row["lengthS"].to(float), class_name="sec")


def _message(row: rx.Var) -> rx.Component:
    return rx.el.span(row["message"].to(str), class_name="sec break clamp")


def host_drawer() -> rx.Component:
    """What every task did on one host."""

    def shown(row: rx.Var) -> rx.Component:
        seq = row["seq"].to(int)
        return rx.el.li(
            status_badge(row["status"].to(str), plain=True),
            rx.el.div(
                rx.el.div(row["task"].to(str), class_name="b5 break"),
                rx.cond(row["message"].to(str) != "", rx.el.div(row["message"].to(str), class_name="pre sec")),
                class_name="grow",
            ),
            duration(row["lengthS"], class_name="sec sm"),
            rx.cond(seq > 0, line_link(tr("job.line", n=seq), seq=seq, on_go=JobState.show_host(""))),
        )

    listed = rx.el.ul(rx.foreach(JobState.host_results, shown), class_name="list flat")
    none = rx.el.p(tr("job.no_results"), class_name="sec")
    return drawer(
        rx.cond(JobState.host_results.length() > 0, listed, none),
        open=JobState.open_host != "",
        on_close=JobState.show_host(""),
        title=JobState.open_host,
        subtitle=tr("job.tasks_on_host", n=JobState.host_results.length()),
    )


def artifacts_tab() -> rx.Component:
    """The files that the job left."""
    columns = [
        Column(tr("job.column.file"), lambda row: rx.el.span(row["name"].to(str), class_name="mono b5"), card="k1"),
        Column(tr("job.column.size"), lambda row: file_size(row["size"].to(int)), card="k2", right=True),
        Column("SHA-256", _digest, card="k3"),
        Column(
            rx.el.span(tr("job.download"), class_name="sr"),
            lambda row: download_link(tr("job.download"), href=row["href"].to(str)),
            card="ka",
            right=True,
        ),
    ]
    none = empty_state(
        rx.cond(JobState.job["isOver"].to(bool), tr("job.no_artifacts"), tr("job.artifacts_later")),
        tr("job.artifacts_hint"),
        icon_name="file",
    )
    table = data_table(JobState.artifacts, columns, caption=tr("job.tab.artifacts"))
    return section(rx.cond(JobState.artifacts.length() > 0, table, none), padded=False)


def _digest(row: rx.Var) -> rx.Component:
    return rx.el.span(
        rx.el.span(row["sha256"].to(str), class_name="sha trunc", title=row["sha256"].to(str)),
        copy_button(row["sha256"].to(str), label=tr("job.copy_sha")),
        class_name="row up",
    )


def audit_tab() -> rx.Component:
    """Who did what with this job."""
    columns = [
        Column(tr("job.column.action"), lambda row: tr_dynamic("audit.", row["action"].to(str)), card="k1"),
        Column(tr("job.column.actor"), lambda row: rx.el.span(row["actor"].to(str)), card="k3"),
        Column(tr("job.column.result"), lambda row: tr_dynamic("audit.result.", row["result"].to(str)), card="k2"),
        Column(tr("job.column.at"), lambda row: clock_time(row["at"].to(str)), card="k4"),
    ]
    none = empty_state(tr("job.no_audit"), tr("job.no_audit_hint"), icon_name="shield")
    table = data_table(JobState.audit, columns, caption=tr("job.tab.audit"))
    return section(rx.cond(JobState.audit.length() > 0, table, none), padded=False)
