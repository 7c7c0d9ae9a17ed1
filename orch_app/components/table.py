"""DataTable that becomes a list of cards on a phone, and everything around a list: filters, sort, pages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import reflex as rx

from orch_app.components.actions import Child, link
from orch_app.components.local import Text, UiComponent, given, ui_module

_LIBRARY = ui_module("filters.jsx")
_VIEW = ui_module("table_view.jsx")
Cell = Callable[[rx.Var], Child]


class _Filter(UiComponent):
    """Props that the filters share."""

    library = _LIBRARY
    param: rx.Var[str]
    label: rx.Var[str]


class UrlText(_Filter):
    """`UrlText` of assets/ui/filters.jsx."""

    tag = "UrlText"


class UrlSelect(_Filter):
    """`UrlSelect` of assets/ui/filters.jsx."""

    tag = "UrlSelect"
    options: rx.Var[list]
    all: rx.Var[str]


class UrlTabs(_Filter):
    """`UrlTabs` of assets/ui/filters.jsx."""

    tag = "UrlTabs"
    options: rx.Var[list]


class UrlSegmented(_Filter):
    """`UrlSegmented` of assets/ui/filters.jsx."""

    tag = "UrlSegmented"
    options: rx.Var[list]
    usual: rx.Var[str]


class ResetFilters(UiComponent):
    """`ResetFilters` of assets/ui/filters.jsx."""

    library = _LIBRARY
    tag = "ResetFilters"
    params: rx.Var[list]


class SortHead(UiComponent):
    """`SortHead` of assets/ui/filters.jsx."""

    library = _LIBRARY
    tag = "SortHead"
    field: rx.Var[str]
    text: rx.Var[str]


class Pager(UiComponent):
    """`Pager` of assets/ui/filters.jsx."""

    library = _LIBRARY
    tag = "Pager"
    page: rx.Var[int]
    page_size: rx.Var[int]
    total: rx.Var[int]


class TableFrame(UiComponent):
    """`TableFrame` of assets/ui/table_view.jsx."""

    library = _VIEW
    tag = "TableFrame"
    name: rx.Var[str]
    user: rx.Var[str]
    columns: rx.Var[list]


class TableOptions(UiComponent):
    """`TableOptions` of assets/ui/table_view.jsx."""

    library = _VIEW
    tag = "TableOptions"
    name: rx.Var[str]
    user: rx.Var[str]
    columns: rx.Var[list]


class SavedViews(UiComponent):
    """`SavedViews` of assets/ui/saved_views.jsx."""

    library = ui_module("saved_views.jsx")
    tag = "SavedViews"
    name: rx.Var[str]
    user: rx.Var[str]


@dataclass(frozen=True)
class Column:
    """One column.

    `card` is its place on a phone: `k1` name, `k2` status, `k3` and `k4` two facts, `kc` a check box, `ks` a star,
    `km` a menu, `ka` actions below, "" hidden. `priority` 2 leaves below 1024 px, 3 below 1400 px. `sort` is the name
    in `?sort=`. `key` lets the reader of an `arranged` table hide it.
    """

    title: Text
    cell: Cell
    card: str = ""
    priority: int = 1
    right: bool = False
    sort: str = ""
    key: str = ""


@dataclass(frozen=True)
class Groups:
    """Rows in groups: which row begins one, and what is said above it."""

    begins: Callable[[rx.Var], rx.Var[bool]]
    heading: Cell


def data_table(  # noqa: PLR0913 - what a list may be beside its rows and columns
    rows: rx.Var[list],
    columns: Sequence[Column],
    *,
    caption: Text,
    href: Callable[[rx.Var], Text] | None = None,
    key: Callable[[rx.Var], Text] | None = None,
    groups: Groups | None = None,
    dense: bool = False,
) -> rx.Component:
    """Rows of a list var. With `href` the whole row is a link, carried by the `k1` cell; buttons stay above it.

    With `key` a row that moves takes the focus along.
    """
    head = rx.el.thead(rx.el.tr(*(_heading(column) for column in columns)))

    def drawn(row: rx.Var) -> rx.Component:
        line = _row(row, columns, href, key)
        return line if groups is None else _below_heading(row, line, groups, len(columns))

    body = rx.el.tbody(rx.foreach(rows, drawn))
    return rx.el.table(
        rx.el.caption(caption, class_name="sr"), head, body, class_name="rows dense" if dense else "rows"
    )


def arranged(table: rx.Component, columns: Sequence[Column], *, name: str, user: rx.Var[str]) -> rx.Component:
    """A table whose columns and density its reader chose by `table_options`; kept in the browser for each user."""
    return TableFrame.create(table, name=name, user=user, columns=_choices(columns))


def table_options(columns: Sequence[Column], *, name: str, user: rx.Var[str]) -> rx.Component:
    """The menu that shows and hides the columns that have a `key`, and makes rows compact. Not on a phone."""
    return TableOptions.create(name=name, user=user, columns=_choices(columns))


def saved_views(*, name: str, user: rx.Var[str]) -> rx.Component:
    """The menu of filters that the reader gave a name; kept in the browser for each user."""
    return SavedViews.create(name=name, user=user)


def _choices(columns: Sequence[Column]) -> list[dict[str, object]]:
    return [
        {"key": column.key, "label": column.title, "at": place}
        for place, column in enumerate(columns, start=1)
        if column.key
    ]


def filters_bar(*filters: rx.Component, resets: Sequence[str] = (), aside: rx.Component | None = None) -> rx.Component:
    """Compact filters in one line; `resets` are the parameters that the reset button clears, `aside` ends the line."""
    reset = [ResetFilters.create(params=list(resets))] if resets else []
    end = [] if aside is None else [rx.el.span(aside, class_name="right row")]
    return rx.el.div(*filters, *reset, *end, class_name="filters", role="search")


def url_text(label: Text, param: str = "q") -> rx.Component:
    """Search box bound to a parameter of the address; "/" jumps into it. A change runs the page's on_load."""
    return UrlText.create(label=label, param=param)


