"""Lists in pages: keyset cursors over a whitelist of sort keys, stable because every order ends with the id."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Request
from pydantic import Field
from sqlalchemy import ColumnElement, TypeDecorator, and_, func, or_
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from orch_app.kit.errors import BadRequest
from orch_app.kit.rest import MAX_PAGE, CamelModel, decode_cursor, encode_cursor

Row = TypeVar("Row")
SortKeys = Mapping[str, Any]
FORWARD, BACK = "next", "prev"
MAX_INTEGER = 2**63 - 1


class PageQuery(CamelModel):
    """The query parameters of every list. `sort` names keys of the list's whitelist; `-` before one is descending."""

    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 50
    cursor: Annotated[str, Field(max_length=2000)] = ""
    sort: Annotated[str, Field(max_length=200)] = ""
    with_total: bool = False


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows of a list and the cursors of its neighbours; `total` is None unless it was asked for."""

    items: Sequence[Row]
    next_cursor: str | None
    prev_cursor: str | None
    total: int | None


@dataclass(frozen=True)
class _Order:
    """One sort key: the row's attribute, its column, its direction."""

    column: Any
    descending: bool

    @property
    def attribute(self) -> str:
        return str(self.column.key)

    def clause(self, *, reverse: bool) -> ColumnElement[Any]:
        return self.column.desc() if self.descending is not reverse else self.column.asc()

    def beyond(self, value: Any, *, reverse: bool) -> ColumnElement[bool]:
        return self.column < value if self.descending is not reverse else self.column > value


def read_page(
    session: Session, query: SelectOfScalar[Row], sort_keys: SortKeys, wanted: PageQuery, *, offset: int = 0
) -> Page[Row]:
    """One page of a filtered, unordered query. `sort_keys` maps wire names to columns that are never null.

    It must hold `id`; the first of its keys is the default order. The rows are mapped objects. Lists that know pages by
    number pass over `offset` rows.

    Raises:
        BadRequest: a sort key that is not in the whitelist, or a cursor of another list or order.
    """
    sort = wanted.sort or next(iter(sort_keys))
    orders = _orders(sort, sort_keys)
    direction, place = _place(wanted.cursor, sort, orders)
    reverse = direction == BACK
    found = query.order_by(*(order.clause(reverse=reverse) for order in orders)).limit(wanted.limit + 1).offset(offset)
    if place:
        found = found.where(_beyond(orders, place, reverse=reverse))
    rows = list(session.exec(found).all())
    has_more, rows = len(rows) > wanted.limit, rows[: wanted.limit]
    if reverse:
        rows.reverse()
    after = _cursor(FORWARD, sort, orders, rows[-1:]) if has_more or reverse else None
    before = _cursor(BACK, sort, orders, rows[:1]) if (has_more if reverse else place or offset) else None
    return Page(rows, after, before, _count(session, query) if wanted.with_total else None)


def next_link(request: Request, cursor: str | None) -> dict[str, str]:
    """The `Link` header that leads to the next page, or nothing on the last one."""
    if not cursor:
        return {}
    target = request.url.remove_query_params("page").include_query_params(cursor=cursor)
    return {"Link": f'<{target.path}?{target.query}>; rel="next"'}


def contains(column: Any, needle: str) -> ColumnElement[bool]:
    """Whether a text column contains the needle, whatever its case; `%` and `_` mean themselves."""
    return func.lower(col(column)).contains(needle.lower(), autoescape=True)


def _orders(sort: str, sort_keys: SortKeys) -> list[_Order]:
    names = [name.strip() for name in sort.split(",")]
    unknown = [name for name in names if name.removeprefix("-") not in sort_keys]
    if unknown:
        allowed = ", ".join(sort_keys)
        raise BadRequest(f"This list cannot be sorted by {unknown[0][:40]!r}. It can by: {allowed}.", "unknown_sort")
    orders = [_Order(col(sort_keys[name.removeprefix("-")]), name.startswith("-")) for name in names]
    if orders[-1].column is col(sort_keys["id"]):
        return orders
    return [*orders, _Order(col(sort_keys["id"]), orders[-1].descending)]


def _count(session: Session, query: SelectOfScalar[Row]) -> int:
    return session.exec(select(func.count()).select_from(query.order_by(None).subquery())).one()


def _cursor(direction: str, sort: str, orders: Sequence[_Order], rows: Sequence[Any]) -> str | None:
    values = [getattr(row, order.attribute) for row in rows for order in orders]
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return encode_cursor(direction, sort, *plain) if rows else None


def _place(cursor: str, sort: str, orders: Sequence[_Order]) -> tuple[str, list[Any]]:
    """Direction and sort values of a cursor; refused when it was given for another order."""
    if not cursor:
        return FORWARD, []
    direction, of_sort, *values = decode_cursor(cursor, 2 + len(orders))
    if direction not in (FORWARD, BACK) or of_sort != sort:
        raise BadRequest("The cursor is not one that this list gave in this order.", "bad_cursor")
    return direction, [_typed(order, value) for order, value in zip(orders, values, strict=True)]


def _typed(order: _Order, value: Any) -> Any:
    stored = order.column.type
    expected = (stored.impl_instance if isinstance(stored, TypeDecorator) else stored).python_type
    try:
        typed = datetime.fromisoformat(value).astimezone(UTC) if expected is datetime else value
    except (TypeError, ValueError, OverflowError) as error:
        raise BadRequest("The cursor is not one that this list gave.", "bad_cursor") from error
    if not isinstance(typed, expected) or (isinstance(typed, int) and abs(typed) > MAX_INTEGER):
        raise BadRequest("The cursor is not one that this list gave.", "bad_cursor")
    return typed


def _beyond(orders: Sequence[_Order], place: Sequence[Any], *, reverse: bool) -> ColumnElement[bool]:
    """Rows after the place: greater in the first key, or equal in it and greater in the next, and so on."""
    branches: list[ColumnElement[bool]] = []
    for index, order in enumerate(orders):
        equal = [before.column == value for before, value in zip(orders[:index], place, strict=False)]
        branches.append(and_(*equal, order.beyond(place[index], reverse=reverse)))
    return or_(*branches)
