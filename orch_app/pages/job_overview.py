"""What is known of a job at one look: what failed first, its inputs, its output, and the runs it belongs to."""

import reflex as rx

from orch_app.components.actions import link
from orch_app.components.icon import icon
from orch_app.components.jobs import line_link
from orch_app.components.layout import grid, section, stack
from orch_app.components.log_view import log_excerpt
from orch_app.components.states import note
from orch_app.components.status import status_badge
from orch_app.components.text import tr, tr_dynamic
from orch_app.components.values import duration, file_size, number, relative_time
from orch_app.pages.job_connections import connections_used
from orch_app.pages.job_waiting import attempts_section, locks_section
from orch_app.pages.spoken import spoken
from orch_app.state.job import JobState

JOB = JobState.job
FAILURE = JobState.failure
MEGABYTE = 1_000_000
SHORT = 16


def failure_box() -> rx.Component:
    """The first failing task with its host, its message and the lines that led to it."""
    task, host, seq = FAILURE["task"].to(str), FAILURE["host"].to(str), FAILURE["seq"].to(int)
    told, failed = JOB["toldReason"].to(str), _what_failed(task, host)
    said = rx.cond(told != "", told, JOB["reason"].to(str))
    headline = rx.cond((task != "") & (told == ""), failed, tr_dynamic("reason.", said))
    box = rx.el.section(
        rx.el.div(
            rx.el.span(icon("failed", 20), class_name="ic"),
            rx.el.div(
                rx.el.h2(headline),
                rx.cond(FAILURE["message"].to(str) != "", rx.el.p(FAILURE["message"].to(str), class_name="sec break")),
                _next(),
                class_name="grow",
            ),
            class_name="fail-h",
        ),
        rx.cond(FAILURE["lines"].to(list[dict]).length() > 0, log_excerpt(FAILURE["lines"].to(list[dict]))),
        rx.el.div(
            rx.cond((task != "") & (told != ""), rx.el.span(failed), _reason(task)),
            rx.cond(seq > 0, rx.el.span(line_link(tr("job.open_line", n=seq), seq=seq), class_name="right")),
            class_name="fail-f",
        ),
        class_name="fail",
        custom_attrs={"aria-label": tr("job.failure")},
    )
    return rx.cond(FAILURE.contains("task"), box, rx.fragment())


def _trigger() -> rx.Component:
    """What started the job; a link to the schedule, the webhook or the run of a pipeline."""
    trigger, origin = JOB["trigger"].to(str), JOB["originId"].to(str)
    said = tr_dynamic("trigger.", trigger)
    linked = rx.match(
        trigger,
        ("schedule", link(said, href="/schedules?open=" + origin)),
        ("pipeline", link(said, href="/pipelines/" + origin)),
        ("webhook", link(said, href="/webhooks?open=" + origin)),
        rx.el.span(said),
    )
    return rx.cond(origin != "", linked, rx.el.span(said))


def _what_failed(task: rx.Var[str], host: rx.Var[str]) -> rx.Component:
    """One host, or one and how many more, failed or were unreachable in the task."""
    others = FAILURE["others"].to(int)
    unreachable = rx.cond(
        others > 0,
        tr("job.unreachable_more", host=host, n=others),
        tr("job.unreachable", host=host),
    )
    failed = rx.cond(
        others > 0, tr("job.failed_more", task=task, host=host, n=others), tr("job.failed_on", task=task, host=host)
    )
    return rx.cond(FAILURE["status"].to(str) == "unreachable", unreachable, failed)


def _next() -> rx.Component:
    """What to do about a reason that the runbook told."""
    step = JOB["nextStep"].to(str)
    return rx.cond(step != "", rx.el.p(rx.el.b(tr("job.next")), " ", tr_dynamic("next.", step)))


def _reason(task: rx.Var[str]) -> rx.Component:
    elsewhere = FAILURE["elsewhere"].to(int)
    more = rx.cond(elsewhere > 0, rx.fragment(" · ", tr("job.failed_elsewhere", n=elsewhere)))
    named = rx.el.span(tr_dynamic("reason.", JOB["reason"].to(str)), more)
    return rx.cond((task != "") & (JOB["reason"].to(str) != ""), named, rx.fragment())


def overview() -> rx.Component:
    """Output and inputs on the left, the order and its neighbours on the right."""
    return grid(
        rx.el.div(stack(_warnings(), _output(), _inputs(), gap=24), class_name="c8"),
        rx.el.div(stack(_order(), locks_section(), attempts_section(), _chain(), gap=24), class_name="c4"),
    )


def _warnings() -> rx.Component:
    listed = rx.foreach(JobState.warnings, lambda text: note(text, tone="warn", icon_name="warning"))
    return rx.cond(JobState.warnings.length() > 0, rx.el.div(listed, class_name="warns"), rx.fragment())


def _output() -> rx.Component:
    without = rx.cond(JOB["isUnneeded"].to(bool), tr("plan.nothing"), tr("job.no_output"))
    none = section(
        rx.el.p(rx.cond(JOB["isOver"].to(bool), without, tr("job.output_later")), class_name="sec"),
        title=tr("job.output"),
    )
    return rx.cond(JobState.output.length() > 0, rx.fragment(rx.foreach(JobState.output, _table)), none)


