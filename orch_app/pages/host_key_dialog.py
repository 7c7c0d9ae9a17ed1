"""The dialog that shows a host's key and pins it after somebody has compared the fingerprint."""

import reflex as rx

from orch_app.components.actions import button, copy_button
from orch_app.components.dialogs import ConfirmButton, cancel_button, modal
from orch_app.components.fields import segmented
from orch_app.components.icon import icon
from orch_app.components.states import note, problem_text
from orch_app.components.text import tr
from orch_app.state.host_keys import HostKeysState

KEYS = HostKeysState
COMPARE = "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"


def host_key_dialog() -> rx.Component:
    """Asks, shows, and pins on an explicit confirmation; another key than the pinned one needs the host's name."""
    body = rx.match(
        KEYS.step,
        ("asking", _wait(tr("keys_dialog.asking"))),
        ("pinning", _wait(tr("keys_dialog.pinning"))),
        ("same", _same()),
        ("changed", _changed()),
        ("failed", note(problem_text(KEYS.problem["code"].to(str)), tone="bad", icon_name="failed")),
        _new(),
    )
    footer = rx.match(
        KEYS.step,
        ("new", ConfirmButton.create(text=tr("keys_dialog.pin"), danger=False, on_confirm=KEYS.confirm)),
        (
            "changed",
            ConfirmButton.create(
                text=tr("keys_dialog.replace"), name=KEYS.host["name"].to(str), danger=True, on_confirm=KEYS.confirm
            ),
        ),
        (
            "failed",
            rx.fragment(
                cancel_button(tr("action.close")),
                button(tr("action.retry"), icon_name="refresh", on_click=KEYS.open(KEYS.host["id"].to(str))),
            ),
        ),
        cancel_button(tr("action.close")),
    )
    return modal(
        body,
        open=KEYS.step != "",
        on_close=KEYS.close,
        title=tr("keys_dialog.title", name=KEYS.host["name"].to(str)),
        subtitle=rx.el.span(KEYS.host["address"].to(str), ":", KEYS.host["port"].to(str), class_name="mono"),
        footer=footer,
        wide=True,
        stay=True,
    )


def _wait(words: rx.Var[str]) -> rx.Component:
    return rx.el.div(icon("running", 24, class_name="spin"), rx.el.p(words), class_name="wait", role="status")


def _new() -> rx.Component:
    return rx.fragment(
        rx.el.p(tr("keys_dialog.new_hint")),
        _choice(),
        _fingerprint(KEYS.picked, ""),
        rx.el.p(tr("keys_dialog.compare"), class_name="sec sm"),
        _command(),
    )


def _same() -> rx.Component:
    return rx.fragment(
        rx.el.div(icon("ok", class_name="ok"), rx.el.b(tr("keys_dialog.same")), class_name="row", role="status"),
        _fingerprint(KEYS.picked, "ok"),
    )


def _changed() -> rx.Component:
    return rx.fragment(
        rx.el.div(
            note(
                rx.el.b(tr("keys_dialog.changed")),
                " ",
                tr("keys_dialog.changed_hint"),
                tone="bad",
                icon_name="fingerprint",
            ),
            role="alert",
        ),
        rx.el.h3(tr("keys_dialog.pinned_key"), class_name="sub"),
        _fingerprint(KEYS.host["fingerprint"].to(str), ""),
        rx.el.h3(tr("keys_dialog.shown_key"), class_name="sub"),
        _choice(),
        _fingerprint(KEYS.picked, "bad"),
        rx.el.p(tr("keys_dialog.compare"), class_name="sec sm"),
        _command(),
    )


def _choice() -> rx.Component:
    return rx.cond(
        KEYS.keys.length() > 1,
        segmented(tr("keys_dialog.type"), value=KEYS.picked, options=KEYS.keys, on_change=KEYS.pick),
    )


def _fingerprint(fingerprint: rx.Var, look: str) -> rx.Component:
    return rx.el.div(
        rx.el.code(fingerprint),
        copy_button(fingerprint, label=tr("hosts.copy_fingerprint")),
        class_name=f"fp {look}".strip(),
    )


def _command() -> rx.Component:
    return rx.el.pre(COMPARE, class_name="cmd", tab_index=0)
