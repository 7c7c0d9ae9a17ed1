"""A plan to be read before it is approved; see assets/ui/plan.jsx."""

import reflex as rx

from orch_app.components.local import Text, UiComponent, ui_module


class PlanView(UiComponent):
    """`PlanView` of assets/ui/plan.jsx."""

    library = ui_module("plan.jsx")
    tag = "PlanView"
    href: rx.Var[str]


def plan_view(href: Text) -> rx.Component:
    """The plan.json at a REST route: its steps with what stood there and what will. Drawing it downloads the file."""
    return PlanView.create(href=href)