def url_select(label: Text, param: str, options: rx.Var[list] | list, all_text: Text = "") -> rx.Component:
    """Choice bound to a parameter of the address; options `{value, label}` or plain texts. A change runs on_load."""
    return UrlSelect.create(label=label, param=param, options=options, **given(all=all_text))


def url_tabs(label: Text, param: str, options: rx.Var[list] | list) -> rx.Component:
    """Category tabs bound to a parameter of the address: `{value, label, count?}`, the empty value is "all"."""
    return UrlTabs.create(label=label, param=param, options=options)


def url_segmented(label: Text, param: str, options: rx.Var[list] | list, *, usual: str) -> rx.Component:
    """A few choices `{value, label}` side by side, bound to a parameter of the address; `usual` leaves it out."""
    return UrlSegmented.create(label=label, param=param, options=options, usual=usual)


def pagination(page: rx.Var[int], page_size: rx.Var[int] | int, total: rx.Var[int]) -> rx.Component:
    """ "1-50 of 312" with back and forward by `?page=`; draws nothing when one page is all."""
    return Pager.create(page=page, page_size=page_size, total=total)


def _heading(column: Column) -> rx.Component:
    text = SortHead.create(field=column.sort, text=column.title) if column.sort else column.title
    return rx.el.th(text, scope="col", class_name=_look(column, phone=False))


def _row(
    row: rx.Var,
    columns: Sequence[Column],
    href: Callable[[rx.Var], Text] | None,
    key: Callable[[rx.Var], Text] | None,
) -> rx.Component:
    cells = [_cell(column, row, href) for column in columns]
    return rx.el.tr(*cells) if key is None else rx.el.tr(*cells, key=key(row))


def _below_heading(row: rx.Var, line: rx.Component, groups: Groups, width: int) -> rx.Component:
    heading = rx.el.tr(rx.el.td(groups.heading(row), col_span=width), class_name="tsec")
    return rx.fragment(rx.cond(groups.begins(row), heading, rx.fragment()), line, key=line.key)


def _cell(column: Column, row: rx.Var, href: Callable[[rx.Var], Text] | None) -> rx.Component:
    shown = column.cell(row)
    if href is not None and column.card == "k1":
        shown = link(shown, href=href(row), class_name="go b5")
    return rx.el.td(shown, class_name=_look(column, phone=True))


def _look(column: Column, *, phone: bool) -> str:
    parts = [
        column.card if phone else "",
        f"p{column.priority}" if column.priority > 1 else "",
        "r" if column.right else "",
    ]
    return " ".join(part for part in parts if part)
