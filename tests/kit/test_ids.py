"""Identifiers sort in the order they were made, never repeat and are known by their shape."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from ulid import ULID

from orch_app.kit.ids import is_id, new_id, push_source


def test_an_id_says_what_it_names() -> None:
    assert is_id(new_id("job"), "job")
    assert not is_id(new_id("job"), "usr")


def test_ids_never_repeat_and_sort_in_the_order_they_were_made() -> None:
    made = [new_id("job") for _ in range(5_000)]
    assert made == sorted(set(made))


def test_threads_that_make_ids_together_each_get_ascending_ones() -> None:
    with ThreadPoolExecutor(8) as pool:
        rows = list(pool.map(lambda _: [new_id("job") for _ in range(500)], range(16)))
    assert len({made for row in rows for made in row}) == 8_000
    assert all(row == sorted(row) for row in rows)


def test_a_clock_that_is_set_back_makes_no_id_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    before = new_id("job")
    monkeypatch.setattr(time, "time_ns", lambda: 1_000_000)
    assert before < new_id("job") < new_id("job")


def test_another_source_of_numbers_holds_until_it_is_given_back() -> None:
    back = push_source(lambda: ULID.from_int(7))
    assert (new_id("job"), is_id(new_id("job"), "job")) == ("job_00000000000000000000000007", True)
    back()
    assert new_id("job") > "job_01"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "job_",
        "job_01J9ZC5V0G3M5W6YQX4T2R8S7",
        "job_01J9ZC5V0G3M5W6YQX4T2R8S7KK",
        "job_01j9zc5v0g3m5w6yqx4t2r8s7k",
        "job_01J9ZC5V0G3M5W6YQX4T2R8S7I",
        "job_01J9ZC5V0G3M5W6YQX4T2R8S7K\n",
        " job_01J9ZC5V0G3M5W6YQX4T2R8S7K",
        "../job_01J9ZC5V0G3M5W6YQX4T2R8S",
        "job-01J9ZC5V0G3M5W6YQX4T2R8S7K",
    ],
)
def test_other_texts_are_no_ids(text: str) -> None:
    assert not is_id(text, "job")