def _table(table: rx.Var) -> rx.Component:
    columns, rows = table["columns"].to(list[dict]), table["rows"].to(list[dict])
    heading = rx.foreach(
        columns,
        lambda column: rx.el.th(
            spoken(column, "title"), scope="col", class_name=rx.cond(column["isRight"].to(bool), "r", "")
        ),
    )
    body = rx.foreach(rows, lambda row: rx.el.tr(rx.foreach(row["cells"].to(list[dict]), _cell)))
    hidden = rx.cond(
        table["hidden"].to(int) > 0,
        rx.el.p(tr("job.rows_hidden", n=table["hidden"].to(int)), class_name="body sec sm"),
    )
    return section(
        rx.el.div(
            rx.el.table(rx.el.thead(rx.el.tr(heading)), rx.el.tbody(body)),
            class_name="tabl",
            tab_index=0,
            role="region",
            custom_attrs={"aria-label": spoken(table, "title")},
        ),
        hidden,
        title=spoken(table, "title"),
        aside=number(table["total"].to(int)),
        padded=False,
    )


def _cell(cell: rx.Var) -> rx.Component:
    value = cell["number"].to(float)
    shown = rx.match(
        cell["kind"].to(str),
        ("status", status_badge(cell["text"].to(str), plain=True)),
        ("action", rx.el.span(tr_dynamic("output.action.", cell["text"].to(str)))),
        ("duration", duration(value)),
        ("percent", rx.el.span(number(value, 1), " %")),
        ("megabytes", file_size((value * MEGABYTE).to(int))),
        ("bytes", file_size(value.to(int))),
        ("number", number(value, 2)),
        ("time", relative_time(cell["text"].to(str))),
        rx.el.span(cell["text"].to(str), class_name=rx.cond(cell["text"].to(str).length() > SHORT, "break", "nowrap")),
    )
    look = rx.cond(cell["text"].to(str) == "", "none", rx.cond(cell["isRight"].to(bool), "r", ""))
    return rx.el.td(shown, class_name=look, custom_attrs={"data-label": spoken(cell, "title")})


def _inputs() -> rx.Component:
    pairs = rx.el.dl(
        rx.foreach(
            JobState.inputs,
            lambda item: rx.fragment(
                rx.el.dt(spoken(item, "title")), rx.el.dd(item["text"].to(str), class_name="mono pre")
            ),
        ),
        class_name="kv",
    )
    none = rx.el.p(tr("job.no_inputs"), class_name="sec")
    return section(rx.cond(JobState.inputs.length() > 0, pairs, none), title=tr("job.inputs"))


def _order() -> rx.Component:
    def pair(name: rx.Var[str], value: rx.Component | rx.Var) -> list[rx.Component]:
        return [rx.el.dt(name), rx.el.dd(value)]

    runbook = link(JOB["runbook"].to(str), href="/runbooks?run=" + JOB["runbook"].to(str), class_name="lk mono")
    reason = rx.cond(JOB["requestReason"].to(str) != "", JOB["requestReason"].to(str), "—")
    said = rx.cond(JOB["toldReason"].to(str) != "", JOB["toldReason"].to(str), JOB["reason"].to(str))
    ended = rx.cond(
        JOB["reason"].to(str) != "",
        rx.fragment(*pair(tr("job.reason_ended"), tr_dynamic("reason.", said))),
    )
    return section(
        rx.el.dl(
            *pair(tr("job.request_reason"), reason),
            *pair(tr("job.runbook"), rx.el.span(runbook, " v", JOB["version"].to(str))),
            *pair(tr("job.connections"), connections_used()),
            *pair(tr("job.trigger"), _trigger()),
            _tags(tr("tags.only"), JOB["tags"].to(str)),
            _tags(tr("tags.skip"), JOB["skipTags"].to(str)),
            *pair(tr("job.queued_for"), duration(JOB["waitedS"])),
            *pair(tr("job.timeout"), duration(JOB["timeoutS"].to(float))),
            *pair(tr("job.attempt"), number(JOB["attempt"].to(int))),
            rx.cond(
                JOB["priority"].to(int) != 0,
                rx.fragment(*pair(tr("job.priority"), number(JOB["priority"].to(int)))),
            ),
            ended,
            class_name="kv",
        ),
        title=tr("job.order"),
    )


def _tags(name: rx.Var[str], tags: rx.Var[str]) -> rx.Component:
    """Which tasks were chosen; nothing where all were."""
    return rx.cond(tags != "", rx.fragment(rx.el.dt(name), rx.el.dd(tags, class_name="mono break")))


def _chain() -> rx.Component:
    def shown(row: rx.Var) -> rx.Component:
        return link(
            status_badge(row["status"].to(str), plain=True),
            row["number"].to(str),
            href=row["href"].to(str),
            class_name=rx.cond(row["isHere"].to(bool), "chip on", "chip"),
        )

    runs = section(rx.el.div(rx.foreach(JobState.chain, shown), class_name="chain"), title=tr("job.repeats"))
    return rx.cond(JobState.chain.length() > 1, runs, rx.fragment())
