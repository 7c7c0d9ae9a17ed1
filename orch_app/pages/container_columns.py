"""The columns of the four tables of /containers, and what a row offers."""

import reflex as rx

from orch_app.components.actions import link_button, menu, menu_item
from orch_app.components.icon import icon
from orch_app.components.status import env_badge, status_badge
from orch_app.components.table import Column
from orch_app.components.text import tr, tr_dynamic
from orch_app.components.values import duration, relative_time
from orch_app.pages.host_drawer import or_dash
from orch_app.state.containers import RUNBOOKS, ContainersState

ICONS = {"restart": "retry", "stop": "stop", "remove": "trash"}


def verb_items(row: rx.Var) -> list[rx.Component]:
    """What may be asked of a container: entries of a menu that lead to the form of the runbook."""
    allowed = ContainersState.verbs[row["environment"].to(str)].to(list[str])
    return [
        rx.cond(
            allowed.contains(verb) & ~row["isStale"].to(bool),
            menu_item(
                tr(f"containers.verb.{verb}"),
                icon_name=ICONS[verb],
                danger=verb == "remove",
                on_click=ContainersState.order(verb, row["key"].to(str)),
            ),
            rx.fragment(),
        )
        for verb in RUNBOOKS
    ]


def logs_href(row: rx.Var) -> rx.Var[str]:
    """The address of the logs of a row."""
    return "/logs?source=" + row["endpoint"].to(str) + "/" + row["source"].to(str)


def _containers() -> list[Column]:
    return [
        _badge(),
        Column(tr("containers.column.container"), _name, card="k1"),
        Column(tr("containers.column.stack"), lambda row: _quiet(row, "stack"), priority=2),
        Column(tr("containers.column.image"), _image, card="k3"),
        Column(tr("containers.column.node"), lambda row: _quiet(row, "node"), priority=3),
        _endpoint(),
        Column(tr("containers.column.since"), _since, card="k4"),
        Column(rx.el.span(tr("action.more"), class_name="sr"), _offers, card="km", right=True),
    ]


def _services() -> list[Column]:
    return [
        _badge(),
        Column(tr("containers.column.service"), _name, card="k1"),
        Column(tr("containers.column.stack"), lambda row: _quiet(row, "stack"), priority=2),
        Column(tr("containers.column.image"), _image, card="k3"),
        Column(tr("containers.column.replicas"), _replicas, card="k4"),
        _endpoint(),
        Column(tr("containers.column.updated"), lambda row: relative_time(row["updatedAt"].to(str), "sec"), priority=3),
        Column(rx.el.span(tr("action.more"), class_name="sr"), _logs, right=True),
    ]


def _stacks() -> list[Column]:
    return [
        _badge(),
        Column(tr("containers.column.stack"), _name, card="k1"),
        Column(
            tr("containers.column.kind"), lambda row: tr_dynamic("containers.kind.", row["kind"].to(str)), card="k3"
        ),
        Column(tr("containers.tab.services"), lambda row: row["services"].to(int), priority=2, right=True),
        Column(tr("containers.tab.containers"), _counted, card="k4", right=True),
        _endpoint(),
        Column(rx.el.span(tr("action.more"), class_name="sr"), _logs, right=True),
    ]


def _nodes() -> list[Column]:
    return [
        _badge(),
        Column(tr("containers.column.node"), _name, card="k1"),
        Column(
            tr("containers.column.role"), lambda row: tr_dynamic("containers.role.", row["role"].to(str)), card="k3"
        ),
        Column(
            tr("containers.column.address"),
            lambda row: rx.el.span(row["address"].to(str), class_name="mono"),
            card="k4",
        ),
        Column(tr("containers.column.engine"), lambda row: _quiet(row, "engine"), priority=2),
        _endpoint(),
    ]


COLUMNS = {"containers": _containers, "services": _services, "stacks": _stacks, "nodes": _nodes}


def _badge() -> Column:
    return Column(tr("containers.column.state"), lambda row: status_badge(row["badge"].to(str)), card="k2")


def _endpoint() -> Column:
    def cell(row: rx.Var) -> rx.Component:
        place = rx.el.span(row["endpointName"].to(str), class_name="sec trunc")
        return rx.el.span(place, env_badge(row["environment"].to(str)), class_name="row")

    return Column(tr("containers.column.endpoint"), cell, priority=3)


def _name(row: rx.Var) -> rx.Component:
    opens = rx.el.button(
        row["name"].to(str),
        type="button",
        class_name="go b5 name",
        title=row["name"].to(str),
        on_click=ContainersState.open(row["key"].to(str)),
    )
    stale = icon("offline", 14, class_name="warn", label=tr("containers.stale"))
    return rx.el.div(opens, rx.cond(row["isStale"].to(bool), stale, rx.fragment()), class_name="row")


def _quiet(row: rx.Var, name: str) -> rx.Component:
    return rx.el.span(or_dash(row[name].to(str)), class_name="sec")


def _image(row: rx.Var) -> rx.Component:
    return rx.el.span(row["image"].to(str), class_name="mono image", title=row["image"].to(str))


def _since(row: rx.Var) -> rx.Component:
    """How long it has been as it is, after the code that it ended with."""
    code = rx.cond(
        row["exitCode"].to(int) != 0, rx.fragment(tr("containers.code", code=row["exitCode"].to(int)), " · ")
    )
    return rx.el.span(code, duration(row["ageS"].to(float)), class_name="nowrap")


def _replicas(row: rx.Var) -> rx.Component:
    counted = tr("containers.of", running=row["running"].to(int), wanted=row["wanted"].to(int))
    short = row["running"].to(int) < row["wanted"].to(int)
    return rx.el.span(counted, class_name=rx.cond(short, "num nowrap warn", "num nowrap"))


def _counted(row: rx.Var) -> rx.Component:
    return rx.el.span(tr("containers.count", n=row["containers"].to(int)), class_name="num nowrap")


def _logs(row: rx.Var) -> rx.Component:
    return link_button(
        tr("nav.logs"),
        href=logs_href(row),
        look=rx.cond(row["isProblem"].to(bool), "s", "s g"),
        custom_attrs={"aria-label": tr("containers.logs_of", name=row["name"].to(str))},
    )


def _offers(row: rx.Var) -> rx.Component:
    more = menu(
        menu_item(tr("containers.open_logs"), icon_name="file", href=logs_href(row)),
        *verb_items(row),
        label=tr("containers.actions", name=row["name"].to(str)),
    )
    return rx.el.div(
        rx.el.span(_logs(row), class_name="no-phone"),
        more,
        class_name="row to-end",
    )
