"""The plan of a module: one intention, one SHA-256; and the file of a slot's connection."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runbooks import modules

TARGET = {"kind": "zone", "id": "z1", "name": "example.com"}
ITEM = {"id": "A www", "action": "create", "kind": "A", "name": "www", "before": None, "after": {"ttl": 1}}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


def plan(items: list[dict[str, Any]], state: Any = (), **more: Any) -> Any:
    head = {"runbook": "dns", "direction": "apply", "target": TARGET}
    return modules.shared("plan").Plan(head, items, state=state, **more)


def test_the_file_has_the_bytes_that_the_hash_is_of(tmp_path: Path) -> None:
    made = plan([ITEM])
    made.write(str(tmp_path))
    content = (tmp_path / "plan.json").read_bytes()
    assert hashlib.sha256(content).hexdigest() == made.sha256
    assert json.loads(content)["items"] == [ITEM]
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]


@given(document=st.dictionaries(st.text(max_size=5), VALUES, max_size=5))
def test_the_order_in_which_a_document_was_built_does_not_count(document: dict[str, Any]) -> None:
    known = modules.shared("plan")
    turned = dict(reversed(list(document.items())))
    assert known.canonical(document) == known.canonical(turned)
    assert json.loads(known.canonical(document)) == document


def test_what_stays_as_it_is_is_counted_and_not_listed() -> None:
    made = plan([ITEM, {**ITEM, "action": "noop"}, {**ITEM, "action": "delete"}])
    assert made.document["summary"] == {"create": 1, "update": 0, "delete": 1, "noop": 1}
    assert [item["action"] for item in made.changes] == ["create", "delete"]


def test_the_same_steps_from_another_state_are_another_plan() -> None:
    assert plan([ITEM], state=["a"]).sha256 != plan([ITEM], state=["b"]).sha256


def test_a_plan_other_than_the_expected_one_is_stale() -> None:
    made = plan([ITEM])
    made.expect("")
    made.expect(made.sha256)
    with pytest.raises(modules.shared("plan").Stale, match="changed since the preview"):
        made.expect("0" * 64)


def test_the_fields_that_differ_are_named_in_order() -> None:
    named = modules.shared("plan").changed_fields
    assert named({"ttl": 1, "content": "a", "same": 0}, {"ttl": 2, "content": "b", "same": 0}) == ["content", "ttl"]
    assert named(None, {"ttl": 2}) == ["ttl"]


def test_a_connection_is_read_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "dns.json"
    file.write_text(json.dumps({"type": "cloudflare", "apiToken": "secret"}))
    assert modules.shared("connections").read(str(file), "cloudflare")["apiToken"] == "secret"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        ("not json secret", "not JSON"),
        ('["secret"]', "not a cloudflare connection"),
        ('{"type": "ssh", "password": "secret"}', "not a cloudflare connection"),
    ],
)
def test_a_file_that_is_no_such_connection_is_refused_without_its_content(
    tmp_path: Path, content: str | None, said: str
) -> None:
    file = tmp_path / "dns.json"
    if content is not None:
        file.write_text(content)
    known = modules.shared("connections")
    with pytest.raises(known.NoConnection, match=said) as caught:
        known.read(str(file), "cloudflare")
    assert "secret" not in str(caught.value)
