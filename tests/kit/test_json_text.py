"""JSON of strangers: what passes can be stored and means one thing."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orch_app.kit.errors import BadRequest, Invalid
from orch_app.kit.json_text import check_json, pointer, read_json

documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


@given(documents)
def test_every_document_passes_or_has_nul_or_half_a_character(document: object) -> None:
    raw = json.dumps(document)
    unstorable = "\\u0000" in raw or any(
        "\ud800" <= sign <= "\udfff" for sign in json.dumps(document, ensure_ascii=False)
    )
    if unstorable:
        with pytest.raises(Invalid):
            check_json(raw.encode())
    else:
        check_json(raw.encode())
        assert read_json(raw.encode()) == document


@given(st.binary(max_size=60))
def test_no_bytes_upset_the_reader(raw: bytes) -> None:
    try:
        check_json(raw)
    except (BadRequest, Invalid) as refused:
        assert refused.status in {400, 422}  # noqa: PT017 - other errors are the failure


def test_only_so_many_faults_are_listed() -> None:
    with pytest.raises(Invalid) as refused:
        check_json(json.dumps(["\x00"] * 500).encode())
    assert len(refused.value.errors) == 20


def test_a_pointer_escapes_as_rfc_6901_says() -> None:
    assert pointer(("a/b", 0, "m~n", "")) == "/a~1b/0/m~0n/"
    assert pointer(()) == ""
