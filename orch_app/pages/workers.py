"""/workers: the processes that run jobs, what each runs at the moment, and draining one."""

import reflex as rx

from orch_app.components.actions import button, copy_button, link
from orch_app.components.dialogs import confirm_dialog
from orch_app.components.layout import page_header, section, stack
from orch_app.components.states import empty_state, note
from orch_app.components.status import progress_bar, status_badge
from orch_app.components.table import Column, data_table
from orch_app.components.text import tr
from orch_app.components.values import duration, relative_time
from orch_app.pages.frame import by_phase, framed, may
from orch_app.state.workers import WorkersState

COMMAND = "./orch worker"


def workers_page() -> rx.Component:
    """The list of workers and what is asked before one is told something."""
    figures = tr("workers.subtitle", n=WorkersState.alive, busy=WorkersState.busy, slots=WorkersState.slots)
    header = page_header(
        tr("nav.workers"), subtitle=rx.cond(WorkersState.phase == "ready", figures, tr("workers.about"))
    )
    empty = empty_state(tr("workers.empty"), tr("workers.empty_hint"), _how_to_start(), icon_name="cpu")
    return framed(
        "workers",
        header,
        by_phase(WorkersState, _list(), retry=WorkersState.load, empty=section(empty, padded=False)),
        _question("drain", danger=True),
        _question("resume", danger=False),
    )


def _list() -> rx.Component:
    nobody = note(tr("workers.none_alive"), tone="warn", icon_name="warning", actions=[_how_to_start()])
    return stack(
        rx.cond(WorkersState.alive == 0, nobody, rx.fragment()),
        section(data_table(WorkersState.rows, _columns(), caption=tr("nav.workers")), padded=False),
    )


def _how_to_start() -> rx.Component:
    return rx.el.span(rx.el.code(COMMAND, class_name="mono"), copy_button(COMMAND), class_name="row")


def _columns() -> list[Column]:
    return [
        Column(tr("workers.column.name"), _name, card="k1"),
        Column(tr("workers.column.state"), lambda row: status_badge(row["badge"].to(str)), card="k2"),
        Column(tr("workers.column.slots"), _slots, card="k3"),
        Column(tr("workers.column.seen"), lambda row: relative_time(row["seenAt"].to(str), "sec"), card="k4"),
        Column(tr("workers.column.isolation"), _isolation, priority=2),
        Column(tr("workers.column.version"), lambda row: row["version"].to(str), priority=3),
        Column(tr("workers.column.uptime"), _uptime, priority=2),
        Column(rx.el.span(tr("action.more"), class_name="sr"), _order, card="ka", right=True),
    ]


def _name(row: rx.Var) -> rx.Component:
    return rx.el.div(
        rx.el.div(row["name"].to(str), class_name="b5"),
        rx.el.div(row["host"].to(str), class_name="t2 mono"),
        rx.el.div(_isolation(row), class_name="t2 only-phone"),
    )


def _slots(row: rx.Var) -> rx.Component:
    busy, slots, jobs = row["busy"].to(int), row["slots"].to(int), row["jobs"].to(list[dict[str, str]])
    label = tr("workers.busy", busy=busy, slots=slots)
    more = rx.cond(row["more"].to(int) > 0, rx.el.span(tr("workers.more", n=row["more"].to(int)), class_name="sec"))
    listed = rx.el.div(
        rx.foreach(jobs, lambda job: link(job["label"], href="/jobs/" + job["id"], class_name="lk")),
        more,
        class_name="row wrap mt8",
    )
    shown = rx.fragment(
        rx.el.div(label, class_name="num nowrap"),
        progress_bar(busy, slots, label),
        rx.cond(jobs.length() > 0, listed, rx.fragment()),
    )
    return rx.cond(row["isAlive"].to(bool), shown, rx.el.span("—", class_name="sec"))


def _isolation(row: rx.Var) -> rx.Component:
    return rx.fragment(row["isolation"].to(str), " · ", row["engine"].to(str))


def _uptime(row: rx.Var) -> rx.Component:
    running = duration(since=row["startedAt"].to(str))
    return rx.cond(row["isAlive"].to(bool), running, rx.el.span("—", class_name="sec"))


def _order(row: rx.Var) -> rx.Component:
    worker_id = row["id"].to(str)
    drain = button(tr("workers.drain"), icon_name="pause", look="s", on_click=WorkersState.ask_drain(worker_id))
    resume = button(tr("workers.resume"), icon_name="play", look="s", on_click=WorkersState.ask_resume(worker_id))
    offered = may("workers:write") & row["isAlive"].to(bool)
    return rx.cond(offered, rx.cond(row["isTold"].to(bool), resume, drain), rx.fragment())


def _question(panel: str, *, danger: bool) -> rx.Component:
    name, busy = WorkersState.worker["name"].to(str), WorkersState.worker["busy"].to(int)
    words = {
        "drain": (tr("workers.drain_title", name=name), tr("workers.drain_body", n=busy), tr("workers.drain")),
        "resume": (tr("workers.resume_title", name=name), tr("workers.resume_body"), tr("workers.resume")),
    }
    title, body, action = words[panel]
    return confirm_dialog(
        open=WorkersState.panel == panel,
        on_close=WorkersState.close,
        on_confirm=WorkersState.drain if panel == "drain" else WorkersState.resume,
        title=title,
        body=body,
        action=action,
        danger=danger,
    )
