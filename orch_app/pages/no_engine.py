"""What pages about containers say while no engine is connected."""

import reflex as rx

from orch_app.components.actions import link_button
from orch_app.components.layout import section
from orch_app.components.states import empty_state
from orch_app.components.text import tr
from orch_app.pages.frame import may, worded


def no_engine(icon_name: str) -> rx.Component:
    """Why there is nothing to see, and the way on for those who may connect one."""
    add = link_button(tr("containers.connect"), href="/connections?new=1", icon_name="plug", look="p")
    empty = empty_state(
        tr("containers.empty"),
        worded("connections:write", "containers.empty_hint"),
        rx.cond(may("connections:write"), add),
        icon_name=icon_name,
    )
    return section(empty, padded=False)
