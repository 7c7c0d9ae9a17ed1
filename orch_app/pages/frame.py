"""The frame of every page after login: the shell with its state, and the five states of a page in one place."""

from typing import Any

import reflex as rx

from orch_app.components.layout import section
from orch_app.components.shell import ShellData, shell
from orch_app.components.states import arrival, error_state, no_rights_state, problem_text, skeleton_rows
from orch_app.components.text import tr
from orch_app.state.notices import Notices
from orch_app.state.session import ShellState
from orch_app.state.settings import SettingsState

ENTER = [ShellState.enter, ShellState.follow]


def framed(active: str, *content: rx.Component, reload: Any = None) -> rx.Component:
    """A page in the shell. `active` is its place in the navigation.

    `reload` reads it again for another environment: one handler, or several.
    """
    again = reload if isinstance(reload, list) else [reload] if reload is not None else []
    chosen = [ShellState.choose_environment, *again]
    data = ShellData(
        user=ShellState.user,
        environment=ShellState.environment,
        on_environment=chosen,
        workers=ShellState.workers,
        counts=ShellState.counts,
        bell=ShellState.bell,
        unread=ShellState.unread,
        on_bell=ShellState.see_bell,
        items=ShellState.items,
        on_search=ShellState.search,
        toasts=Notices.items,
        on_dismiss=Notices.dismiss,
        on_language=SettingsState.choose_language,
        on_theme=SettingsState.choose_theme,
    )
    return shell(active, *content, data=data)


def may(permission: str) -> rx.Var[bool]:
    """Whether the reader has the permission: for what a page offers. The services ask again."""
    return ShellState.may[permission].to(bool)


def by_phase(
    state: Any,
    ready: rx.Component,
    *,
    retry: Any,
    empty: rx.Component | None = None,
    loading: rx.Component | None = None,
) -> rx.Component:
    """What a `Screen` shows in the phase it is in: skeleton, the content, empty, an error with retry, or no rights."""
    meanwhile = loading if loading is not None else section(skeleton_rows(), padded=False)
    return read_here(state, in_phase(state, ready, retry=retry, empty=empty, loading=meanwhile), meanwhile)


def in_phase(
    state: Any,
    ready: rx.Component,
    *,
    retry: Any,
    empty: rx.Component | None = None,
    loading: rx.Component | None = None,
) -> rx.Component:
    """As `by_phase`, for what a tab draws once it is chosen: the address is then another one than what was read for.

    Around all tabs stands one `read_here`.
    """
    return rx.match(
        state.phase,
        ("loading", loading if loading is not None else section(skeleton_rows(), padded=False)),
        ("empty", empty if empty is not None else ready),
        ("error", section(_failed(state, retry), padded=False)),
        ("forbidden", section(_no_rights(state), padded=False)),
        ready,
    )


def read_here(state: Any, shown: rx.Component, meanwhile: rx.Component) -> rx.Component:
    """What a `Screen` was read for; `meanwhile` while it still holds what another address asked for."""
    return arrival(shown, meanwhile, at=state.shown_at, loads=state.loads)


def worded(permission: str, key: str) -> rx.Var[str]:
    """The text of the key for those who have the permission; that of `key_told` for those who have to ask somebody."""
    return rx.cond(may(permission), tr(key), tr(f"{key}_told")).to(str)


def _no_rights(state: Any) -> rx.Component:
    return no_rights_state(state.problem["permission"].to(str), state.problem["role"].to(str))


def _failed(state: Any, retry: Any) -> rx.Component:
    code, request_id = state.problem["code"].to(str), state.problem["requestId"].to(str)
    return error_state(problem_text(code), request_id=request_id, on_retry=retry)
