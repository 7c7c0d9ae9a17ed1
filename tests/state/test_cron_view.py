"""Rhythms and expressions: what a person chooses, and what a stored expression is shown as."""

import pytest

from orch_app.state.cron_view import START, choice_of, expression_of


@pytest.mark.parametrize(
    ("choice", "expression"),
    [
        ({"rhythm": "hourly", "minute": "05"}, "5 * * * *"),
        ({"rhythm": "daily", "time": "09:30"}, "30 9 * * *"),
        ({"rhythm": "weekly", "time": "00:00", "weekdays": ["FRI", "MON"]}, "0 0 * * MON,FRI"),
        ({"rhythm": "monthly", "time": "03:15", "day": "1"}, "15 3 1 * *"),
        ({"rhythm": "monthly", "time": "03:15", "day": "L"}, "15 3 L * *"),
        ({"rhythm": "cron", "cron": "  */5   * * * *"}, "*/5 * * * *"),
    ],
)
def test_a_rhythm_becomes_an_expression_and_is_known_again(choice: dict[str, object], expression: str) -> None:
    assert expression_of({**START, **choice}) == expression
    assert expression_of(choice_of(expression)) == expression
    assert choice_of(expression)["rhythm"] == choice["rhythm"]


@pytest.mark.parametrize(
    "expression", ["*/5 * * * *", "0 9 1 * 1", "0 9 * 1 *", "0 9,18 * * *", "0 9 * * 1#2", "nonsense"]
)
def test_what_is_no_rhythm_is_shown_as_it_is_written(expression: str) -> None:
    assert (choice_of(expression)["rhythm"], choice_of(expression)["cron"]) == ("cron", expression)


def test_days_of_the_week_are_known_by_name_number_and_range() -> None:
    assert choice_of("0 9 * * 1-5")["weekdays"] == ["MON", "TUE", "WED", "THU", "FRI"]
    assert choice_of("0 9 * * 0,6")["weekdays"] == ["SUN", "SAT"]
    assert choice_of("0 9 * * 7")["weekdays"] == ["SUN"]


def test_what_was_typed_badly_is_refused_with_the_expression_and_not_here() -> None:
    assert expression_of({**START, "rhythm": "hourly", "minute": "x"}) == "x * * * *"
    assert expression_of({**START, "rhythm": "daily", "time": ""}) == "0 0 * * *"
