"""/pipelines/[id]: one run. Facts above, then the graph as it moves, then the report."""

import reflex as rx

from orch_app.components.actions import button, download_link, link, menu
from orch_app.components.dialogs import confirm_dialog
from orch_app.components.jobs import document_title, duration_bar
from orch_app.components.layout import fact, facts, page_header, section, stack
from orch_app.components.pipelines import pipeline_graph
from orch_app.components.states import skeleton_rows
from orch_app.components.status import env_badge, progress_bar, status_badge
from orch_app.components.text import tr, tr_dynamic
from orch_app.components.values import duration, relative_time
from orch_app.pages.frame import by_phase, framed, may
from orch_app.pages.grave import grave_dialog
from orch_app.state.pipeline_run import PipelineRunState

RUN = PipelineRunState.run
STATUS = RUN["status"].to(str)
HAS_FAILED = (PipelineRunState.phase == "error") | (PipelineRunState.phase == "forbidden")


def pipeline_run_page() -> rx.Component:
    """One run of a pipeline."""
    return framed(
        "pipelines",
        rx.cond(HAS_FAILED, _bare_header(tr("pipeline.run_single"))),
        by_phase(PipelineRunState, _run(), retry=PipelineRunState.load, loading=_loading()),
        confirm_dialog(
            open=PipelineRunState.asks_to_cancel,
            on_close=PipelineRunState.ask_to_cancel(False),
            on_confirm=PipelineRunState.cancel,
            title=tr("pipeline.cancel_title"),
            body=tr("pipeline.cancel_body"),
            action=tr("pipeline.cancel"),
        ),
        grave_dialog(
            open=PipelineRunState.asks_to_resume,
            on_close=PipelineRunState.close_question,
            on_confirm=PipelineRunState.resume_named,
            title=RUN["title"].to(str),
            name=RUN["name"].to(str),
        ),
        reload=PipelineRunState.load,
    )


def _bare_header(title: rx.Var[str]) -> rx.Component:
    return page_header(title, crumbs=[(tr("nav.pipelines"), "/pipelines")])


def _loading() -> rx.Component:
    return rx.fragment(_bare_header(tr("state.loading")), section(skeleton_rows(8), padded=False))


def _run() -> rx.Component:
    word = tr_dynamic("status.", STATUS)
    title = rx.Var.create(f"{word} {RUN['number'].to(str)} · {RUN['name'].to(str)} · JARVIS")
    graph = pipeline_graph(PipelineRunState.steps, tr("pipeline.graph"))
    return rx.fragment(
        document_title(title),
        rx.el.div(
            rx.Var.create(f"{RUN['number'].to(str)}: {word}"),
            class_name="sr",
            role="status",
            custom_attrs={"aria-live": "polite"},
        ),
        page_header(
            RUN["title"].to(str),
            subtitle=_subtitle(),
            crumbs=[(tr("nav.pipelines"), "/pipelines")],
            here=RUN["number"].to(str),
            badges=[status_badge(STATUS, RUN["phase"].to(str)), env_badge(RUN["environment"].to(str))],
            actions=[_file("btn"), _primary()],
            thumb=[_primary()],
            more=menu(_file("menu-i", role="menuitem"), label=tr("action.more")),
        ),
        stack(
            _facts(),
            section(graph, title=tr("pipeline.graph"), padded=False),
            section(_report(), title=tr("pipeline.report"), padded=False),
            rx.cond(PipelineRunState.inputs.length() > 0, section(_inputs(), title=tr("pipeline.inputs"))),
            rx.cond(PipelineRunState.outputs.length() > 0, section(_outputs(), title=tr("pipeline.outputs"))),
            gap=24,
        ),
    )


def _subtitle() -> rx.Component:
    ended = rx.fragment(tr("job.ended"), " ", relative_time(RUN["finishedAt"].to(str)))
    began = rx.fragment(tr("job.started"), " ", relative_time(RUN["createdAt"].to(str)))
    stopped = rx.cond(
        (STATUS == "CANCELED") & (RUN["canceledBy"].to(str) != ""),
        rx.fragment(" · ", tr("job.canceled_by", name=RUN["canceledBy"].to(str))),
    )
    why = rx.cond(RUN["reason"].to(str) != "", rx.fragment(" · ", RUN["reason"].to(str)))
    return rx.el.span(
        tr("job.requested_by", name=RUN["createdBy"].to(str)),
        " · ",
        rx.cond(RUN["isOver"].to(bool), ended, began),
        stopped,
        why,
    )


