"""Who knows the secret is let in, and nobody else; what is signed cannot be sent again under another name."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orch_app.domains.hooks.signatures import SKEW_S, Message, Scheme, read
from tests.domains.hooks.messages import SECRET, Sent, generic, github, gitlab, signature

NOW = 1_800_000_000
PAYLOAD = {"ref": "refs/heads/main"}
GITHUB, GITLAB = Scheme("github", SECRET), Scheme("gitlab", SECRET)
GENERIC = Scheme("generic", SECRET, "X-Signature-256", "X-Delivery-Id")
TIMED = replace(GENERIC, timestamp_header="X-Timestamp")


def judged(scheme: Scheme, sent: Sent) -> Message | None:
    return read(scheme, sent.headers, sent.body, NOW)


def test_the_example_of_githubs_documentation_is_let_in() -> None:
    shown = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    sent = Sent(b"Hello, World!", {"x-hub-signature-256": shown})
    assert judged(Scheme("github", "It's a Secret to Everybody"), sent) is not None


@pytest.mark.parametrize(
    ("scheme", "sent", "event"),
    [
        (GITHUB, github(PAYLOAD), "push"),
        (GITLAB, gitlab(PAYLOAD), "Push Hook"),
        (GENERIC, generic(PAYLOAD), ""),
        (TIMED, generic(PAYLOAD, stamp=str(NOW - SKEW_S)), ""),
        (TIMED, generic(PAYLOAD, stamp=str(NOW + SKEW_S)), ""),
    ],
)
def test_each_provider_is_let_in_with_the_secret(scheme: Scheme, sent: Sent, event: str) -> None:
    found = judged(scheme, sent)
    assert found
    assert found.event == event
    assert judged(replace(scheme, secret=SECRET + "x"), sent) is None
    assert judged(scheme, replace(sent, headers={})) is None


@pytest.mark.parametrize(("scheme", "sent"), [(GITHUB, github(PAYLOAD)), (GENERIC, generic(PAYLOAD))])
def test_a_body_of_which_one_bit_is_another_is_not_let_in(scheme: Scheme, sent: Sent) -> None:
    assert judged(scheme, replace(sent, body=sent.body[:-1] + bytes([sent.body[-1] ^ 1]))) is None
    assert judged(scheme, replace(sent, body=sent.body + b" ")) is None


@pytest.mark.parametrize(
    "shown", ["", "sha256=", "sha1=" + "0" * 40, "sha256=" + "0" * 64, "0" * 63, "é" * 64, "sha256=" + "g" * 64]
)
def test_what_is_no_signature_is_not_let_in(shown: str) -> None:
    assert judged(GITHUB, replace(github(PAYLOAD), headers={"x-hub-signature-256": shown})) is None


@pytest.mark.parametrize(
    "stamp",
    [str(NOW - SKEW_S - 1), str(NOW + SKEW_S + 1), "", "soon", "-1", "1" * 30, "\uff11" * 10, f"{NOW}.5"],
)
def test_a_time_that_is_long_past_or_none_is_not_let_in_however_well_it_is_signed(stamp: str) -> None:
    assert judged(TIMED, generic(PAYLOAD, stamp=stamp)) is None


def test_a_time_that_was_not_signed_is_not_believed() -> None:
    old = generic(PAYLOAD, stamp=str(NOW - 10_000))
    assert judged(TIMED, replace(old, headers=old.headers | {"x-timestamp": str(NOW)})) is None


def test_under_another_unsigned_id_it_is_the_same_message_again() -> None:
    for scheme, first, second in (
        (GITHUB, github(PAYLOAD), github(PAYLOAD, delivery="guid-2")),
        (GENERIC, generic(PAYLOAD, delivery="1"), generic(PAYLOAD, delivery="2")),
    ):
        one, other = judged(scheme, first), judged(scheme, second)
        assert one
        assert other
        assert (one.delivery_key != other.delivery_key, one.replay_key == other.replay_key) == (True, True)


def test_with_a_signed_time_equal_bodies_are_two_messages() -> None:
    one, other = (judged(TIMED, generic(PAYLOAD, stamp=str(NOW + ahead))) for ahead in (0, 1))
    assert one
    assert other
    assert one.replay_key != other.replay_key


def test_gitlabs_own_id_tells_messages_apart_and_without_one_the_body_does() -> None:
    one, other = judged(GITLAB, gitlab(PAYLOAD)), judged(GITLAB, gitlab(PAYLOAD, key="key-2"))
    assert one
    assert other
    assert one.replay_key != other.replay_key
    nameless = gitlab(PAYLOAD, key="")
    older = replace(nameless, headers=nameless.headers | {"x-gitlab-event-uuid": "u"})
    without = judged(GITLAB, nameless)
    assert without
    assert without.delivery_key.startswith("sha256:")
    assert judged(GITLAB, older) == Message("Push Hook", "u", "u")


def test_an_id_that_cannot_be_one_is_replaced_by_what_was_signed() -> None:
    for delivery in ("x" * 201, "two words", "é"):
        found = judged(GITHUB, github(PAYLOAD, delivery=delivery))
        assert found
        assert found.delivery_key.startswith("sha256:")


@given(st.binary(max_size=60), st.text(max_size=80))
def test_whatever_is_sent_is_judged_and_not_let_in(body: bytes, shown: str) -> None:
    names = ("x-hub-signature-256", "x-gitlab-token", "x-signature-256", "x-timestamp", "x-delivery-id")
    sent = Sent(body, dict.fromkeys(names, shown))
    assert [judged(scheme, sent) for scheme in (GITHUB, GITLAB, GENERIC, TIMED)] == [None] * 4


def test_capital_digits_and_a_bare_digest_are_the_same_signature() -> None:
    sent = github(PAYLOAD)
    bare = signature(SECRET, sent.body)
    for shown in (bare, bare.upper(), f"sha256={bare.upper()}", f" sha256={bare} "):
        assert judged(GITHUB, replace(sent, headers={"x-hub-signature-256": shown})) is not None
