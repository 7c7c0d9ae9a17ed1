"""Deny by default on the websocket: anybody can call any public method of a state, so each says who may."""

import inspect

import reflex as rx
from reflex.istate.storage import ClientStorageBase

from orch_app.domains.access.permissions import Permission
from orch_app.state import guard
from orch_app.state.exposure import GUARD
from tests.state.tabs import handlers, states

# They run beside the tab, without its lock; whoever adds one has to look the actor up again while it lives.
IN_THE_BACKGROUND = {
    "ShellState.follow",
    "DashboardState.follow",
    "RunbooksState.follow",
    "ApprovalsState.follow",
    "JobsState.follow",
    "JobState.follow",
    "JobState.follow_log",
    "PipelinesState.follow",
    "PipelineRunState.follow",
    "HostsState.follow",
    "GroupsState.follow",
    "SchedulesState.follow",
    "ConnectionsState.follow",
    "WorkersState.follow",
    "SourcesState.follow",
    "HooksState.follow",
    "HostKeysState.scan",
    "HostKeysState.pin",
    "ConnectionProbeState.probe",
    "DashboardState.watch_containers",
    "DashboardState.count_containers",
    "ContainersState.load",
    "ContainersState.follow",
    "ContainersState.open",
    "ContainersState.order",
    "ContainerLogsState.load",
    "ContainerLogsState.follow",
}
SAID = {name: getattr(handler.fn, GUARD, None) for name, handler in handlers().items()}
SHORTEST = len("a reason")
# Kept by the browser, so it may set them without any handler.
IN_THE_BROWSER = {"environment", "zone", "bell_seen"}


def test_the_handlers_are_found() -> None:
    known = {"JobState.cancel", "LaunchState.run", "ConnectionsState.save", "SettingsState.disable", "ShellState.enter"}
    assert known <= set(handlers())
    assert len(handlers()) > 70


def test_states_are_in_their_folder_only() -> None:
    assert [state.__module__ for state in states() if not state.__module__.startswith("orch_app.state.")] == []


def test_every_handler_says_who_may_call_it() -> None:
    silent = [name for name, said in SAID.items() if not isinstance(said, Permission) and len(said or "") < SHORTEST]
    assert silent == []


def test_a_handler_that_names_a_permission_is_wrapped_by_the_guard_itself() -> None:
    wrapper = guard.guarded(Permission.ME)(lambda: None).__code__
    named = {name for name, said in SAID.items() if isinstance(said, Permission)}
    assert [name for name in named if handlers()[name].fn.__code__ is not wrapper] == []
    assert len(named) > 60


def test_open_handlers_are_few_and_known() -> None:
    assert {name for name, said in SAID.items() if not isinstance(said, Permission)} == {
        "EntranceState.at_home",
        "EntranceState.at_login",
        "EntranceState.at_setup",
        "Notices.dismiss",
        "Notices.show_count",
        "Notices.show_done",
        "Notices.show_problem",
        "ShellState.choose_environment",
        "ShellState.see_bell",
    }


def test_no_variable_can_be_set_from_outside() -> None:
    """`setvar` calls whatever begins with `set_`, of any state, with what the caller sends."""
    assert rx.config.get_config().state_auto_setters is False
    settable = {f"{state.__name__}.{name}" for state in states() for name in dir(state) if name.startswith("set_")}
    assert {name for name in settable if not name.endswith(".set_is_hydrated")} == set()


def test_the_browser_keeps_only_what_is_no_secret() -> None:
    kept = {
        name
        for state in states()
        for name, field in state.get_fields().items()
        if isinstance(field.default, ClientStorageBase)
    }
    assert kept == IN_THE_BROWSER


def test_no_handler_is_a_generator() -> None:
    """What a generator yields is sent before the guard has seen the end of it."""
    inner = {name: inspect.unwrap(handler.fn) for name, handler in handlers().items()}
    yielding = [name for name, fn in inner.items() if inspect.isgeneratorfunction(fn) or inspect.isasyncgenfunction(fn)]
    assert yielding == []


def test_only_the_known_handlers_run_in_the_background() -> None:
    assert {name for name, handler in handlers().items() if handler.is_background} == IN_THE_BACKGROUND
