"""What every route shares: problems, cursors and versions."""

import json
from typing import Any

import pytest
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st

from orch_app.kit.errors import BadRequest, NotFound, OrchError, Problem, StaleVersion, TooMany, Unauthorized
from orch_app.kit.rest import CamelModel, check_match, decode_cursor, encode_cursor, etag, problem

PLAIN = st.one_of(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), st.integers(), st.none())


class Sample(CamelModel):
    first_name: str = ""


def answered(error: OrchError) -> tuple[dict[str, Any], Any]:
    request = Request({"type": "http", "path": "/v1/x", "headers": [], "query_string": b"", "server": ("h", 80)})
    request.state.request_id = "req-1"
    answer = problem(request, error)
    assert answer.media_type == "application/problem+json"
    return json.loads(bytes(answer.body)), answer.headers


def test_an_error_is_a_problem_with_everything_a_program_needs() -> None:
    fault = Problem("/a/0", "type", "not a number", "não é um número")
    body, headers = answered(NotFound("There is none.", "job_not_found", errors=(fault,)))
    assert body == {
        "type": "/problems/job-not-found",
        "title": "Not found",
        "status": 404,
        "detail": "There is none.",
        "instance": "/v1/x",
        "code": "job_not_found",
        "requestId": "req-1",
        "errors": [{"pointer": "/a/0", "code": "type", "detail": "not a number", "detailPt": "não é um número"}],
    }
    assert "retry-after" not in headers


def test_who_has_to_wait_is_told_how_long_in_whole_seconds() -> None:
    body, headers = answered(TooMany("Wait.", "rate_limited", retry_after_s=0.2))
    assert (body["retryAfter"], headers["retry-after"]) == (1, "1")


def test_who_is_unknown_is_told_how_to_sign_in() -> None:
    assert answered(Unauthorized("Sign in.", "unauthorized"))[1]["www-authenticate"] == "Bearer"


@given(st.lists(PLAIN, min_size=1, max_size=4))
def test_a_cursor_gives_back_what_it_was_made_of(values: list[Any]) -> None:
    cursor = encode_cursor(*values)
    assert decode_cursor(cursor, len(values)) == values
    assert cursor.replace("-", "").replace("_", "").isalnum()


@given(st.one_of(st.text(max_size=60), st.binary(max_size=60).map(lambda raw: raw.decode("latin-1"))))
def test_any_other_text_is_refused_and_never_a_fault(text: str) -> None:
    try:
        values = decode_cursor(text, 1)
    except BadRequest as refused:
        assert refused.code == "bad_cursor"  # noqa: PT017 - both outcomes are right, other errors are not
    else:
        assert len(values) == 1


@pytest.mark.parametrize("values", [[], [1, 2], [[1]], [{"a": 1}], ["\0"], ["\ud800"]])
def test_a_cursor_of_another_shape_is_refused(values: list[Any]) -> None:
    with pytest.raises(BadRequest):
        decode_cursor(encode_cursor(*values), 1)


def test_each_version_of_each_thing_has_a_tag_of_its_own() -> None:
    tags = {etag(identity, version) for identity in ("a", "b") for version in range(3)}
    assert len(tags) == 6
    assert all(tag.startswith('W/"') and tag.endswith('"') for tag in tags)


@pytest.mark.parametrize("given_tag", [None, "", "*", " * ", etag("a", 1), f" {etag('a', 1)} "])
def test_the_current_version_or_no_word_about_it_passes(given_tag: str | None) -> None:
    check_match(given_tag, etag("a", 1))


@pytest.mark.parametrize("given_tag", [etag("a", 2), "x", '"*"', etag("a", 1)[2:]])
def test_any_other_version_is_refused(given_tag: str) -> None:
    with pytest.raises(StaleVersion):
        check_match(given_tag, etag("a", 1))


def test_bodies_are_camel_case_outside_and_know_all_their_fields() -> None:
    assert Sample(first_name="a").model_dump(by_alias=True) == {"firstName": "a"}
    assert Sample.model_validate({"firstName": "a"}).first_name == "a"
    with pytest.raises(ValueError, match="extra"):
        Sample.model_validate({"lastName": "b"})
