"""/pipelines: what is defined, and what runs or ran. Editing and starting happen in drawers named by the address."""

import reflex as rx

from orch_app.components.actions import link_button
from orch_app.components.jobs import duration_bar
from orch_app.components.layout import page_header, section, stack
from orch_app.components.states import empty_state, no_results_state, skeleton_rows
from orch_app.components.status import env_badge, status_badge
from orch_app.components.table import Column, data_table, filters_bar, url_select
from orch_app.components.text import tr
from orch_app.components.values import relative_time
from orch_app.pages.frame import by_phase, framed, may, worded
from orch_app.pages.pipeline_drawers import editor_drawer, launch_drawer
from orch_app.state.pipelines import PipelinesState
from orch_app.state.pipelines_view import STATUSES


def pipelines_page() -> rx.Component:
    """The list of pipelines."""
    create = rx.cond(
        may("pipelines:write"),
        link_button(tr("pipeline.new"), href="/pipelines?edit=new", icon_name="plus", look="p"),
    )
    empty = empty_state(tr("pipeline.empty"), worded("pipelines:write", "pipeline.empty_hint"), icon_name="flow")
    return framed(
        "pipelines",
        page_header(tr("nav.pipelines"), subtitle=tr("pipeline.subtitle"), actions=[create], thumb=[create]),
        by_phase(
            PipelinesState,
            _lists(),
            retry=PipelinesState.load,
            empty=section(empty, padded=False),
            loading=section(skeleton_rows(6), padded=False),
        ),
        editor_drawer(),
        launch_drawer(),
        reload=PipelinesState.load,
    )


def _lists() -> rx.Component:
    nothing = empty_state(
        tr("pipeline.none_defined"), worded("pipelines:write", "pipeline.empty_hint"), icon_name="flow"
    )
    defined = data_table(PipelinesState.rows, _columns(), caption=tr("pipeline.defined"))
    never = empty_state(tr("pipeline.never_run"), tr("pipeline.never_run_hint"), icon_name="clock")
    none = rx.cond(PipelinesState.is_filtered, no_results_state(), never)
    runs = data_table(
        PipelinesState.runs, _run_columns(), caption=tr("pipeline.runs"), href=lambda row: row["href"].to(str)
    )
    return stack(
        section(
            rx.cond(PipelinesState.rows.length() > 0, defined, nothing), title=tr("pipeline.defined"), padded=False
        ),
        rx.el.div(
            rx.el.h2(tr("pipeline.runs"), class_name="sr"),
            _filters(),
            section(rx.cond(PipelinesState.runs.length() > 0, runs, none), title=tr("pipeline.runs"), padded=False),
        ),
        gap=24,
    )


def _filters() -> rx.Component:
    statuses = [{"value": status, "label": tr(f"status.{status}")} for status in STATUSES]
    return filters_bar(
        url_select(tr("pipeline.single"), "pipeline", PipelinesState.names, tr("pipeline.every")),
        url_select(tr("jobs.column.status"), "status", statuses, tr("pipeline.every_status")),
        resets=("pipeline", "status"),
    )


def _columns() -> list[Column]:
    return [
        Column(tr("pipeline.single"), _name, card="k1"),
        Column(tr("pipeline.steps"), lambda row: rx.el.span(row["steps"].to(str), class_name="trunc"), priority=2),
        Column(tr("pipeline.last_run"), _last, card="k3"),
        Column(tr("pipeline.actions"), _actions, card="ka", right=True),
    ]


def _name(row: rx.Var) -> rx.Component:
    return rx.el.div(
        rx.el.div(row["title"].to(str), class_name="b5"),
        rx.el.div(
            rx.el.span(row["name"].to(str), class_name="mono"),
            " · ",
            tr("pipeline.step_count", n=row["count"].to(int)),
            class_name="t2",
        ),
    )


def _last(row: rx.Var) -> rx.Component:
    seen = rx.el.div(
        status_badge(row["lastStatus"].to(str), plain=True),
        rx.el.span(" "),
        relative_time(row["lastAt"].to(str), "sec"),
        class_name="row wrap",
    )
    never = rx.el.span(tr("pipeline.never"), class_name="sec")
    return rx.cond(row["lastStatus"].to(str) == "", never, seen)


def _actions(row: rx.Var) -> rx.Component:
    run = link_button(
        tr("runbooks.run"),
        href=row["runHref"].to(str),
        icon_name="play",
        look="s",
        custom_attrs={"aria-label": tr("pipeline.run_named", name=row["title"].to(str))},
    )
    word = rx.cond(may("pipelines:write"), tr("action.edit"), tr("pipeline.show"))
    edit = link_button(
        word,
        href=row["editHref"].to(str),
        icon_name="edit",
        look="s g",
        custom_attrs={"aria-label": tr("pipeline.edit_named", name=row["title"].to(str))},
    )
    return rx.el.div(rx.cond(may("pipelines:run"), run), edit, class_name="row right-a")


def _run_columns() -> list[Column]:
    return [
        Column(
            tr("jobs.column.status"),
            lambda row: status_badge(row["status"].to(str), row["phase"].to(str)),
            card="k2",
        ),
        Column(tr("pipeline.single"), _run_name, card="k1"),
        Column(tr("jobs.column.environment"), lambda row: env_badge(row["environment"].to(str)), card="k3"),
        Column(tr("jobs.column.created_by"), lambda row: row["createdBy"].to(str), priority=2),
        Column(tr("jobs.column.when"), lambda row: relative_time(row["createdAt"].to(str), "sec"), card="k4"),
        Column(tr("jobs.column.duration"), _duration),
    ]


def _run_name(row: rx.Var) -> rx.Component:
    return rx.el.div(
        rx.el.div(row["title"].to(str)),
        rx.el.div(
            rx.el.span(row["number"].to(str), class_name="num"),
            " · ",
            rx.el.span(row["name"].to(str), class_name="mono"),
            class_name="t2",
        ),
    )


def _duration(row: rx.Var) -> rx.Component:
    return duration_bar(row["lengthS"], row["startedAt"].to(str), rx.Var.create(0))
