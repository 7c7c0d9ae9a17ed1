"""W3C trace context, by the rules of the standard: what is taken over, what is ignored, what goes on."""

import contextvars
import re

import pytest

from orch_app.kit import tracing
from orch_app.kit.tracing import Trace, continue_from

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
GOOD = f"00-{TRACE}-{SPAN}-01"


def test_a_trace_goes_on_with_a_step_of_our_own() -> None:
    found = continue_from([GOOD])
    assert found
    assert (found.trace_id, found.is_sampled) == (TRACE, True)
    assert found.span_id != SPAN
    assert re.fullmatch(f"00-{TRACE}-[0-9a-f]{{16}}-01", found.parent)


@pytest.mark.parametrize(
    "parent",
    [
        f"01-{TRACE}-{SPAN}-01",
        f"cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like",
        f"fe-{TRACE}-{SPAN}-01-",
        f"00-{TRACE}-{SPAN}-ff",
    ],
)
def test_what_later_versions_add_is_passed_over(parent: str) -> None:
    found = continue_from([parent])
    assert found
    assert found.parent.startswith(f"00-{TRACE}-")
    assert found.parent.endswith("-01")


@pytest.mark.parametrize(
    "parents",
    [
        [],
        [""],
        [GOOD, GOOD],
        [f"ff-{TRACE}-{SPAN}-01"],
        [f"00-{TRACE}-{SPAN}-01-x"],
        [f"00-{TRACE}-{SPAN}-01."],
        [f"cc-{TRACE}-{SPAN}-01.x"],
        [f"00-{TRACE}-{SPAN}"],
        [f"00-{TRACE}-{SPAN}-1"],
        [f"00-{'0' * 32}-{SPAN}-01"],
        [f"00-{TRACE}-{'0' * 16}-01"],
        [GOOD.upper()],
        [f"00-{TRACE[:-1]}-{SPAN}-01"],
        [f"00-{TRACE}-{SPAN}-0g"],
        [f"0-{TRACE}-{SPAN}-01"],
        [f"{GOOD}\n"],
        [f"{GOOD},{GOOD}"],
        [f"\N{ARABIC-INDIC DIGIT ZERO}0-{GOOD[3:]}"],
        ["<script>"],
    ],
)
def test_what_breaks_the_rules_is_ignored(parents: list[str]) -> None:
    assert continue_from(parents, ["rojo=1"]) is None


def test_flags_that_we_do_not_know_are_not_passed_on() -> None:
    found = continue_from([f"00-{TRACE}-{SPAN}-fe"])
    assert found
    assert found.parent.endswith("-00")


@pytest.mark.parametrize(
    ("states", "kept"),
    [
        ([], ""),
        (["rojo=00f067aa0ba902b7"], "rojo=00f067aa0ba902b7"),
        (["rojo=1 , congo=t61", "fw529a3039@dt=FfAB"], "rojo=1,congo=t61,fw529a3039@dt=FfAB"),
        (["a=1,,b=2, "], "a=1,b=2"),
        (["Rojo=1"], ""),
        (["rojo"], ""),
        (["rojo=a=b"], ""),
        (["rojo=\x07"], ""),
        ([",".join(f"k{n}=1" for n in range(32))], ",".join(f"k{n}=1" for n in range(32))),
        ([",".join(f"k{n}=1" for n in range(33))], ""),
        ([f"a={'x' * 256},b={'x' * 256}"], ""),
    ],
)
def test_the_callers_state_is_passed_on_whole_or_not_at_all(states: list[str], kept: str) -> None:
    found = continue_from([GOOD], states)
    assert found
    assert found.state == kept


def test_a_new_trace_is_one_that_others_can_go_on_with() -> None:
    first, second = tracing.begin(), tracing.begin()
    assert first.trace_id != second.trace_id
    assert continue_from([first.parent])
    assert not first.is_sampled


def test_an_outside_system_hears_of_the_trace_once() -> None:
    given: dict[str, str] = {}
    tracing.pass_on(given)
    assert given == {}
    with tracing.within(Trace(TRACE, SPAN, is_sampled=True, state="rojo=1")):
        tracing.pass_on(given)
        own = {"traceparent": "of the caller"}
        tracing.pass_on(own)
    assert given == {"traceparent": GOOD, "tracestate": "rojo=1"}
    assert own == {"traceparent": "of the caller"}
    assert tracing.current() is None


def test_a_trace_without_a_state_has_none_for_others_either() -> None:
    given: dict[str, str] = {}
    with tracing.within(tracing.begin()):
        tracing.pass_on(given)
        assert contextvars.copy_context().run(tracing.current) == tracing.current()
    assert list(given) == ["traceparent"]
