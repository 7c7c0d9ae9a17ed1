"""A job's output as tables: by the hints of its schema, and by its own shape without them."""

from typing import Any

import pytest

from orch_app.state.job_output import at_pointer, tables_of

OUTPUT: dict[str, Any] = {
    "schema_version": 1,
    "items": [
        {"id": "web-1", "status": "ok", "report": {"disks": [{"mount": "/", "used_pct": 41.5}, {"mount": "/srv"}]}},
        {"id": "web-2", "status": "failed", "error": {"message": "no route"}},
    ],
}
HINTS = {
    "x-output": [
        {
            "title": "Hosts",
            "title-pt": "Máquinas",
            "rows": "/items",
            "columns": [
                {"title": "Host", "value": "/id"},
                {"title": "Result", "value": "/status", "as": "status"},
                {"title": "Kernel", "value": "/report/kernel"},
            ],
        },
        {
            "title": "Disks",
            "rows": "/items/*/report/disks",
            "columns": [
                {"title": "Host", "value": "/id", "of": "item"},
                {"title": "Mount", "value": "/mount"},
                {"title": "Used", "value": "/used_pct", "as": "percent"},
            ],
        },
        {"title": "Containers", "rows": "/items/*/report/containers", "columns": [{"title": "Name", "value": "/name"}]},
    ]
}


def texts(table: dict[str, Any]) -> list[list[str]]:
    return [[cell["text"] for cell in row["cells"]] for row in table["rows"]]


def test_no_output_has_no_tables():
    assert tables_of(None, HINTS) == []


def test_hints_make_a_table_without_columns_that_nobody_fills():
    hosts = tables_of(OUTPUT, HINTS)[0]
    assert (hosts["title"], hosts["titlePt"], hosts["total"]) == ("Hosts", "Máquinas", 2)
    assert [column["title"] for column in hosts["columns"]] == ["Host", "Result"]
    assert texts(hosts) == [["web-1", "ok"], ["web-2", "failed"]]


def test_rows_of_rows_can_name_the_item_they_came_from():
    disks = tables_of(OUTPUT, HINTS)[1]
    assert texts(disks) == [["web-1", "/", "41.5"], ["web-1", "/srv", ""]]
    assert [row["cells"][2]["kind"] for row in disks["rows"]] == ["percent", "text"]


def test_a_table_without_rows_is_left_out():
    assert [table["title"] for table in tables_of(OUTPUT, HINTS)] == ["Hosts", "Disks"]


def test_without_hints_every_list_of_objects_is_a_table():
    found = tables_of({**OUTPUT, "warnings": ["x"], "changed_files": [{"path": "/etc/a", "size": 3}]}, {})
    assert [table["title"] for table in found] == ["Items", "Changed files"]
    assert texts(found[1]) == [["/etc/a", "3"]]


def test_a_long_table_says_how_much_is_hidden():
    found = tables_of({"items": [{"n": n} for n in range(500)]}, {})
    assert (len(found[0]["rows"]), found[0]["hidden"], found[0]["total"]) == (200, 300, 500)


@pytest.mark.parametrize(
    ("pointer", "value"), [("", {"a/b": [1]}), ("/a~1b/0", 1), ("/a~1b/7", None), ("/a~1b/x", None), ("/z/y", None)]
)
def test_a_pointer_that_leads_nowhere_is_nothing(pointer: str, value: object):
    assert at_pointer({"a/b": [1]}, pointer) == value


def test_what_became_of_an_item_is_a_word_of_the_reader():
    hint = {"title": "Items", "rows": "/items", "columns": [{"title": "Step", "value": "/action"}]}
    items = [{"action": "noop"}, {"action": "rebooted"}]
    (table,) = tables_of({"items": items}, {"x-output": [hint]})
    assert [row["cells"][0]["kind"] for row in table["rows"]] == ["action", "text"]
