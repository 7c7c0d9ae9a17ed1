"""Reading and writing the page's own address."""

from orch_app.state.address import address, page_number, parameters
from orch_app.state.jobs import JobsState
from tests.state.tabs import tab


def test_missing_parameters_are_empty_and_the_last_of_several_counts():
    state = tab(JobsState, address="/jobs?q=a&q=b%20c")
    assert parameters(state, "q", "status") == {"q": "b c", "status": ""}


def test_a_long_value_is_cut():
    state = tab(JobsState, address=f"/jobs?q={'x' * 5000}")
    assert len(parameters(state, "q")["q"]) == 200


def test_empty_values_stay_out_of_the_address():
    assert address("/jobs", {"q": "a b", "status": ""}) == "/jobs?q=a+b"
    assert address("/jobs", {"q": ""}) == "/jobs"


def test_nonsense_is_the_first_page():
    assert [page_number(text) for text in ("3", "", "0", "-2", "x", "9" * 300, "²")] == [3, 1, 1, 1, 1, 1, 1]
