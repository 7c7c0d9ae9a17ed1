"""Writing, reading, archiving and following a job's lines, on both back ends."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlmodel import Session, col, select, update

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs import claims
from orch_app.domains.jobs.errors import LostClaimError
from orch_app.domains.jobs.held import Claim
from orch_app.domains.jobs.log import archive, store
from orch_app.domains.jobs.log import writer as writing
from orch_app.domains.jobs.log.feed import LogFeed
from orch_app.domains.jobs.log.lines import Line
from orch_app.domains.jobs.log.reader import EVERYTHING, LogFilter, level_counts, lines_after
from orch_app.domains.jobs.log.writer import LogWriter
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.states import Status
from orch_app.kit.clock import now
from orch_app.kit.db import reading, unit_of_work
from tests.domains.jobs.orders import launched
from tests.domains.jobs.rows import keep_file
from tests.domains.jobs.trials import fresh

pytestmark = pytest.mark.usefixtures("catalogue")


@pytest.fixture
def held(admin: Actor) -> Claim:
    job = launched(admin)
    with unit_of_work() as session:
        claimed = claims.claim(session, job.id, "w", "w")
    assert claimed
    return claimed


def made(first: int, count: int, level: str = "ok", host: str = "h1") -> list[Line]:
    return [Line(seq, now(), level, host, "t", f"line {seq} ação €") for seq in range(first, first + count)]


def stored(held: Claim, lines: Sequence[Line]) -> None:
    with unit_of_work() as session:
        store.append(session, held, lines)


def read(job_id: str, after: int = 0, limit: int = 10_000, wanted: LogFilter = EVERYTHING) -> Sequence[Line]:
    with reading() as session:
        return lines_after(session, session.exec(select(Job).where(Job.id == job_id)).one(), after, limit, wanted)


def test_lines_come_back_as_they_were_stored(held: Claim) -> None:
    lines = made(1, 3)
    stored(held, lines)
    assert list(read(held.job_id)) == lines


def test_colours_stay_with_their_line_and_other_lines_say_nothing_of_them(held: Claim) -> None:
    plain, coloured = made(1, 1)[0], replace(made(2, 1)[0], style="0:4:31")
    stored(held, [plain, coloured])
    assert list(read(held.job_id)) == [plain, coloured]
    with reading() as session:
        assert list(store.read_all(session, held.job_id)) == [plain, coloured]
    assert list(plain.to_wire()) == ["seq", "ts", "level", "host", "task", "message"]
    assert coloured.to_wire()["style"] == "0:4:31"
    assert Line.from_wire(coloured.to_wire()).style == "0:4:31"


def test_hosts_that_were_not_reached_are_found_and_counted_like_a_level(held: Claim) -> None:
    lost = replace(made(1, 1, "error")[0], message="fatal: UNREACHABLE! timed out")
    said = replace(made(2, 1, "output")[0], message=lost.message)
    lines = [lost, said, *made(3, 1, "error"), *made(4, 2)]
    stored(held, lines)
    for levels, numbers in ((("unreachable",), [1]), (("unreachable", "ok"), [1, 4, 5]), (("error",), [1, 3])):
        wanted = LogFilter(levels)
        assert [line.seq for line in read(held.job_id, wanted=wanted)] == numbers
        assert [line.seq for line in lines if wanted.matches(line)] == numbers
    counts = {"error": 2, "unreachable": 1, "ok": 2, "output": 1}
    with reading() as session:
        assert level_counts(session, session.exec(select(Job).where(Job.id == held.job_id)).one()) == counts


def test_a_repeated_batch_is_stored_once(held: Claim) -> None:
    lines = made(1, 3)
    stored(held, lines)
    stored(held, lines)
    assert [line.seq for line in read(held.job_id)] == [1, 2, 3]


def test_a_worker_without_the_claim_stores_nothing(held: Claim) -> None:
    stale = Claim(held.job_id, held.owner, held.fence - 1)
    with pytest.raises(LostClaimError):
        stored(stale, made(1, 3))
    assert read(held.job_id) == []


def test_a_reader_gets_what_follows_its_place_up_to_its_limit(held: Claim) -> None:
    stored(held, made(1, 10))
    assert [line.seq for line in read(held.job_id, after=4, limit=3)] == [5, 6, 7]


def test_lines_are_filtered_by_level_host_and_text(held: Claim) -> None:
    stored(held, [*made(1, 2), *made(3, 2, "error"), *made(5, 2, "error", "h2")])
    wanted = LogFilter(("error",), "h2", "LINE 6")
    assert [line.seq for line in read(held.job_id, wanted=wanted)] == [6]


def test_a_percent_sign_is_looked_for_as_it_is(held: Claim) -> None:
    stored(held, made(1, 2))
    assert read(held.job_id, wanted=LogFilter(text="%")) == []


def test_levels_are_counted(held: Claim) -> None:
    stored(held, [*made(1, 2), *made(3, 1, "error")])
    with reading() as session:
        job = session.exec(select(Job).where(Job.id == held.job_id)).one()
        assert level_counts(session, job) == {"ok": 2, "error": 1}


def test_an_archived_log_answers_like_the_rows(held: Claim) -> None:
    lines = made(1, 20)
    stored(held, lines)
    before = [line.to_wire() for line in read(held.job_id, after=5, limit=7, wanted=LogFilter(text="1"))]
    content = "".join(json.dumps(line.to_wire()) + "\n" for line in lines).encode()
    keep_file(fresh(held.job_id), archive.NAME, content)
    with unit_of_work() as session:
        session.exec(update(Job).where(col(Job.id) == held.job_id).values(log_archived=True))
    after = [line.to_wire() for line in read(held.job_id, after=5, limit=7, wanted=LogFilter(text="1"))]
    assert after == before


def test_the_writer_stores_everything_it_was_given_in_order(held: Claim) -> None:
    writer = LogWriter(held, 0, on_lost=lambda: None)
    for start in range(1, 5_000, 500):
        writer.add(made(start, 500))
    writer.close()
    assert [line.seq for line in read(held.job_id)] == list(range(1, 5_001))
    with reading() as session:
        assert store.last_seq(session, held.job_id) == 5_000


def test_lines_that_come_one_by_one_are_stored_together(held: Claim, monkeypatch: pytest.MonkeyPatch) -> None:
    stored_together: list[int] = []
    really = writing.append

    def counting(session: Session, claim: Claim, lines: Sequence[Line]) -> None:
        stored_together.append(len(lines))
        really(session, claim, lines)

    monkeypatch.setattr(writing, "append", counting)
    writer = LogWriter(held, 0, on_lost=lambda: None)
    for line in made(1, 800):
        writer.add([line])
    writer.close()
    assert [line.seq for line in read(held.job_id)] == list(range(1, 801))
    assert sum(stored_together) == 800
    assert len(stored_together) < 80


def test_the_writer_says_when_the_claim_is_gone(held: Claim) -> None:
    told: list[bool] = []
    writer = LogWriter(Claim(held.job_id, "other", 99), 0, on_lost=lambda: told.append(True))
    writer.add(made(1, 1))
    writer.close()
    assert told == [True]
    assert writer.is_lost


async def followed(job_id: str, after: int, feed: LogFeed) -> tuple[list[int], str]:
    seen: list[int] = []
    state = ""
    async for found in feed.follow(job_id, after):
        seen += [line.seq for line in found.lines]
        state = found.state.status
    return seen, state


def write_all(held: Claim, count: int) -> None:
    writer = LogWriter(held, 0, on_lost=lambda: None)
    for start in range(1, count, 100):
        writer.add(made(start, 100))
    writer.close()
    with unit_of_work() as session:
        claims.finish(session, held, Status.SUCCESS)


def test_followers_get_every_line_once_in_order_and_then_the_end(held: Claim) -> None:
    async def watch() -> list[tuple[list[int], str]]:
        feed = LogFeed()
        followers = [asyncio.create_task(followed(held.job_id, after, feed)) for after in (0, 0, 150)]
        await asyncio.to_thread(write_all, held, 4_000)
        late = asyncio.create_task(followed(held.job_id, 10, feed))
        return await asyncio.wait_for(asyncio.gather(*followers, late), 60)

    first, second, third, late = asyncio.run(watch())
    assert first == second == (list(range(1, 4_001)), "SUCCESS")
    assert third == (list(range(151, 4_001)), "SUCCESS")
    assert late == (list(range(11, 4_001)), "SUCCESS")


def test_nothing_is_read_any_more_when_the_last_follower_has_gone(held: Claim) -> None:
    stored(held, made(1, 5))

    async def watch() -> LogFeed:
        feed = LogFeed()
        updates = feed.follow(held.job_id, 0)
        await anext(updates)
        await updates.aclose()  # pyright: ignore[reportAttributeAccessIssue]
        return feed

    assert asyncio.run(watch())._tails == {}


def test_following_a_job_that_is_gone_ends_at_once() -> None:
    assert asyncio.run(followed("job_00000000000000000000000000", 0, LogFeed())) == ([], "CANCELED")
