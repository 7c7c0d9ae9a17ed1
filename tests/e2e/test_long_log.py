"""A log of 200,000 lines in the browser, scrolled, searched and filtered: what is shown is what is there."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from sqlalchemy import bindparam, text

from orch_app.domains.jobs.models import Job
from orch_app.kit.clock import now
from orch_app.kit.db import UtcDateTime, unit_of_work
from tests.e2e import axe
from tests.e2e.conftest import OpenTab
from tests.e2e.looks import DESKTOP, PHONE, Look
from tests.e2e.product import Product, new_product, started
from tests.systems.product import bound_to

JOB_ID = "job_of_many_lines"
LINES = 200_000
# Said by the database itself: handing over as many rows takes longer than most tests.
MANY_LINES = text("""
    INSERT INTO job_logs (job_id, seq, ts, level, message, host, task, style)
    WITH RECURSIVE number(seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM number WHERE seq < :lines)
    SELECT :job, seq, :at, CASE WHEN seq = :lines - 1 THEN 'error' WHEN seq % 2 = 0 THEN 'changed' ELSE 'ok' END,
           'package ' || seq || ' is in its place', '', '', ''
    FROM number
""").bindparams(bindparam("at", type_=UtcDateTime()))
READ_ON_MS = 120_000  # what is still to be read when somebody asks for the last hit


@pytest.fixture(scope="module")
def archive(screens: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product with one ended job: every second line is `changed`, every one says its own number, one is an error."""
    made = new_product(tmp_path_factory.mktemp("lines") / "data")
    made.add_user("viewer")
    at = now()
    job = Job(
        id=JOB_ID, number=1, runbook_name="host_report", status="SUCCESS", last_seq=LINES, created_at=at, queued_at=at
    )
    job.started_at = job.finished_at = at
    with bound_to(made.data_dir), unit_of_work() as session:
        session.add(job)
        session.flush()
        session.connection().execute(MANY_LINES, {"job": JOB_ID, "at": at, "lines": LINES})
    with started(made, workers=0):
        yield made


def said(seq: int) -> str:
    return f"package {seq} is in its place"


def shown(page: Page, seq: int) -> Locator:
    return page.locator(f'.ln:has(a.n[href="#L{seq}"])')


def opened(tab: OpenTab, archive: Product, look: Look) -> Page:
    """The log, with its end on the screen, which is where a reader arrives."""
    page = tab("viewer", look, archive).open(f"/jobs/{JOB_ID}?tab=logs")
    expect(shown(page, LINES)).to_contain_text(said(LINES))
    return page


def scroll_to(page: Page, share: float) -> None:
    page.locator(".lines").evaluate("(box, share) => box.scrollTo(0, share * box.scrollHeight)", share)


def shows_what_is_there(page: Page, step: int = 1) -> list[int]:
    """The numbers on the screen: without a gap but the filter's, each with its own text; nothing still waits."""
    expect(page.locator(".ln[data-waiting]")).to_have_count(0)
    rows = page.locator(".lines .ln").evaluate_all(
        "rows => rows.map((row) => [row.querySelector('.n').textContent, row.querySelector('.m').textContent])"
    )
    found = sorted((int(number), text) for number, text in rows)
    numbers = [number for number, _ in found]
    assert numbers == list(range(numbers[0], numbers[-1] + 1, step))
    assert [text for _, text in found] == [said(number) for number in numbers]
    return numbers


@pytest.mark.parametrize("look", [DESKTOP, PHONE], ids=lambda look: look.name)
def test_it_is_scrolled_to_the_middle_and_to_both_ends(tab: OpenTab, archive: Product, look: Look):
    page = opened(tab, archive, look)
    scroll_to(page, 0.5)
    expect(page.locator(".log-f")).to_contain_text(re.compile(r"linha (99|100)\.\d{3} de 200\.000"))
    middle = shows_what_is_there(page)
    assert abs(middle[len(middle) // 2] - LINES / 2) < LINES / 100
    scroll_to(page, 0)
    expect(shown(page, 1)).to_be_in_viewport()
    assert shows_what_is_there(page)[0] == 1
    scroll_to(page, 1)
    expect(shown(page, LINES)).to_be_in_viewport()
    assert shows_what_is_there(page)[-1] == LINES
    assert page.locator(".lines .ln").count() < 200


@pytest.mark.parametrize("look", [PHONE, pytest.param(DESKTOP, marks=pytest.mark.full)], ids=lambda look: look.name)
def test_a_search_says_that_there_is_more_and_finds_what_lies_behind(tab: OpenTab, archive: Product, look: Look):
    page = opened(tab, archive, look)
    search = page.get_by_role("textbox", name="Buscar no log")
    count = page.locator(".log-s .in [role=status]")
    with page.expect_response(re.compile("afterSeq=45000&q=is")):
        search.fill("is in its place")
    expect(count).to_have_text(re.compile(r"^1 de 5\d\.\d{3}\+$"))
    search.press("Shift+Enter")
    here = page.locator(".ln:has(mark.here)")
    expect(here).to_be_in_viewport(timeout=READ_ON_MS)
    number = here.locator(".n").inner_text()
    assert LINES - 200 < int(number) <= LINES
    expect(count).to_have_text(f"{number[:3]}.{number[3:]} de 200.000")
    search.fill(f"package {LINES - 20} ")
    search.press("Enter")
    expect(shown(page, LINES - 20).locator("mark.here")).to_be_in_viewport()
    expect(count).to_have_text("1 de 1")


@pytest.mark.parametrize("look", [DESKTOP, pytest.param(PHONE, marks=pytest.mark.full)], ids=lambda look: look.name)
def test_a_filter_marks_where_it_rests_and_goes_on_as_one_scrolls(tab: OpenTab, archive: Product, look: Look):
    page = opened(tab, archive, look)
    scroll_to(page, 0)
    expect(shown(page, 1)).to_be_in_viewport()
    held: list[Route] = []

    def hold(route: Route) -> None:  # Playwright notes something at what it is given, which a built-in does not take
        held.append(route)

    page.route(re.compile("afterSeq=100000&level=changed"), hold)
    with page.expect_response(re.compile("afterSeq=90000&level=changed")):
        page.get_by_role("button", name=re.compile("^Alterados")).click()
    assert shows_what_is_there(page, step=2)[0] == 2
    scroll_to(page, 0.5)
    expect(shown(page, 2)).to_have_count(0)
    assert shows_what_is_there(page, step=2)[0] > LINES / 10
    assert held == [], "it rests until somebody comes to its end"
    scroll_to(page, 1)
    expect(page.locator(".ln.hole")).to_contain_text("50.000 linhas encontradas até a linha 100.000")
    assert axe.violations(page) == []
    held[0].continue_()
    expect(shown(page, LINES)).to_be_in_viewport()
    assert shows_what_is_there(page, step=2)[-1] == LINES


def test_a_filter_that_could_not_be_read_on_says_so_and_tries_again(tab: OpenTab, archive: Product):
    page = opened(tab, archive, DESKTOP)
    scroll_to(page, 0)
    expect(shown(page, 1)).to_be_in_viewport()
    page.route(re.compile("level=error"), lambda route: route.abort())
    page.get_by_role("button", name=re.compile("^Erros")).click()
    hole = page.locator(".ln.hole")
    expect(hole).to_contain_text("Parte do log não carregou.")
    page.unroute(re.compile("level=error"))
    hole.get_by_role("button").click()
    expect(shown(page, LINES - 1)).to_contain_text(said(LINES - 1))
    expect(hole).to_have_count(0)
