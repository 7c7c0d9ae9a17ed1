"""Pages of a list: every row once, in order, forwards and backwards, whatever is sorted by."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Field, Session, SQLModel, select

from orch_app.kit.db import UtcDateTime, make_engine
from orch_app.kit.errors import BadRequest
from orch_app.kit.pages import Page, PageQuery, contains, read_page
from orch_app.kit.rest import encode_cursor

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


class PagedThing(SQLModel, table=True):
    """A row to list. Its table is made here and is no part of the product."""

    __tablename__ = "paged_things"  # pyright: ignore[reportAssignmentType]
    metadata = SQLModel.metadata.__class__()

    id: str = Field(primary_key=True)
    name: str
    size: int
    made_at: datetime = Field(sa_type=UtcDateTime)


SORT = {"name": PagedThing.name, "size": PagedThing.size, "madeAt": PagedThing.made_at, "id": PagedThing.id}
THINGS = [
    PagedThing(id=f"t{n:02}", name=f"name{n % 4}", size=n % 3, made_at=MOMENT + timedelta(seconds=n % 5))
    for n in range(23)
]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    found = make_engine(database_url)
    PagedThing.metadata.create_all(found)
    with Session(found) as session:
        session.add_all([PagedThing(**thing.model_dump()) for thing in THINGS])
        session.commit()
    yield found
    found.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as opened:
        yield opened


def page(session: Session, **wanted: Any) -> Page[PagedThing]:
    return read_page(session, select(PagedThing), SORT, PageQuery(**wanted))


def ids(found: Page[PagedThing]) -> list[str]:
    return [row.id for row in found.items]


def in_order(sort: str) -> list[str]:
    """What the list must be, by Python's own stable sort."""
    keys = sort.split(",")
    keys.append("-id" if keys[-1].startswith("-") else "id")
    rows = list(THINGS)
    names = {"name": "name", "size": "size", "madeAt": "made_at", "id": "id"}
    for key in reversed(keys):
        rows.sort(key=lambda row, key=key: getattr(row, names[key.removeprefix("-")]), reverse=key.startswith("-"))
    return [row.id for row in rows]


@pytest.mark.parametrize(
    "sort", ["name", "-name", "size,-madeAt", "-size,name", "madeAt", "-madeAt,-size", "id", "-id"]
)
@pytest.mark.parametrize("limit", [1, 4, 23, 200])
def test_every_row_comes_once_and_in_order_both_ways(session: Session, sort: str, limit: int) -> None:
    forward: list[list[str]] = []
    found = page(session, sort=sort, limit=limit)
    assert found.prev_cursor is None
    forward.append(ids(found))
    while found.next_cursor:
        found = page(session, sort=sort, limit=limit, cursor=found.next_cursor)
        forward.append(ids(found))
    assert [row for rows in forward for row in rows] == in_order(sort)

    backward = [ids(found)]
    while found.prev_cursor:
        found = page(session, sort=sort, limit=limit, cursor=found.prev_cursor)
        backward.append(ids(found))
    assert backward[::-1] == forward


def test_rows_that_come_and_go_shift_nothing(session: Session) -> None:
    first = page(session, sort="id", limit=5)
    session.delete(session.get_one(PagedThing, "t00"))
    session.add(PagedThing(id="a", name="x", size=0, made_at=MOMENT))
    session.flush()
    assert ids(page(session, sort="id", limit=5, cursor=first.next_cursor)) == ["t05", "t06", "t07", "t08", "t09"]


def test_the_total_is_counted_only_when_asked_for(session: Session) -> None:
    query = select(PagedThing).where(PagedThing.size == 0)
    assert read_page(session, query, SORT, PageQuery(limit=2)).total is None
    found = read_page(session, query, SORT, PageQuery(limit=2, with_total=True))
    assert (found.total, len(found.items)) == (8, 2)


def test_an_empty_list_has_no_neighbours(session: Session) -> None:
    found = read_page(session, select(PagedThing).where(PagedThing.size == 9), SORT, PageQuery(with_total=True))
    assert (found.items, found.next_cursor, found.prev_cursor, found.total) == ([], None, None, 0)


@pytest.mark.parametrize("sort", ["secret", "name;", "--name", "name,,size", ",", "made_at", "Name"])
def test_only_listed_keys_sort(session: Session, sort: str) -> None:
    with pytest.raises(BadRequest, match="cannot be sorted"):
        page(session, sort=sort)


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "é",
        "[]",
        "A" * 2000,
        encode_cursor("next", "name", "a"),
        encode_cursor("next", "name", "a", "b", "c"),
        encode_cursor("next", "-name", "a", "b"),
        encode_cursor("sideways", "name", "a", "b"),
        encode_cursor("next", "name", "a", 5),
        encode_cursor("next", "name", "a", None),
        encode_cursor("next", "name", "a\0", "b"),
        encode_cursor("next", "name", "\ud800", "b"),
        encode_cursor("next", "name", ["a", "b"]),
        encode_cursor("next", "name", ["a"], "b"),
        encode_cursor("next", "name"),
        encode_cursor({}, [], {}),
    ],
)
def test_a_cursor_that_is_not_of_this_list_is_refused(session: Session, cursor: str) -> None:
    with pytest.raises(BadRequest):
        page(session, sort="name", cursor=cursor)


@pytest.mark.parametrize("value", ["yesterday", "0001-01-01T00:00:00+23:00", 5, None])
def test_a_cursor_with_no_real_time_is_refused(session: Session, value: object) -> None:
    with pytest.raises(BadRequest):
        page(session, sort="madeAt", cursor=encode_cursor("next", "madeAt", value, "t01"))


@pytest.mark.parametrize("value", [2**63, -(2**70), 1.5, "1", None])
def test_a_cursor_with_no_number_that_a_database_takes_is_refused(session: Session, value: object) -> None:
    with pytest.raises(BadRequest):
        page(session, sort="size", cursor=encode_cursor("next", "size", value, "t01"))


def test_text_is_found_whatever_its_case_and_wildcards_mean_themselves(session: Session) -> None:
    session.add(PagedThing(id="z", name="100% SURE_thing", size=0, made_at=MOMENT))
    session.flush()

    def found(needle: str) -> list[str]:
        return [row.id for row in session.exec(select(PagedThing).where(contains(PagedThing.name, needle))).all()]

    assert found("sure_") == found("0%") == ["z"]
    assert found("%%") == found("sureXthing") == []
