"""The presets of the run drawer: the choice, its menu, and the question that an entry of the menu asks."""

import reflex as rx

from orch_app.components.actions import button, menu, menu_item
from orch_app.components.fields import checkbox, select_field, text_field
from orch_app.components.states import note
from orch_app.components.text import tr
from orch_app.pages.frame import may
from orch_app.pages.spoken import spoken_of
from orch_app.state.launch import LaunchState

ONE = LaunchState.preset
STEP = LaunchState.preset_step
HAS_ONE = ONE["id"].to(str) != ""
NAME = ONE["name"].to(str)


def preset_bar() -> rx.Component:
    """Nothing for those who find no preset and cannot keep one."""
    choice = select_field(
        tr("presets.label"),
        options=spoken_of(LaunchState.preset_options, LaunchState.preset_options_pt),
        value=ONE["id"].to(str),
        on_change=LaunchState.choose_preset,
        placeholder=tr("presets.none"),
        icon="tag",
    )
    keep = button(
        tr("presets.save_as"), icon_name="tag", look="s g to-right", on_click=LaunchState.begin_preset("save")
    )
    listed = rx.el.div(
        rx.el.div(choice, class_name="grow"), rx.cond(may("runbooks:execute"), _menu()), class_name="presets"
    )
    bar = rx.cond(LaunchState.presets.length() > 0, listed, rx.cond(may("runbooks:execute") & (STEP == ""), keep))
    return rx.fragment(bar, rx.cond(may("runbooks:execute"), _question()))


def _menu() -> rx.Component:
    mine = rx.fragment(
        menu_item(tr("presets.overwrite"), icon_name="download", on_click=LaunchState.begin_preset("overwrite")),
        menu_item(tr("presets.rename"), icon_name="edit", on_click=LaunchState.begin_preset("rename")),
        menu_item(tr("presets.delete"), icon_name="trash", danger=True, on_click=LaunchState.begin_preset("delete")),
    )
    return menu(
        menu_item(tr("presets.save_as"), icon_name="plus", on_click=LaunchState.begin_preset("save")),
        rx.cond(HAS_ONE & ONE["mayChange"].to(bool), mine),
        label=tr("presets.actions"),
    )


def _question() -> rx.Component:
    return rx.match(
        STEP,
        ("save", _named(share=True)),
        ("rename", _named(share=False)),
        ("overwrite", _sure(tr("presets.overwrite_ask", name=NAME), tr("presets.replace"), "p")),
        ("delete", _sure(tr("presets.delete_ask", name=NAME), tr("action.delete"), "d")),
        rx.fragment(),
    )


def _named(*, share: bool) -> rx.Component:
    name = text_field(
        tr("presets.name"),
        value=LaunchState.preset_name,
        on_change=LaunchState.name_preset,
        error=spoken_of(LaunchState.preset_fault["en"], LaunchState.preset_fault["pt"]),
        hint=tr("presets.no_secrets") if share else "",
        max_length=80,
    )
    shared = checkbox(
        tr("presets.share"),
        checked=LaunchState.preset_is_shared,
        on_change=LaunchState.share_preset,
        hint=tr("presets.share_hint"),
    )
    buttons = rx.el.div(
        button(tr("action.save"), look="s", on_click=LaunchState.finish_preset), _leave(), class_name="row"
    )
    return rx.el.div(
        name, rx.cond(may("settings:write"), shared) if share else rx.fragment(), buttons, class_name="ask"
    )


def _sure(question: rx.Var[str], action: rx.Var[str], look: str) -> rx.Component:
    return note(
        question,
        icon_name="warning",
        tone="warn",
        actions=[button(action, look=f"s {look}", on_click=LaunchState.finish_preset), _leave()],
    )


def _leave() -> rx.Component:
    return button(tr("action.cancel"), look="s g", on_click=LaunchState.begin_preset(""))
