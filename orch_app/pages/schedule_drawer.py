"""The drawer of one schedule: when it runs next, what came of its moments, and what can be done with it."""

import reflex as rx

from orch_app.components.actions import button, link, menu, menu_item
from orch_app.components.dialogs import drawer
from orch_app.components.fields import switch
from orch_app.components.layout import key_values
from orch_app.components.schedule import zoned_time
from orch_app.components.states import note
from orch_app.components.status import env_badge, status_badge
from orch_app.components.text import tr, tr_dynamic
from orch_app.components.values import relative_time
from orch_app.pages.cron_editor import next_runs
from orch_app.pages.frame import may
from orch_app.pages.list_parts import scope
from orch_app.pages.spoken import spoken
from orch_app.state.schedule_form import ScheduleFormState
from orch_app.state.schedules import SchedulesState

ONE = SchedulesState.one
ZONE = ONE["timezone"].to(str)


def schedule_drawer() -> rx.Component:
    """What is known about one schedule."""
    override = note(
        rx.el.b(tr("schedules.passes_blackouts")), " ", ONE["overrideReason"].to(str), icon_name="lock", tone="warn"
    )
    coming = rx.cond(
        ONE["nextAt"].to(str) != "",
        next_runs(ONE["runs"], ZONE),
        rx.el.p(tr_dynamic("schedules.stands_still.", ONE["status"].to(str)), class_name="sec"),
    )
    history = rx.el.ul(rx.foreach(SchedulesState.history, _firing), class_name="moments")
    return drawer(
        rx.cond(ONE["overrideReason"].to(str) != "", override),
        rx.cond(may("schedules:write") & ONE["isMine"].to(bool), _active()),
        _facts(),
        rx.el.h3(tr("schedules.next_runs"), class_name="sub"),
        coming,
        rx.el.h3(tr("schedules.history"), class_name="sub"),
        rx.cond(SchedulesState.history.length() > 0, history, rx.el.p(tr("schedules.never_fired"), class_name="sec")),
        open=SchedulesState.panel == "detail",
        on_close=SchedulesState.close,
        title=ONE["name"].to(str),
        subtitle=spoken(ONE, "sentence"),
        badges=[status_badge(ONE["status"].to(str)), env_badge(ONE["environment"].to(str))],
        footer=_actions(),
    )


def last_result(firing: rx.Var) -> rx.Component:
    """What came of the last moment: the job's own state, or why there is none."""
    state = status_badge(firing["status"].to(str), firing["phase"].to(str), plain=True)
    ran = link(state, relative_time(firing["at"].to(str), "sec"), href=firing["href"].to(str), class_name="row up")
    reason = rx.cond(
        firing["reason"].to(str) != "",
        rx.el.div(tr_dynamic("schedules.reason.", firing["reason"].to(str)), class_name="t2"),
    )
    other = rx.el.div(rx.el.div(state, relative_time(firing["at"].to(str), "sec"), class_name="row"), reason)
    return rx.cond(
        firing["outcome"].to(str) == "",
        rx.el.span("—", class_name="sec"),
        rx.cond(firing["href"].to(str) != "", ran, other),
    )


def _active() -> rx.Component:
    return switch(
        tr("schedules.column.active"),
        checked=~ONE["isPaused"].to(bool),
        on_change=SchedulesState.toggle(ONE["id"].to(str)),
        hint=tr("schedules.active_hint"),
    )


def _facts() -> rx.Component:
    runbook = link(spoken(ONE, "title"), href="/runbooks?run=" + ONE["runbook"].to(str))
    window = rx.el.span(
        zoned_time(ONE["startsAt"].to(str), ZONE), " - ", zoned_time(ONE["endsAt"].to(str), ZONE), class_name="sec"
    )
    has_window = (ONE["startsAt"].to(str) != "") | (ONE["endsAt"].to(str) != "")
    return key_values(
        [
            (tr("schedules.runbook"), runbook),
            (tr("schedules.expression"), rx.el.code(ONE["cron"].to(str), class_name="mono")),
            (tr("schedules.timezone"), ZONE),
            (tr("schedules.column.owner"), rx.el.span(ONE["owner"].to(str), " · ", tr("schedules.owner_hint"))),
            (tr("schedules.policy"), tr_dynamic("schedules.policy.", ONE["policy"].to(str))),
            (tr("launch.scope"), scope(ONE["scope"].to(str))),
            (
                tr("schedules.window_fact"),
                rx.cond(has_window, window, rx.el.span(tr("schedules.always"), class_name="sec")),
            ),
        ]
    )


def _firing(firing: rx.Var) -> rx.Component:
    number = rx.cond(firing["number"].to(int) > 0, rx.el.span("#", firing["number"].to(str), class_name="num"))
    several = rx.cond(
        firing["count"].to(int) > 1, rx.el.span(tr("schedules.times", n=firing["count"].to(int)), class_name="sec")
    )
    by_hand = rx.cond(
        firing["kind"].to(str) == "manual",
        rx.el.span(tr("schedules.by_hand", name=firing["actor"].to(str)), class_name="sec"),
    )
    why = rx.cond(
        firing["reason"].to(str) != "",
        rx.el.div(
            tr_dynamic("schedules.reason.", firing["reason"].to(str)),
            " ",
            firing["detail"].to(str),
            class_name="t2 break",
        ),
    )
    state = status_badge(firing["status"].to(str), firing["phase"].to(str), plain=True)
    shown = rx.cond(
        firing["href"].to(str) != "", link(state, number, href=firing["href"].to(str), class_name="row up"), state
    )
    return rx.el.li(
        rx.el.div(
            rx.el.div(zoned_time(firing["at"].to(str), ZONE), several, by_hand, class_name="row wrap"),
            why,
            class_name="grow",
        ),
        shown,
    )


def _actions() -> rx.Component:
    schedule_id = ONE["id"].to(str)
    is_mine = ONE["isMine"].to(bool)
    more = menu(
        menu_item(tr("action.delete"), icon_name="trash", danger=True, on_click=SchedulesState.ask_delete(schedule_id)),
        label=tr("hosts.actions", name=ONE["name"].to(str)),
        side="left",
    )
    return rx.fragment(
        rx.cond(may("schedules:write") & is_mine, more),
        rx.el.span(class_name="grow no-phone"),
        rx.cond(
            may("schedules:write") & is_mine,
            button(
                tr("action.edit"),
                icon_name="edit",
                on_click=[SchedulesState.close, ScheduleFormState.open_edit(schedule_id)],
            ),
        ),
        rx.cond(
            may("schedules:write"),
            button(tr("schedules.run_now"), icon_name="play", look="p", on_click=SchedulesState.run_now(schedule_id)),
        ),
    )
