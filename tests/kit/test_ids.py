"""Identifiers sort by age, never repeat and are known by their shape."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from orch_app.kit.ids import is_id, new_id


def test_an_id_says_what_it_names() -> None:
    assert is_id(new_id("job"), "job")
    assert not is_id(new_id("job"), "usr")


def test_ids_never_repeat_and_later_ones_sort_behind_earlier_milliseconds() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: new_id("job"), range(5_000)))
    assert len(set(made)) == 5_000
    first = new_id("job")
    while new_id("job")[:14] == first[:14]:
        pass
    assert new_id("job") > first


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
