"""The drawer of one webhook: where the other system posts, its secret, what is heeded, and what came."""

import reflex as rx

from orch_app.components.actions import button, copy_button, link, menu, menu_item
from orch_app.components.dialogs import drawer
from orch_app.components.fields import switch
from orch_app.components.layout import key_values
from orch_app.components.new_secret import new_secret
from orch_app.components.status import env_badge, state_badge
from orch_app.components.text import tr, tr_dynamic
from orch_app.components.values import relative_time
from orch_app.pages.frame import may
from orch_app.pages.list_parts import scope
from orch_app.pages.spoken import spoken
from orch_app.state.hook_form import HookFormState
from orch_app.state.hooks import HooksState

ONE = HooksState.one
IS_SYNC = ONE["action"].to(str) == "sync"


def webhook_drawer() -> rx.Component:
    """What is known about one webhook; the drawer is where a new one's secret is fetched."""
    listed = rx.el.ul(rx.foreach(HooksState.deliveries, _delivery), class_name="moments")
    none = rx.el.p(tr("hooks.nothing_came"), class_name="sec")
    return drawer(
        rx.cond(may("hooks:write"), _active()),
        _address(),
        rx.cond(may("hooks:write"), _secret()),
        _facts(),
        rx.el.h3(tr("hooks.deliveries"), class_name="sub"),
        rx.cond(HooksState.deliveries.length() > 0, listed, none),
        open=HooksState.panel == "detail",
        on_close=HooksState.close,
        title=ONE["name"].to(str),
        subtitle=tr_dynamic("hooks.provider.", ONE["provider"].to(str)),
        badges=[rx.cond(IS_SYNC, rx.fragment(), env_badge(ONE["environment"].to(str)))],
        footer=_actions(),
    )


def _active() -> rx.Component:
    return switch(
        tr("hooks.column.enabled"),
        checked=ONE["isEnabled"].to(bool),
        on_change=HooksState.toggle(ONE["id"].to(str)),
        hint=tr("hooks.enabled_hint"),
    )


def _address() -> rx.Component:
    url = HooksState.origin + ONE["path"].to(str)
    return rx.el.div(
        rx.el.span(tr("hooks.address"), class_name="lbl"),
        rx.el.div(rx.el.code(url), copy_button(url, label=tr("hooks.copy_address")), class_name="fp"),
        rx.el.p(tr_dynamic("hooks.address_hint.", ONE["provider"].to(str)), class_name="hint"),
        class_name="f",
    )


def _secret() -> rx.Component:
    """Made here, shown here, once: whoever lost it makes another one."""
    route = "/v1/webhooks/" + ONE["id"].to(str) + "/secret"
    came = HooksState.deliveries.length() > 0
    return rx.el.div(
        rx.el.span(tr("hooks.secret"), class_name="lbl"),
        rx.el.p(tr("hooks.secret_set"), " ", relative_time(ONE["setAt"].to(str)), class_name="sec sm"),
        new_secret(route, asks=came, on_made=HooksState.reload),
        class_name="f",
    )


def _facts() -> rx.Component:
    does = rx.el.span(
        tr_dynamic("hooks.action.", ONE["action"].to(str)), " ", link(spoken(ONE, "target"), href=ONE["href"].to(str))
    )
    return key_values(
        [
            (tr("hooks.column.does"), does),
            (tr("hooks.column.owner"), rx.el.span(ONE["owner"].to(str), " · ", tr("hooks.owner_hint"))),
            (tr("launch.scope"), scope(ONE["scope"].to(str))),
            (tr("hooks.form.events"), _lines(ONE["events"], tr("hooks.every_event"))),
            (tr("hooks.form.conditions"), _lines(ONE["conditions"], "—")),
            (tr("hooks.form.mapping"), _lines(ONE["mapping"], "—")),
            (tr("hooks.headers"), _lines(ONE["headers"], "—")),
        ]
    )


def _lines(lines: rx.Var, otherwise: rx.Var[str] | str) -> rx.Component:
    listed = lines.to(list[str])
    each = rx.el.div(rx.foreach(listed, lambda line: rx.el.div(rx.el.code(line))))
    return rx.cond(listed.length() > 0, each, rx.el.span(otherwise, class_name="sec"))


def _delivery(one: rx.Var) -> rx.Component:
    outcome, reason = one["outcome"].to(str), one["reason"].to(str)
    title = rx.cond(reason == "validation", tr("hooks.not_valid"), tr_dynamic("problem.", reason))
    failed = rx.fragment(title, " ", one["detail"].to(str))
    ignored = tr_dynamic("hooks.ignored.", reason)
    why = rx.el.div(rx.cond(outcome == "failed", failed, ignored), class_name="sec sm break")
    repeats = one["repeats"].to(int)
    job = link("#", one["number"].to(str), href=one["href"].to(str))
    return rx.el.li(
        rx.el.div(
            rx.el.div(
                relative_time(one["at"].to(str)),
                rx.el.code(one["event"].to(str)),
                rx.cond(repeats > 0, rx.el.span(tr("hooks.repeats", n=repeats), class_name="sec")),
                class_name="row wrap",
            ),
            rx.cond(reason != "", why),
            class_name="grow",
        ),
        rx.cond(one["href"].to(str) != "", job),
        _outcome_chip(outcome),
    )


def _outcome_chip(outcome: rx.Var[str]) -> rx.Component:
    """What came of a message, as a word with its sign."""
    word = tr_dynamic("hooks.outcome.", outcome)
    return rx.match(
        outcome,
        ("failed", state_badge(word, icon_name="warning", tone="bad")),
        ("ignored", state_badge(word, icon_name="minus")),
        state_badge(word, icon_name="ok", tone="ok"),
    )


def _actions() -> rx.Component:
    hook_id = ONE["id"].to(str)
    more = menu(
        menu_item(tr("action.delete"), icon_name="trash", danger=True, on_click=HooksState.ask_delete(hook_id)),
        label=tr("hosts.actions", name=ONE["name"].to(str)),
        side="left",
    )
    edit = button(tr("action.edit"), icon_name="edit", on_click=HookFormState.open_edit(hook_id))
    return rx.cond(may("hooks:write"), rx.fragment(more, rx.el.span(class_name="grow no-phone"), edit))
