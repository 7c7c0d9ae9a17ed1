"""/containers: services, containers, stacks and machines of all engines, problems first, and what opens over them."""

import reflex as rx

from orch_app.components.actions import link, link_button
from orch_app.components.icon import icon
from orch_app.components.layout import page_header, section
from orch_app.components.states import empty_state, error_state, no_results_state, note, problem_text
from orch_app.components.table import (
    Groups,
    data_table,
    filters_bar,
    pagination,
    url_segmented,
    url_select,
    url_tabs,
    url_text,
)
from orch_app.components.text import tr
from orch_app.components.values import number, relative_time
from orch_app.pages.container_columns import COLUMNS
from orch_app.pages.container_drawer import container_drawer
from orch_app.pages.frame import by_phase, framed
from orch_app.pages.no_engine import no_engine
from orch_app.state.containers import ContainersState
from orch_app.state.containers_view import FILTERS, PROBLEMS

# In the order of the strip; the first word of the address is the containers', which most people look for.
TABS = ("services", "containers", "stacks", "nodes")


def containers_page() -> rx.Component:
    """The list and the drawer."""
    logs = link_button(tr("nav.logs"), href="/logs", icon_name="file")
    return framed(
        "containers",
        page_header(tr("nav.containers"), subtitle=_subtitle(), actions=[logs]),
        by_phase(ContainersState, _content(), retry=ContainersState.load, empty=no_engine("box")),
        container_drawer(),
        reload=ContainersState.load,
    )


def _subtitle() -> rx.Component:
    figures = rx.fragment(
        tr("containers.endpoints", n=ContainersState.endpoints.length()),
        " · ",
        tr("containers.count", n=ContainersState.counts["containers"].to(int)),
        " · ",
        tr("containers.read"),
        " ",
        relative_time(ContainersState.read_at),
    )
    return rx.cond(ContainersState.phase == "ready", figures, rx.el.span(tr("containers.about")))


def _content() -> rx.Component:
    strip = [
        {
            "value": "" if name == "containers" else name,
            "label": tr(f"containers.tab.{name}"),
            "count": ContainersState.counts[name].to(int),
        }
        for name in TABS
    ]
    faults = rx.el.div(_faults(), class_name="stack-8 mb16")
    return rx.fragment(
        url_tabs(tr("containers.tabs"), "tab", strip),
        _filters(),
        rx.cond(ContainersState.faults.length() > 0, faults, rx.fragment()),
        _moved(),
        section(_rows(), padded=False),
    )


def _filters() -> rx.Component:
    shows = [
        {"value": "all", "label": tr("containers.show.all")},
        {"value": PROBLEMS, "label": tr("containers.show.problems")},
    ]
    several = ContainersState.endpoints.length() > 1
    return filters_bar(
        url_text(tr("containers.filter")),
        rx.cond(
            several,
            url_select(
                tr("containers.column.endpoint"),
                "endpoint",
                ContainersState.endpoints,
                tr("containers.every_endpoint"),
            ),
        ),
        url_segmented(tr("containers.show"), "show", shows, usual="all"),
        rx.cond(
            (ContainersState.tab == "containers") | (ContainersState.tab == "services"),
            url_select(tr("containers.column.stack"), "stack", ContainersState.stacks, tr("containers.every_stack")),
        ),
        rx.cond(
            (ContainersState.tab == "containers") & (ContainersState.nodes.length() > 0),
            url_select(tr("containers.column.node"), "node", ContainersState.nodes, tr("containers.every_node")),
        ),
        resets=FILTERS,
    )


def _faults() -> rx.Component:
    """Each endpoint that cannot be asked: why, of when what is shown of it is, and where to look."""
    return rx.foreach(ContainersState.faults, _fault)


def _fault(fault: rx.Var) -> rx.Component:
    seen = rx.cond(
        fault["seenAt"].to(str) != "",
        rx.fragment(" ", tr("containers.seen"), " ", relative_time(fault["seenAt"].to(str)), "."),
        rx.fragment(" ", tr("containers.unseen")),
    )
    check = link(tr("containers.check_connection"), href="/connections?q=" + fault["connection"].to(str))
    return note(
        rx.el.b(fault["name"].to(str)),
        ": ",
        rx.el.span(problem_text(fault["code"].to(str)), title=fault["detail"].to(str)),
        seen,
        tone="warn",
        icon_name="offline",
        actions=[check],
    )


def _moved() -> rx.Component:
    """What a new reading would show waits behind this pill, so that nothing moves while somebody reads."""
    pill = rx.el.button(
        icon("refresh", 14), tr("containers.moved"), type="button", class_name="pill", on_click=ContainersState.load
    )
    return rx.el.div(
        rx.cond(ContainersState.moved, rx.el.div(pill, class_name="pill-w"), rx.fragment()),
        role="status",
        custom_attrs={"aria-live": "polite"},
    )


def _rows() -> rx.Component:
    tables = [
        (
            name,
            data_table(
                ContainersState.rows,
                columns(),
                caption=tr(f"containers.tab.{name}"),
                key=lambda row: row["key"].to(str),
                groups=Groups(begins=lambda row: row["opens"].to(str) != "", heading=_group),
            ),
        )
        for name, columns in COLUMNS.items()
    ]
    listed = rx.fragment(
        rx.match(ContainersState.tab, *tables, rx.fragment()),
        pagination(ContainersState.page, ContainersState.page_size, ContainersState.total),
    )
    return rx.cond(ContainersState.rows.length() > 0, listed, _nothing())


def _nothing() -> rx.Component:
    """No row: the filters match nothing, no endpoint answers, nothing is in trouble, or nothing runs there."""
    dark = ContainersState.faults.length() >= ContainersState.endpoints.length()
    silent = error_state(tr("containers.dark"), on_retry=ContainersState.load)
    without = rx.match(
        ContainersState.tab,
        ("containers", empty_state(tr("containers.none"), tr("containers.none_hint"), icon_name="box")),
        ("stacks", empty_state(tr("containers.no_stacks"), tr("containers.no_stacks_hint"), icon_name="flow")),
        empty_state(tr("containers.no_swarm"), tr("containers.no_swarm_hint"), icon_name="server"),
    )
    calm = empty_state(tr("containers.calm"), tr("containers.calm_hint"), icon_name="ok")
    rest = rx.cond(ContainersState.only_problems, calm, without)
    return rx.cond(ContainersState.is_narrowed, no_results_state(), rx.cond(dark, silent, rest))


def _group(row: rx.Var) -> rx.Component:
    """The heading above the first row of a group, with how many there are on all pages."""
    troubled = _heading("warning", "bad", tr("containers.problems"), ContainersState.problems)
    well = _heading("ok", "ok", tr("containers.well"), ContainersState.total - ContainersState.problems)
    return rx.cond(row["opens"].to(str) == PROBLEMS, troubled, well)


def _heading(face: str, tone: str, words: rx.Var[str], count: rx.Var[int]) -> rx.Component:
    counted = rx.el.span(number(count), class_name="sec num")
    return rx.el.span(icon(face, 14, class_name=tone), words, counted, class_name="row")
