"""The tabs of a job that are short lists: artifacts, audit."""

import reflex as rx

from orch_app.components.actions import button, copy_button, download_link
from orch_app.components.dialogs import cancel_button, drawer
from orch_app.components.layout import section
from orch_app.components.preview import file_preview
from orch_app.components.states import empty_state
from orch_app.components.table import Column, data_table
from orch_app.components.text import tr, tr_dynamic
from orch_app.components.values import clock_time, file_size
from orch_app.state.job import JobState


def artifacts_tab() -> rx.Component:
    """The files that the job left."""
    columns = [
        Column(tr("job.column.file"), lambda row: rx.el.span(row["name"].to(str), class_name="mono b5"), card="k1"),
        Column(tr("job.column.size"), lambda row: file_size(row["size"].to(int)), card="k2", right=True),
        Column("SHA-256", _digest, card="k3"),
        Column(rx.el.span(tr("job.download"), class_name="sr"), _open_or_keep, card="k4", right=True),
    ]
    none = empty_state(
        rx.cond(JobState.job["isOver"].to(bool), tr("job.no_artifacts"), tr("job.artifacts_later")),
        tr("job.artifacts_hint"),
        icon_name="file",
    )
    table = data_table(JobState.artifacts, columns, caption=tr("job.tab.artifacts"))
    return section(rx.cond(JobState.artifacts.length() > 0, table, none), padded=False)


def _open_or_keep(row: rx.Var) -> rx.Component:
    name = row["name"].to(str)
    look = button(
        tr("job.preview"),
        icon_name="eye",
        look="s",
        on_click=JobState.show_artifact(name),
        custom_attrs={"aria-label": tr("job.preview_of", name=name)},
    )
    kept = download_link(tr("job.download"), href=row["href"].to(str))
    return rx.el.div(rx.cond(row["isText"].to(bool), look), kept, class_name="row to-end up")


def artifact_drawer() -> rx.Component:
    """The beginning of a text file that the job left."""
    one = JobState.open_artifact
    is_open = one.contains("name")
    return drawer(
        rx.cond(is_open, file_preview(one["href"].to(str), one["name"].to(str), one["size"].to(int))),
        open=is_open,
        on_close=JobState.show_artifact(""),
        title=one["name"].to(str),
        subtitle=file_size(one["size"].to(int)),
        footer=rx.fragment(
            rx.el.span(class_name="grow no-phone"),
            cancel_button(tr("action.close")),
            download_link(tr("job.download"), href=one["href"].to(str), class_name="btn"),
        ),
    )


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
