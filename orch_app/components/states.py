"""The other four states of a page: loading, empty, error, no rights, and stale."""

import reflex as rx
from reflex_components_core.core.banner import has_connection_errors

from orch_app.components.actions import Child, button, copy_button
from orch_app.components.icon import icon
from orch_app.components.local import Event, Text, UiComponent, ui_module
from orch_app.components.text import tr, tr_dynamic
from orch_app.components.values import time_since_mounted


class Arrival(UiComponent):
    """`Arrival` of assets/ui/arrival.jsx."""

    library = ui_module("arrival.jsx")
    tag = "Arrival"
    at: rx.Var[str]
    loads: rx.Var[int]


def arrival(shown: rx.Component, meanwhile: rx.Component, *, at: rx.Var[str], loads: rx.Var[int]) -> rx.Component:
    """`meanwhile` when the page is come to and holds what was read for another address (`at`), until `loads` grows.

    Filters that change on the page keep what is shown until the new is there: only the first paint must not lie.
    """
    return Arrival.create(rx.fragment(meanwhile), rx.fragment(shown), at=at, loads=loads)


def empty_state(title: Child, next_step: Child, *actions: rx.Component, icon_name: str = "box") -> rx.Component:
    """Nothing here yet: one sentence and what to do next."""
    return _state(icon_name, "", title, rx.el.p(next_step), actions)


def no_results_state(*actions: rx.Component) -> rx.Component:
    """The filters match nothing."""
    return _state("search", "", tr("state.no_results"), rx.el.p(tr("state.no_results_hint")), actions)


def error_state(what: Child, *, request_id: Text = "", on_retry: Event = None) -> rx.Component:
    """What failed, the id to quote, and a way to try again."""
    quoted = rx.cond(
        request_id != "",
        rx.el.div(
            rx.el.span(tr("state.request_id"), class_name="sec sm"),
            rx.el.code(request_id, class_name="mono"),
            copy_button(request_id),
            class_name="row",
        ),
        rx.fragment(),
    )
    retry = [button(tr("action.retry"), icon_name="refresh", on_click=on_retry)] if on_retry is not None else []
    return rx.el.div(_state("failed", "bad", what, quoted, retry), role="alert")


def no_rights_state(permission: Text, role: Text) -> rx.Component:
    """The reader may not see this: which permission is missing, which role has it, and who gives that role."""
    named = tr("state.rights_of_role", role=tr_dynamic("role.", role))
    has_it = rx.cond(role != "", named, tr("state.rights_admin"))
    missing = rx.el.p(tr("state.rights_missing"), " ", rx.el.code(permission, class_name="mono"), ". ", has_it)
    return _state("lock", "warn", tr("state.no_rights"), missing, ())


def skeleton_rows(count: int = 6) -> rx.Component:
    """A list that is still loading."""
    widths = ("38%", "52%", "44%", "60%", "34%", "48%")
    rows = [
        rx.el.li(
            skeleton("72px", "24px"), rx.el.div(skeleton(widths[at % len(widths)]), class_name="grow"), skeleton("64px")
        )
        for at in range(count)
    ]
    return _loading(rx.el.ul(*rows, class_name="list"))


def skeleton_cards(count: int = 4) -> rx.Component:
    """KPI cards that are still loading."""
    card = [
        rx.el.div(rx.el.span(skeleton("60%"), class_name="l"), skeleton("48px", "40px"), class_name="card c3 kpi")
        for _ in range(count)
    ]
    return _loading(rx.el.div(*card, class_name="g12"))


def skeleton_text(lines: int = 4) -> rx.Component:
    """A text that is still loading."""
    return _loading(rx.el.div(*(skeleton(f"{90 - 13 * (at % 4)}%") for at in range(lines)), class_name="stack"))


def skeleton(width: str = "100%", height: str = "14px") -> rx.Component:
    """One grey bar."""
    return rx.el.span(class_name="skel", style={"width": width, "height": height})


def reconnecting_banner() -> rx.Component:
    """Shown by itself while the event channel is down, with the age of what is seen; the shell carries one."""
    says = rx.el.b(tr("state.reconnecting"))
    # The age ticks: it stands outside of what is read aloud, or nothing else would be heard.
    told = rx.el.div(rx.cond(has_connection_errors, says, rx.fragment()), class_name="sr", role="status")
    seen = note(says, " ", tr("state.stale"), " ", time_since_mounted(), ".", tone="warn", icon_name="offline")
    return rx.fragment(told, rx.cond(has_connection_errors, seen, rx.fragment()))


def note(
    *children: Child,
    tone: str = "",
    icon_name: str = "info",
    actions: "list[rx.Component] | tuple[rx.Component, ...]" = (),
) -> rx.Component:
    """One line that explains; tone `warn` or `bad` outlines it."""
    return rx.el.div(
        icon(icon_name), rx.el.div(*children, class_name="grow"), *actions, class_name=f"note {tone}".strip()
    )


def problem_text(code: rx.Var[str] | str) -> rx.Var[str]:
    """The sentence for a failure code of the server, in the reader's language."""
    return tr_dynamic("problem.", code)


def _state(
    icon_name: str,
    tone: str,
    title: Child,
    detail: rx.Component,
    actions: "list[rx.Component] | tuple[rx.Component, ...]",
) -> rx.Component:
    return rx.el.div(
        rx.el.span(icon(icon_name, 24), class_name=f"ic {tone}".strip()),
        rx.el.h2(title),
        detail,
        *([rx.el.div(*actions, class_name="row")] if actions else []),
        class_name="state",
    )


def _loading(content: rx.Component) -> rx.Component:
    return rx.el.div(
        rx.el.span(tr("state.loading"), class_name="sr"),
        rx.el.div(content, custom_attrs={"aria-hidden": "true"}),
        role="status",
        custom_attrs={"aria-busy": "true"},
    )
