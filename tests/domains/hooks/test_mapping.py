"""Values of a payload become inputs by where they stand; there is no expression in it."""

from typing import Any

import pytest

from orch_app.domains.hooks.mapping import holds, inputs_from
from orch_app.kit.errors import Invalid

PAYLOAD = {
    "ref": "refs/heads/main",
    "commits": [{"id": "a1"}, {"id": "b2"}],
    "repository": {"full/name": "team/ops", "til~de": 1},
    "forced": False,
    "count": 1,
    "nothing": None,
}


def mapped(pointer: str, **more: Any) -> dict[str, Any]:
    return inputs_from({}, [{"input": "x", "pointer": pointer, **more}], PAYLOAD)


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/ref", "refs/heads/main"),
        ("/commits/1/id", "b2"),
        ("/repository/full~1name", "team/ops"),
        ("/repository/til~0de", 1),
        ("/forced", False),
        ("/nothing", None),
        ("/commits", PAYLOAD["commits"]),
        ("", PAYLOAD),
    ],
)
def test_a_value_is_found_where_it_stands(pointer: str, value: object) -> None:
    assert mapped(pointer) == {"x": value}


@pytest.mark.parametrize(
    "pointer", ["/none", "/commits/2", "/commits/-1", "/commits/x", "/ref/0", "/commits/²", "/commits/99999999"]
)
def test_where_nothing_stands_the_message_fails_and_names_the_input(pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        mapped(pointer)
    assert (refused.value.code, refused.value.errors[0].pointer) == ("hook_mapping", "/inputs/x")


def test_what_is_not_required_is_left_out() -> None:
    assert mapped("/none", required=False) == {}


def test_a_prefix_is_taken_from_the_front_of_a_text_only() -> None:
    assert mapped("/ref", remove_prefix="refs/heads/") == {"x": "main"}
    assert mapped("/ref", remove_prefix="main") == {"x": "refs/heads/main"}
    assert mapped("/count", remove_prefix="1") == {"x": 1}


def test_the_payload_goes_over_the_fixed_inputs() -> None:
    found = inputs_from({"x": 0, "y": "fixed"}, [{"input": "x", "pointer": "/count"}], PAYLOAD)
    assert found == {"x": 1, "y": "fixed"}


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([], True),
        ([("/ref", "refs/heads/main")], True),
        ([("/ref", "refs/heads/main"), ("/forced", False)], True),
        ([("/ref", "refs/heads/main"), ("/forced", True)], False),
        ([("/count", 1)], True),
        ([("/count", True)], False),
        ([("/forced", 0)], False),
        ([("/nothing", None)], True),
        ([("/none", None)], False),
    ],
)
def test_every_condition_must_hold_and_true_is_not_one(conditions: list[tuple[str, object]], *, expected: bool) -> None:
    assert holds([{"pointer": pointer, "equals": value} for pointer, value in conditions], PAYLOAD) is expected


def test_text_of_a_payload_stays_text() -> None:
    hostile = {"x": "{{ lookup('pipe', 'id') }}", "y": {"__proto__": 1}}
    assert inputs_from({}, [{"input": "a", "pointer": "/x"}], hostile) == {"a": "{{ lookup('pipe', 'id') }}"}
