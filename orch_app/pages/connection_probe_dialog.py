"""The dialog that tries a connection and says what came of it."""

import reflex as rx

from orch_app.components.actions import button, copy_button
from orch_app.components.dialogs import cancel_button, modal
from orch_app.components.fields import select_field
from orch_app.components.icon import icon
from orch_app.components.layout import key_values
from orch_app.components.states import note, problem_text
from orch_app.components.status import status_badge
from orch_app.components.text import tr, tr_dynamic
from orch_app.pages.connection_form import rights
from orch_app.state.connection_probe import ConnectionProbeState

TEST = ConnectionProbeState
RESULT = ConnectionProbeState.result


def connection_probe_dialog() -> rx.Component:
    """Choose a host, try, read the outcome."""
    failed = note(problem_text(TEST.problem["code"].to(str)), tone="bad", icon_name="failed")
    body = rx.match(TEST.step, ("trying", _wait()), ("done", _outcome()), ("failed", failed), _choose())
    footer = rx.match(
        TEST.step,
        (
            "choose",
            rx.fragment(
                cancel_button(), button(tr("connections.test"), look="p", icon_name="pulse", on_click=TEST.start)
            ),
        ),
        ("trying", cancel_button(tr("action.close"))),
        rx.fragment(
            cancel_button(tr("action.close")),
            button(
                tr("connections.test_again"), icon_name="refresh", on_click=TEST.open(TEST.connection["id"].to(str))
            ),
        ),
    )
    return modal(
        body,
        open=TEST.step != "",
        on_close=TEST.close,
        title=tr("connections.test_title", name=TEST.connection["name"].to(str)),
        footer=footer,
        stay=True,
    )


def _choose() -> rx.Component:
    chosen = select_field(
        tr("connections.test_host"),
        options=TEST.hosts,
        value=TEST.host_id,
        on_change=TEST.choose,
        placeholder=tr("connections.test_no_host"),
        hint=tr("connections.test_host_hint"),
    )
    none = note(tr("connections.test_nothing"), icon_name="info")
    return rx.cond(TEST.hosts.length() > 0, chosen, none)


def _wait() -> rx.Component:
    return rx.el.div(
        icon("running", 24, class_name="spin"), rx.el.p(tr("connections.testing")), class_name="wait", role="status"
    )


def _outcome() -> rx.Component:
    facts = key_values(
        [
            (tr("connections.column.status"), status_badge(rx.cond(RESULT["ok"].to(bool), "ok", "failed"))),
            (tr("connections.took"), rx.el.span(RESULT["ms"].to(str), " ms", class_name="num")),
            (tr("connections.said"), rx.el.span(tr_dynamic("said.", RESULT["said"].to(str)), class_name="sec")),
        ]
    )
    code = RESULT["code"].to(str)
    headline = rx.cond(
        RESULT["is_login"].to(bool), tr_dynamic("connections.outcome.", code), tr_dynamic("connections.answer.", code)
    )
    return rx.el.div(
        rx.el.p(headline, class_name="b5"),
        rx.cond(RESULT["identity"].to(str) != "", rx.el.p(RESULT["identity"].to(str), class_name="mono break")),
        facts,
        _rights("connections.missing", RESULT["missing"]),
        _rights("connections.granted", RESULT["granted"]),
        rx.foreach(RESULT["keys"].to(list[dict[str, str]]), _key),
        class_name="stack",
        role="status",
    )


def _rights(word: str, names: rx.Var) -> rx.Component:
    return rx.cond(names.to(list[str]).length() > 0, rights(tr(word), names))


def _key(key: rx.Var) -> rx.Component:
    return rx.el.div(
        rx.el.code(key["fingerprint"]),
        copy_button(key["line"], label=tr("connections.copy_public_key")),
        class_name="fp",
    )
