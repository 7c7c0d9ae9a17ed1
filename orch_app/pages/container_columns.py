"""The columns of the four tables of /containers, and what a row offers."""

import reflex as rx

from orch_app.components.actions import link_button, menu, menu_item
from orch_app.components.icon import icon
from orch_app.components.status import env_badge, status_badge
from orch_app.components.table import Cell, Column
from orch_app.components.text import tr, tr_dynamic
from orch_app.components.values import duration, relative_time
from orch_app.pages.host_drawer import or_dash
from orch_app.state.containers import RUNBOOKS, ContainersState

ICONS = {"restart": "retry", "stop": "stop", "remove": "trash"}


def order_items(tab: str, row: rx.Var) -> list[rx.Component]:
    """What may be asked for: entries of a menu that lead to the forms of the runbooks."""
    return [
        rx.cond(
            may_order(runbook, row),
            menu_item(
                tr(f"containers.verb.{_verb(runbook)}"),
                icon_name=ICONS[_verb(runbook)],
                danger=_verb(runbook) == "remove",
                on_click=ContainersState.order(runbook, row["key"].to(str)),
            ),
            rx.fragment(),
        )
        for runbook in RUNBOOKS[tab]
    ]


def may_order(runbook: str, row: rx.Var) -> rx.Var[bool]:
    """Whether the reader may ask for this runbook where the row is, and there is somebody who can be told."""
    allowed = ContainersState.orders[row["environment"].to(str)].to(list[str])
    return allowed.contains(runbook) & row["takesOrders"].to(bool)


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
        Column(rx.el.span(tr("action.more"), class_name="sr"), _offers("containers"), card="km", right=True),
    ]


def _services() -> list[Column]:
    return [
        _badge(),
        Column(tr("containers.column.service"), _service, card="k1"),
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
        Column(rx.el.span(tr("action.more"), class_name="sr"), _offers("stacks"), card="km", right=True),
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


def _service(row: rx.Var) -> rx.Component:
    """Its name, and below what the Swarm says of a problem."""
    said = row["error"].to(str)
    why = rx.el.div(said, class_name="t2 why", title=said)
    return rx.el.div(_name(row), rx.cond(row["isProblem"].to(bool) & (said != ""), why))


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


def _offers(tab: str) -> Cell:
    """The logs, and behind a menu what may be done; on a phone the menu has both."""

    def cell(row: rx.Var) -> rx.Component:
        more = menu(
            menu_item(tr("containers.open_logs"), icon_name="file", href=logs_href(row)),
            *order_items(tab, row),
            label=tr("containers.actions", name=row["name"].to(str)),
        )
        return rx.el.div(rx.el.span(_logs(row), class_name="no-phone"), more, class_name="row to-end")

    return cell


def _verb(runbook: str) -> str:
    return runbook.rpartition("_")[2]
