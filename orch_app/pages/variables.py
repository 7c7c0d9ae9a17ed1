"""Variables of a host or a group: the field they are typed into with their faults, and how they are shown."""

import reflex as rx

from orch_app.components.actions import copy_button
from orch_app.components.fields import field_error, text_field
from orch_app.components.states import note
from orch_app.components.text import tr
from orch_app.pages.spoken import spoken

ROWS = 8


def variables_field(value: rx.Var[str], faults: rx.Var[list]) -> rx.Component:
    """YAML or JSON in a form, under the name `variables`; each fault names the variable that it is about."""
    typed = text_field(
        tr("variables.title"),
        name="variables",
        value=value,
        hint=tr("variables.hint"),
        optional=True,
        rows=ROWS,
        code=True,
        max_length=100_000,
    )
    return rx.el.div(typed, faults_told(faults), class_name="f")


def faults_told(faults: rx.Var[list]) -> rx.Component:
    """Sentences of faults, each after the name that it is about."""
    return rx.foreach(
        faults,
        lambda fault: field_error(
            rx.cond(
                fault["about"].to(str) != "",
                fault["about"].to(str) + ": " + spoken(fault, "detail"),
                spoken(fault, "detail"),
            )
        ),
    )


def variables_shown(text: rx.Var[str], is_trusted_text: rx.Var[bool]) -> rx.Component:
    """The variables as YAML, and whether templates in them are worked out."""
    block = rx.el.div(
        rx.el.pre(text, tab_index=0, custom_attrs={"aria-label": tr("variables.title")}),
        copy_button(text, label=tr("variables.copy")),
        class_name="codeb",
    )
    trusted = rx.cond(is_trusted_text, note(tr("variables.trusted"), icon_name="shield"))
    none = rx.el.p(tr("variables.none"), class_name="sec sm")
    return rx.fragment(
        rx.el.h3(tr("variables.title"), class_name="sub"), rx.cond(text != "", rx.fragment(block, trusted), none)
    )
