"""/logs: everything that has a log to choose from, and what the chosen containers say, together and live."""

import reflex as rx

from orch_app.components.actions import link_button
from orch_app.components.layout import page_header, section, stack
from orch_app.components.log_view import Heard, log_tail
from orch_app.components.source_tree import source_tree
from orch_app.components.states import empty_state, note
from orch_app.components.text import tr
from orch_app.domains.containers.tails import MOST_SOURCES
from orch_app.pages.frame import by_phase, framed
from orch_app.pages.no_engine import no_engine
from orch_app.state.container_logs import ContainerLogsState

KEPT_LINES = 5_000


def container_logs_page() -> rx.Component:
    """The tree and the log beside each other; below each other on a phone."""
    to_list = link_button(tr("nav.containers"), href="/containers", icon_name="box")
    return framed(
        "logs",
        page_header(tr("nav.logs"), subtitle=tr("logs.about"), actions=[to_list]),
        by_phase(ContainerLogsState, _content(), retry=ContainerLogsState.load, empty=no_engine("file")),
        reload=ContainerLogsState.load,
    )


def _content() -> rx.Component:
    tree = source_tree(
        ContainerLogsState.tree,
        chosen=ContainerLogsState.chosen,
        heard=ContainerLogsState.sources,
        param="source",
        label=tr("logs.sources"),
    )
    choose = section(empty_state(tr("logs.nothing"), tr("logs.nothing_hint"), icon_name="file"), padded=False)
    log = rx.cond(ContainerLogsState.chosen.length() > 0, _log(), choose)
    return rx.el.div(tree, stack(_notes(), log), class_name="logs-2")


def _notes() -> rx.Component:
    """What of the choice is not heard, and why."""
    silent = note(tr("logs.silent", names=ContainerLogsState.silent.join(", ")), tone="warn", icon_name="offline")
    left_out = note(tr("logs.left_out", n=ContainerLogsState.left_out, most=MOST_SOURCES), icon_name="info")
    return rx.fragment(
        rx.cond(ContainerLogsState.silent.length() > 0, silent, rx.fragment()),
        rx.cond(ContainerLogsState.left_out > 0, left_out, rx.fragment()),
    )


def _log() -> rx.Component:
    broken = ContainerLogsState.interrupted
    return log_tail(
        Heard(ContainerLogsState.stream, ContainerLogsState.batch, ContainerLogsState.last_seq),
        most=KEPT_LINES,
        label=tr("logs.label"),
        on_gap=ContainerLogsState.begin_again,
        empty_text=rx.cond(ContainerLogsState.sources.length() > 0, tr("logs.quiet"), tr("logs.no_source")).to(str),
        banner=rx.cond(broken > 0, tr("logs.interrupted", n=broken), "").to(str),
    )
