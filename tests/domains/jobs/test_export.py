"""The list of jobs as CSV: every match, what people typed as text and never as a formula."""

import csv

import pytest

from orch_app.domains.access.actor import ANONYMOUS, Actor
from orch_app.domains.jobs import export
from orch_app.domains.jobs.queries import JobFilter
from orch_app.kit.clock import now
from orch_app.kit.errors import Unauthorized
from tests.domains.jobs.rows import add_job

pytestmark = pytest.mark.usefixtures("database")


def rows(actor: Actor, wanted: JobFilter) -> list[dict[str, str]]:
    return list(csv.DictReader("".join(export.csv_of_jobs(actor, wanted)).splitlines()))


def test_all_that_match_are_written_newest_first_whatever_the_page(
    viewer: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "AT_ONCE", 2)
    for number in range(1, 6):
        add_job(number, status="ERROR" if number % 2 else "SUCCESS")
    assert [row["number"] for row in rows(viewer, JobFilter())] == ["5", "4", "3", "2", "1"]
    assert [row["number"] for row in rows(viewer, JobFilter(("SUCCESS",)))] == ["4", "2"]


def test_an_empty_list_is_its_head(viewer: Actor) -> None:
    assert "".join(export.csv_of_jobs(viewer, JobFilter())) == ",".join(export.COLUMNS) + "\r\n"


def test_what_people_typed_is_no_formula_and_breaks_no_line(viewer: Actor) -> None:
    moment = now()
    reason = '=HYPERLINK("http://x")\n, done'
    add_job(1, request_reason=reason, host_names=["a", "b"], started_at=moment, finished_at=moment)
    text = "".join(export.csv_of_jobs(viewer, JobFilter()))
    (row,) = csv.DictReader(text.splitlines(keepends=True))
    assert row["requestReason"] == "'" + reason
    assert (row["hosts"], row["durationS"]) == ("a b", "0.000")


def test_nobody_unknown_gets_it() -> None:
    with pytest.raises(Unauthorized):
        export.csv_of_jobs(ANONYMOUS, JobFilter())
