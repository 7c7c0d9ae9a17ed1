"""Choosing rows of the list of jobs: check boxes, the bar of what can be done with the chosen ones together."""

from collections.abc import Callable

import reflex as rx

from orch_app.components.local import Event, EventHandler, UiComponent, one_list, ui_module
from orch_app.components.table import Column

_LIBRARY = ui_module("selection.jsx")


class SelectRow(UiComponent):
    """`SelectRow` of assets/ui/selection.jsx."""

    library = _LIBRARY
    tag = "SelectRow"
    row: rx.Var[str]
    name: rx.Var[str]


class SelectAll(UiComponent):
    """`SelectAll` of assets/ui/selection.jsx."""

    library = _LIBRARY
    tag = "SelectAll"
    rows: rx.Var[list]


class PickItem(UiComponent):
    """`PickItem` of assets/ui/selection.jsx."""

    library = _LIBRARY
    tag = "PickItem"


class SelectionBar(UiComponent):
    """`SelectionBar` of assets/ui/selection.jsx."""

    library = _LIBRARY
    tag = "SelectionBar"
    rows: rx.Var[list]
    may_cancel: rx.Var[bool]
    may_retry: rx.Var[bool]
    may_delete: rx.Var[bool]
    on_cancel: EventHandler[one_list]
    on_retry: EventHandler[one_list]
    on_delete: EventHandler[one_list]


def select_column(rows: rx.Var[list]) -> Column:
    """The first column: a check box for each row (`id`, `number`), and one for all of them. `x` presses it too."""
    return Column(
        SelectAll.create(rows=rows),
        lambda row: SelectRow.create(row=row["id"].to(str), name=row["number"].to(str)),
        card="kc",
    )


def pick_item() -> rx.Component:
    """A menu entry that shows the check boxes on a phone, where the cards have none of themselves."""
    return PickItem.create()


def selection_bar(
    rows: rx.Var[list], *, may: Callable[[str], rx.Var[bool]], on_cancel: Event, on_retry: Event, on_delete: Event
) -> rx.Component:
    """Stands below the list while rows (`id`, `number`, `status`) are chosen; Esc takes the choice away.

    `on_cancel(ids)` hears of those that have not ended, `on_delete(ids)` of those that have, both after a question;
    `on_retry(ids)` of those that have.
    """
    return SelectionBar.create(
        rows=rows,
        may_cancel=may("jobs:cancel"),
        may_retry=may("runbooks:execute"),
        may_delete=may("jobs:delete"),
        on_cancel=on_cancel,
        on_retry=on_retry,
        on_delete=on_delete,
    )
