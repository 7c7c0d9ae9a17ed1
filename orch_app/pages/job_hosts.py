"""The hosts of a job: who differs from the rest, all of them with their results, and a drawer for each."""

import reflex as rx

from orch_app.components.dialogs import drawer
from orch_app.components.jobs import line_link, url_choices
from orch_app.components.layout import section, stack
from orch_app.components.states import empty_state, no_results_state
from orch_app.components.status import status_badge
from orch_app.components.table import Column, data_table, filters_bar, pagination, url_text
from orch_app.components.text import tr
from orch_app.components.values import duration
from orch_app.state.job import JobState
from orch_app.state.job_hosts_view import COUNTED, PARAMETERS

FEW = 10
COMPARED = JobState.comparison
DIFFERENT = COMPARED["different"].to(int)


def hosts_tab() -> rx.Component:
    """Who differs, then each host with its worst result; pressing one opens what every task did on it."""
    none = section(empty_state(tr("job.no_hosts"), tr("job.no_hosts_hint"), icon_name="server"), padded=False)
    return rx.cond(JobState.hosts_total > 0, stack(_comparison(), _filters(), _list()), none)


def _filters() -> rx.Component:
    results = [{"value": name, "label": tr(f"status.{name}")} for name in COUNTED]
    bar = filters_bar(
        url_text(tr("job.find_host"), "host"),
        url_choices(tr("job.column.result"), "result", results),
        resets=PARAMETERS,
    )
    return rx.cond(JobState.hosts_total > FEW, bar)


def _list() -> rx.Component:
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
    rows = rx.fragment(
        data_table(JobState.hosts, columns, caption=tr("job.tab.hosts")),
        pagination(JobState.hosts_page, JobState.hosts_page_size, JobState.hosts_found),
    )
    return section(rx.cond(JobState.hosts.length() > 0, rows, no_results_state()), padded=False)


def _host_name(row: rx.Var) -> rx.Component:
    name = row["name"].to(str)
    return rx.el.button(name, type="button", class_name="go b5 mono", on_click=JobState.show_host(name))


def _count(value: rx.Var[int], tone: str) -> rx.Component:
    return rx.cond(value > 0, rx.el.span(value, class_name=f"num {tone}"), rx.el.span("0", class_name="num sec"))


def _length(row: rx.Var) -> rx.Component:
    return duration(row["lengthS"].to(float), class_name="sec")


def _message(row: rx.Var) -> rx.Component:
    return rx.el.span(row["message"].to(str), class_name="sec break clamp")


def _comparison() -> rx.Component:
    """In one sentence whether all went the same way, and below it every group that did not."""
    same = COMPARED["same"].to(int)
    words = rx.cond(
        DIFFERENT > 0,
        rx.fragment(tr("job.same_hosts", n=same), " · ", tr("job.different_hosts", n=DIFFERENT)),
        tr("job.all_same", n=same),
    )
    more = COMPARED["moreGroups"].to(int)
    groups = rx.fragment(
        rx.el.ul(rx.foreach(COMPARED["groups"].to(list[dict]), _group), class_name="list groups"),
        rx.cond(more > 0, rx.el.p(tr("job.more_groups", n=more), class_name="body sec sm")),
    )
    shown = section(rx.cond(DIFFERENT > 0, groups), title=words, padded=False)
    return rx.cond(COMPARED.contains("same"), shown)


def _group(group: rx.Var) -> rx.Component:
    more = group["more"].to(int)
    names = rx.el.div(
        rx.foreach(group["names"].to(list[str]), _name_button),
        rx.cond(more > 0, rx.el.span(tr("job.more_hosts", n=more), class_name="sec sm")),
        class_name="names",
    )
    left = group["moreDifferences"].to(int)
    return rx.el.li(
        rx.el.div(
            names,
            rx.el.ul(rx.foreach(group["differences"].to(list[dict]), _difference), class_name="differences"),
            rx.cond(left > 0, rx.el.p(tr("job.more_differences", n=left), class_name="sec sm")),
            class_name="grow",
        )
    )


def _name_button(name: rx.Var[str]) -> rx.Component:
    return rx.el.button(name, type="button", class_name="chip mono", on_click=JobState.show_host(name))


def _difference(one: rx.Var) -> rx.Component:
    """A task, how it went here, and how it went for most."""
    seq = one["seq"].to(int)
    return rx.el.li(
        rx.el.div(
            rx.el.span(one["task"].to(str), class_name="b5 break grow"),
            rx.cond(seq > 0, line_link(tr("job.line", n=seq), seq=seq)),
            class_name="row",
        ),
        _outcome(tr("job.here"), one["status"].to(str), one["message"].to(str), "here"),
        _outcome(tr("job.usual"), one["usualStatus"].to(str), one["usualMessage"].to(str), "usual"),
    )


def _outcome(label: rx.Var[str], status: rx.Var[str], message: rx.Var[str], look: str) -> rx.Component:
    return rx.el.div(
        rx.el.span(label, class_name="sec sm what"),
        status_badge(status, plain=True),
        rx.el.span(message, class_name="mono sm break clamp"),
        class_name=f"outcome {look}",
    )


def host_drawer() -> rx.Component:
    """What every task did on one host."""
    listed = rx.el.ul(rx.foreach(JobState.host_results, _result), class_name="list flat")
    none = rx.el.p(tr("job.no_results"), class_name="sec")
    return drawer(
        rx.cond(JobState.host_results.length() > 0, listed, none),
        open=JobState.open_host != "",
        on_close=JobState.show_host(""),
        title=JobState.open_host,
        subtitle=tr("job.tasks_on_host", n=JobState.host_results.length()),
    )


def _result(row: rx.Var) -> rx.Component:
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
