"""The drawer of one container, service, stack or machine: its facts, and where they lead."""

from functools import reduce
from operator import or_

import reflex as rx

from orch_app.components.actions import button, link_button, menu
from orch_app.components.dialogs import drawer
from orch_app.components.layout import stack
from orch_app.components.states import note, problem_text
from orch_app.components.status import chip, env_badge, status_badge
from orch_app.components.text import tr, tr_dynamic
from orch_app.components.values import relative_time
from orch_app.pages.container_columns import logs_href, may_order, order_items
from orch_app.state.containers import RUNBOOKS, ContainersState

ONE = ContainersState.detail


def container_drawer() -> rx.Component:
    """What is known about one thing."""
    is_open = ONE.contains("key")
    facts = rx.el.dl(
        rx.foreach(ONE["facts"].to(list[dict]), _fact),
        rx.foreach(ONE["closer"].to(list[dict]), _fact),
        class_name="kv",
    )
    return drawer(
        rx.cond(is_open, stack(_notes(), facts), rx.fragment()),
        open=is_open,
        on_close=ContainersState.close,
        title=ONE["name"].to(str),
        subtitle=ONE["endpointName"].to(str),
        badges=[status_badge(ONE["badge"].to(str)), env_badge(ONE["environment"].to(str))],
        footer=rx.cond(is_open, _footer()),
    )


def _notes() -> rx.Component:
    """What somebody should know before the facts."""
    stale = note(tr("containers.stale_hint"), tone="warn", icon_name="offline")
    starved = note(tr("containers.out_of_memory"), tone="bad", icon_name="warning")
    unseen = note(problem_text(ONE["trouble"].to(str)), tone="warn", icon_name="warning")
    return rx.fragment(
        rx.cond(ONE["isStale"].to(bool), stale, rx.fragment()),
        rx.cond(ONE["wasOutOfMemory"].to(bool), starved, rx.fragment()),
        rx.cond(ONE["trouble"].to(str) != "", unseen, rx.fragment()),
    )


def _fact(fact: rx.Var) -> rx.Component:
    text = fact["text"].to(str)
    chips = rx.el.div(
        rx.foreach(fact["items"].to(list[str]), lambda item: chip(rx.el.span(item, class_name="trunc"), mono=True)),
        class_name="chips-l",
    )
    value = rx.match(
        fact["kind"].to(str),
        ("mono", rx.el.span(text, class_name="mono")),
        ("said", rx.el.pre(text, class_name="pv")),
        ("time", relative_time(text)),
        ("kind", rx.el.span(tr_dynamic("containers.kind.", text))),
        ("role", rx.el.span(tr_dynamic("containers.role.", text))),
        ("chips", chips),
        rx.el.span(text),
    )
    return rx.fragment(rx.el.dt(tr_dynamic("containers.fact.", fact["name"].to(str))), rx.el.dd(value))


def _footer() -> rx.Component:
    """Where it leads, and what may be asked of it."""
    known = [("containers", _of_container()), ("services", _of_service()), ("stacks", _of_stack())]
    return rx.match(ContainersState.tab, *known, _of_node())


def _of_container() -> rx.Component:
    """Its logs, and what may be asked of it."""
    may_ask = reduce(or_, [may_order(runbook, ONE) for runbook in RUNBOOKS["containers"]])
    label = tr("containers.actions", name=ONE["name"].to(str))
    return rx.fragment(
        rx.cond(may_ask, menu(*order_items("containers", ONE), label=label, side="left")),
        rx.el.span(class_name="grow no-phone"),
        _restart("container_restart"),
        _logs(),
    )


def _of_stack() -> rx.Component:
    """What belongs to it, its logs, and starting it anew."""
    return rx.fragment(
        rx.el.span(class_name="grow no-phone"),
        _inside("/containers?stack=" + ONE["name"].to(str)),
        _restart("stack_restart"),
        _logs(),
    )


def _of_service() -> rx.Component:
    """What belongs to it, and its logs."""
    asked = "/containers?stack=" + ONE["stack"].to(str) + "&q=" + ONE["name"].to(str)
    return rx.fragment(rx.el.span(class_name="grow no-phone"), _inside(asked), _logs())


def _of_node() -> rx.Component:
    """The containers on it, where it is known which."""
    name = ONE["name"].to(str)
    return rx.fragment(
        rx.el.span(class_name="grow no-phone"),
        rx.cond(ContainersState.nodes.contains(name), _inside("/containers?node=" + name)),
    )


def _inside(href: rx.Var[str]) -> rx.Component:
    return link_button(tr("containers.its_containers"), href=href, icon_name="box")


def _restart(runbook: str) -> rx.Component:
    asks = ContainersState.order(runbook, ONE["key"].to(str))
    return rx.cond(may_order(runbook, ONE), button(tr("containers.verb.restart"), icon_name="retry", on_click=asks))


def _logs() -> rx.Component:
    return link_button(tr("containers.open_logs"), href=logs_href(ONE), icon_name="file", look="p")
