"""Form fields: label, control, hint and error as one unit. Text is told to `on_change` after a short pause."""

import reflex as rx

from orch_app.components.local import (
    Event,
    EventHandler,
    Text,
    UiComponent,
    given,
    one_flag,
    one_object,
    one_text,
    ui_module,
)

_LIBRARY = ui_module("fields.jsx")
Options = rx.Var[list] | list


class _Field(UiComponent):
    """Props that every field has."""

    library = _LIBRARY
    label: rx.Var[str]
    name: rx.Var[str]
    hint: rx.Var[str]
    error: rx.Var[str]
    optional: rx.Var[bool]
    disabled: rx.Var[bool]
    required: rx.Var[bool]
    wide: rx.Var[bool]
    label_hidden: rx.Var[bool]


class TextField(_Field):
    """`TextField` of assets/ui/fields.jsx."""

    tag = "TextField"
    value: rx.Var[str]
    type: rx.Var[str]
    placeholder: rx.Var[str]
    unit: rx.Var[str]
    icon: rx.Var[str]
    rows: rx.Var[int]
    code: rx.Var[bool]
    auto_complete: rx.Var[str]
    input_mode: rx.Var[str]
    max_length: rx.Var[int]
    filter: rx.Var[bool]
    on_change: EventHandler[one_text]
    on_enter: EventHandler[one_text]


class PasswordField(_Field):
    """`PasswordField` of assets/ui/fields.jsx."""

    tag = "PasswordField"
    auto_complete: rx.Var[str]
    rows: rx.Var[int]


class SelectField(_Field):
    """`SelectField` of assets/ui/fields.jsx."""

    tag = "SelectField"
    value: rx.Var[str]
    options: rx.Var[list]
    placeholder: rx.Var[str]
    icon: rx.Var[str]
    on_change: EventHandler[one_text]


class CheckField(_Field):
    """`CheckField` of assets/ui/fields.jsx."""

    tag = "CheckField"
    checked: rx.Var[bool]
    default_checked: rx.Var[bool]
    look: rx.Var[str]
    on_change: EventHandler[one_flag]


class Segmented(_Field):
    """`Segmented` of assets/ui/fields.jsx."""

    tag = "Segmented"
    value: rx.Var[str]
    options: rx.Var[list]
    full: rx.Var[bool]
    on_change: EventHandler[one_text]


class Form(UiComponent):
    """`Form` of assets/ui/fields.jsx."""

    library = _LIBRARY
    tag = "Form"
    busy: rx.Var[bool]
    on_submit: EventHandler[one_object]


def text_field(label: Text, *, value: Text | None = None, on_change: Event = None, **props: object) -> rx.Component:
    """One line of text; with `rows=3` an area.

    Props: `name, hint, error, optional, type, placeholder, unit, icon, rows, code, disabled, required, wide,
    label_hidden, auto_complete, input_mode, max_length, on_enter`. In a `form` give `name`, leave `on_change` out.
    """
    return TextField.create(label=label, **_told(value, on_change), **given(**props))


def filter_field(label: Text, *, value: Text, on_change: Event, **props: object) -> rx.Component:
    """The search box of a list: magnifier, reached by "/"."""
    fixed = {"icon": "search", "filter": True, "label_hidden": True, "placeholder": label, "class_name": "q"}
    return TextField.create(label=label, value=value, on_change=on_change, **{**fixed, **props})


def password_field(label: Text, *, name: str, **props: object) -> rx.Component:
    """A secret with show/hide and a caps-lock hint. It never enters a state var: it leaves with its `form`.

    Props: `hint, error, optional, auto_complete ("new-password"), required, disabled, rows` (a key of several lines).
    """
    return PasswordField.create(label=label, name=name, **given(**props))


def select_field(
    label: Text, *, options: Options, value: rx.Var | str | None = None, on_change: Event = None, **props: object
) -> rx.Component:
    """A choice from a list of `{value, label, disabled?}` or plain values.

    Props: `name, placeholder, hint, error, optional, disabled, wide, label_hidden, icon`.
    """
    return SelectField.create(label=label, options=options, **_told(value, on_change), **given(**props))


def checkbox(
    label: Text, *, checked: rx.Var[bool] | bool | None = None, on_change: Event = None, **props: object
) -> rx.Component:
    """A checkbox. Props: `name, hint, error, disabled, default_checked`."""
    events = {} if on_change is None else {"on_change": on_change}
    named = {} if checked is None else {"checked": checked}
    return CheckField.create(label=label, **named, **events, **given(**props))


def switch(
    label: Text, *, checked: rx.Var[bool] | bool | None = None, on_change: Event = None, **props: object
) -> rx.Component:
    """The same as a switch: for things that take effect at once."""
    return checkbox(label, checked=checked, on_change=on_change, look="switch", **props)


def segmented(label: Text, *, value: Text, options: Options, on_change: Event, **props: object) -> rx.Component:
    """A few choices side by side: `{value, label, tone?}`, tone `prod` for production.

    Props: `full, label_hidden, error, hint`.
    """
    return Segmented.create(label=label, value=value, options=options, on_change=on_change, **given(**props))


def form(*children: rx.Component, on_submit: Event, **props: object) -> rx.Component:
    """A form that hands on one object of its named fields, checkboxes as booleans. Ctrl+Enter submits.

    Props: `id, busy`.
    """
    return Form.create(*children, on_submit=on_submit, **props)


def field_error(text: Text) -> rx.Component:
    """An error line of its own, for something that is no single field."""
    from_ui = {"text": text}
    return FieldError.create(**from_ui)


class FieldError(UiComponent):
    """`FieldError` of assets/ui/fields.jsx."""

    library = _LIBRARY
    tag = "FieldError"
    text: rx.Var[str]


def _told(value: object, on_change: Event) -> dict[str, object]:
    return {
        name: given_value
        for name, given_value in (("value", value), ("on_change", on_change))
        if given_value is not None
    }
