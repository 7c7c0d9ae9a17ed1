"""SchemaForm: a form drawn from the field tree that the runbook catalogue makes of a JSON Schema.

A field is a dict:

- always: `name`, `pointer` (a `*` stands for a row), `kind`, `title`, `titlePt`, `required`
- `kind`: string, integer, number, boolean, enum, const, textarea, code, password, file, json; object (`fields`), table
  (a list of objects: `columns`, and `grid`, the names of those in the row itself, while the others stand below it),
  array (a list of scalars: `item`), map (free keys: `item`), variant (`variants`: `{title, titlePt, fields}`)
- sometimes: `help`, `helpPt`, `unit`, `placeholder`, `default`, `options` and `named` (`{value, label, labelPt}`),
  `choices` (`{source, params}`), `maxLength`, `minItems`, `maxItems`, `itemTitle`, `itemTitlePt`, `import` (`["zone"]`)
  and the conditions on siblings `requiredWhen`, `hiddenWhen` (see `domains/runbooks/conditions.py`) and `showWhen`
  (`{sibling: [values]}`)

Values keep their JSON types: an integer is a number, an empty optional field is left out, text that is no number stays
text so that the server can refuse it; a field that is not shown is not sent. Errors come as `{json pointer: sentence}`;
the empty pointer is the whole form.
"""

import reflex as rx

from orch_app.components.local import Event, EventHandler, UiComponent, given, one_object, ui_module


class SchemaForm(UiComponent):
    """`SchemaForm` of assets/ui/form/schema_form.jsx."""

    library = ui_module("form/schema_form.jsx")
    tag = "SchemaForm"
    fields: rx.Var[list]
    values: rx.Var[dict]
    errors: rx.Var[dict]
    disabled: rx.Var[bool]
    choices: rx.Var[dict]
    on_change: EventHandler[one_object]


def schema_form(
    fields: rx.Var[list],
    *,
    on_change: Event,
    values: rx.Var[dict] | None = None,
    errors: rx.Var[dict] | None = None,
    disabled: rx.Var[bool] | bool = False,
    choices: rx.Var[dict] | None = None,
) -> rx.Component:
    """The form. `on_change(values)` hears every change after a short pause, and the defaults once at the beginning.

    Args:
        fields: the field tree.
        on_change: gets the whole object.
        values: what the form shows; None lets it begin with the schema's defaults.
        errors: by JSON pointer; the first invalid field gets the focus.
        disabled: everything is visible and nothing can be changed.
        choices: `{url, connections, environment}` to ask for choices with; without it such fields are plain text.
    """
    return SchemaForm.create(
        fields=fields,
        on_change=on_change,
        **given(values=values, errors=errors, disabled=disabled, choices=choices),
    )