def _file(look: str, **props: str) -> rx.Component:
    return download_link(tr("pipeline.report_file"), href=RUN["reportHref"].to(str), class_name=look, **props)


def _primary() -> rx.Component:
    cancel = button(
        tr("pipeline.cancel"),
        icon_name="stop",
        on_click=PipelineRunState.ask_to_cancel(True),
        disabled=RUN["isCanceling"].to(bool),
    )
    resume = button(tr("pipeline.resume"), icon_name="retry", look="p", on_click=PipelineRunState.resume)
    over = rx.cond(RUN["isResumable"].to(bool), resume)
    return rx.cond(may("pipelines:run"), rx.cond(RUN["isOver"].to(bool), over, cancel))


def _facts() -> rx.Component:
    done, total = RUN["done"].to(int), RUN["total"].to(int)
    length = rx.cond(
        RUN["isOver"].to(bool), duration(RUN["lengthS"]), duration(since=RUN["createdAt"].to(str), class_name="v")
    )
    return facts(
        fact(
            tr("pipeline.progress"),
            progress_bar(done, total, tr("pipeline.progress"), RUN["tone"].to(str)),
            aside=rx.Var.create(f"{done.to_string()} / {total.to_string()}"),
        ),
        fact(tr("jobs.column.duration"), rx.el.span(length, class_name="v")),
        fact(tr("pipeline.attempt"), rx.el.span(RUN["attempt"].to(int), class_name="v num")),
        fact(tr("pipeline.version"), rx.el.span(RUN["version"].to(int), class_name="v num")),
    )


def _report() -> rx.Component:
    names = ("step", "status", "job", "hosts", "by", "duration")
    head = rx.el.thead(rx.el.tr(*(rx.el.th(tr(f"pipeline.column.{name}"), scope="col") for name in names)))
    body = rx.el.tbody(rx.foreach(PipelineRunState.report, _attempt))
    table = rx.el.table(rx.el.caption(tr("pipeline.report"), class_name="sr"), head, body)
    return rx.el.div(
        table, class_name="tabl", tab_index=0, role="region", custom_attrs={"aria-label": tr("pipeline.report")}
    )


def _attempt(row: rx.Var) -> rx.Component:
    number = rx.cond(row["attempt"].to(int) > 1, tr("pipeline.attempt_n", n=row["attempt"].to_string()), "")
    step = rx.el.div(
        rx.el.div(row["step"].to(str), class_name="b5 mono"),
        rx.el.div(row["runbook"].to(str), " ", number, class_name="t2"),
    )
    reason = rx.cond(
        row["reason"].to(str) != "",
        rx.el.div(rx.cond(row["detail"].to(str) != "", row["detail"].to(str), row["reason"].to(str)), class_name="t2"),
    )
    job = rx.cond(
        row["jobHref"].to(str) != "",
        link(row["jobNumber"].to(str), href=row["jobHref"].to(str), class_name="lk num"),
        rx.el.span(rx.cond(row["jobNumber"].to(str) != "", row["jobNumber"].to(str), "—"), class_name="sec"),
    )
    cells = (
        ("step", step),
        ("status", rx.el.div(status_badge(row["status"].to(str), plain=True), reason, class_name="break")),
        ("job", job),
        ("hosts", _or_dash(row["hosts"])),
        ("by", _or_dash(row["by"])),
        ("duration", duration_bar(row["lengthS"], row["startedAt"].to(str), rx.Var.create(0))),
    )
    shown = [rx.el.td(cell, custom_attrs={"data-label": tr(f"pipeline.column.{name}")}) for name, cell in cells]
    return rx.el.tr(*shown, class_name=rx.cond(row["isOld"].to(bool), "sec", ""))


def _or_dash(value: rx.Var) -> rx.Component:
    return rx.el.span(rx.cond(value.to(str) != "", value.to(str), "—"))


def _inputs() -> rx.Component:
    def pair(row: rx.Var) -> rx.Component:
        value = rx.el.dd(rx.el.span(row["value"].to(str), class_name="pre"))
        return rx.fragment(rx.el.dt(row["name"].to(str), class_name="mono"), value)

    return rx.el.dl(rx.foreach(PipelineRunState.inputs, pair), class_name="kv")


def _outputs() -> rx.Component:
    def one(row: rx.Var) -> rx.Component:
        return rx.el.details(
            rx.el.summary(row["step"].to(str), class_name="mono"),
            rx.el.pre(row["value"].to(str), class_name="pre", tab_index=0),
            class_name="fold",
        )

    return rx.el.div(rx.foreach(PipelineRunState.outputs, one), class_name="stack")
