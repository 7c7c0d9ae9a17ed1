"""What a play says becomes clean, masked, bounded lines; nothing it says can break the worker."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orch_app.domains.jobs.execution import Batch, LogLevel, LogLine, StepStatus
from orch_app.domains.jobs.execution.events import EventTranslator, split_lines
from orch_app.domains.jobs.execution.log_line import CUT_MARK, MESSAGE_LIMIT, RESULT_LIMIT, clean
from orch_app.kit.redact import Masker

RESULT = {"host": "web1", "task": "t1", "status": "ok", "changed": False, "duration_s": 0.5}


def heard(*events: dict[str, Any] | bytes, secrets: tuple[str, ...] = ()) -> tuple[list[LogLine], EventTranslator]:
    translator = EventTranslator(Masker(secrets).mask, clock=lambda: 1.0)
    batch = Batch()
    for event in events:
        line = event if isinstance(event, bytes) else json.dumps({"t": 1.0, **event}).encode()
        translator.translate(line, batch)
    return batch.lines, translator


def only(lines: list[LogLine]) -> tuple[str, str]:
    assert len(lines) == 1
    return str(lines[0].level), lines[0].message


@pytest.mark.parametrize(
    ("fields", "level", "message"),
    [
        ({"msg": "fine"}, "ok", "ok: fine"),
        ({"changed": True, "short": "/srv/a.yml"}, "changed", "changed: /srv/a.yml"),
        ({"status": "failed", "msg": "no"}, "error", "fatal: FAILED! no"),
        ({"status": "failed"}, "error", "fatal: FAILED!"),
        ({"status": "failed", "msg": "no", "ignored": True}, "warning", "failed (ignored): no"),
        ({"status": "unreachable", "msg": "timed out"}, "error", "fatal: UNREACHABLE! timed out"),
        ({"status": "skipped", "msg": "false"}, "skipped", "skipping: false"),
        ({"censored": True}, "ok", "ok: output hidden (no_log)"),
    ],
)
def test_each_outcome_has_its_line(fields: dict[str, Any], level: str, message: str) -> None:
    lines, _ = heard({"e": "result", **RESULT, **fields})
    assert only(lines) == (level, message)


def test_a_retry_says_which_one_and_why() -> None:
    event = {"e": "retry", "host": "a", "task": "t", "attempt": 1, "retries": 3, "stderr": ["x", "timeout after 10 s"]}
    assert only(heard(event)[0]) == ("warning", "retrying (1/3): timeout after 10 s")


def test_the_summary_of_a_loop_says_nothing_its_items_have_not_said() -> None:
    assert heard({"e": "result", **RESULT, "told": True, "status": "failed"})[0] == []


def test_the_failure_of_a_loop_is_explained_by_its_item() -> None:
    item = {
        "e": "item",
        **RESULT,
        "status": "failed",
        "item": "b",
        "msg": "non-zero return code",
        "stderr": ["no disk"],
    }
    _, translator = heard(item, {"e": "result", **RESULT, "told": True, "status": "failed"})
    assert translator.failure is not None
    assert translator.failure.message == "no disk"


def test_colours_cannot_hide_a_secret_and_a_cut_leaves_no_half() -> None:
    secret = "secret-of-forty-characters-xxxxxxxxxxxxxx"
    lines, _ = heard(
        {"e": "result", **RESULT, "stdout": ["secret-of\x1b[31m-forty-characters-xxxxxxxxxxxxxx"]}, secrets=(secret,)
    )
    assert lines[1].message == "***"
    long = "y" * (MESSAGE_LIMIT - 30) + secret + "y" * MESSAGE_LIMIT
    lines, _ = heard({"e": "result", **RESULT, "stdout": [long]}, secrets=(secret,))
    assert len(lines[1].message) == MESSAGE_LIMIT
    assert lines[1].message.endswith(CUT_MARK)
    assert "secret" not in lines[1].message


def test_secrets_in_names_of_tasks_hosts_and_items_are_masked() -> None:
    lines, translator = heard(
        {"e": "play", "uuid": "p", "name": "with hidden-1"},
        {"e": "task", "uuid": "t1", "name": "with hidden-1"},
        {"e": "item", **RESULT, "item": "hidden-1", "host": "hidden-1"},
        {
            "e": "stats",
            "hosts": {
                "hidden-1": dict.fromkeys(
                    ("ok", "changed", "unreachable", "failures", "skipped", "rescued", "ignored"), 0
                )
            },
        },
        secrets=("hidden-1",),
    )
    assert "hidden-1" not in repr(lines)
    assert list(translator.hosts) == ["***"]


def test_output_of_ansible_itself_gets_a_level() -> None:
    translator = EventTranslator(str)
    batch = Batch()
    said = ["[WARNING]: careful", "  still careful", "[ERROR]: bad", "  details", "[DEPRECATION WARNING]: old"]
    for text in said:
        translator.raw("stderr", text, batch)
    levels = [LogLevel.WARNING, LogLevel.WARNING, LogLevel.ERROR, LogLevel.ERROR, LogLevel.DEBUG]
    assert [line.level for line in batch.lines] == levels
    assert translator.failure is not None
    assert translator.failure.message == "[ERROR]: bad"


def test_a_task_ends_when_the_next_thing_begins() -> None:
    translator = EventTranslator(str, clock=lambda: 9.0)
    batch = Batch()
    for event in (
        {"e": "play", "t": 1.0, "uuid": "p", "name": "P"},
        {"e": "task", "t": 2.0, "uuid": "t1", "name": "A"},
        {"e": "result", "t": 3.0, **RESULT, "changed": True},
        {"e": "task", "t": 4.0, "uuid": "t2", "name": "B"},
    ):
        translator.translate(json.dumps(event).encode(), batch)
    translator.finish(batch)
    last = {step.uuid: step for step in batch.steps}
    assert (last["t1"].status, last["t1"].started_at, last["t1"].finished_at) == (StepStatus.CHANGED, 2.0, 4.0)
    assert (last["t2"].status, last["t2"].finished_at) == (StepStatus.SKIPPED, 9.0)
    assert last["p"].finished_at == 9.0


@given(st.binary(max_size=200))
def test_no_bytes_on_the_pipe_break_the_reader(line: bytes) -> None:
    heard(line)


@given(
    st.dictionaries(
        st.sampled_from(
            ["e", "t", "host", "task", "status", "changed", "msg", "stdout", "item", "hosts", "uuid", "name"]
        ),
        st.none() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2) | st.just("result"),
    )
)
def test_no_forged_event_breaks_the_reader(event: dict[str, Any]) -> None:
    heard(json.dumps(event).encode())


@given(st.text(max_size=300))
def test_clean_text_has_no_control_characters(text: str) -> None:
    assert not [sign for sign in clean(text) if ord(sign) < 32 and sign != "\t"]


def test_lines_are_split_only_where_they_end() -> None:
    buffer = bytearray(b'{"a":"\\r"}\n{"b":1}\n{"c"')
    assert list(split_lines(buffer)) == [b'{"a":"\\r"}', b'{"b":1}']
    assert buffer == b'{"c"'


def result_message(*events: dict[str, Any], secrets: tuple[str, ...] = ()) -> str:
    """What the last step's host result says after these events of task `t1`."""
    translator, batch = EventTranslator(Masker(secrets).mask, clock=lambda: 1.0), Batch()
    for event in ({"e": "task", "uuid": "t1", "name": "Look"}, *events):
        translator.translate(json.dumps({"t": 1.0, **event}).encode(), batch)
    found = batch.steps[-1].host
    assert found is not None
    return found.message


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"msg": "fine\nand more"}, "fine"),
        ({"stdout": ["much", "output"]}, ""),
        ({"status": "failed", "msg": "non-zero return code", "stderr": ["x", "no disk"]}, "no disk"),
        ({"status": "failed", "ignored": True, "stderr": ["no disk"]}, "no disk"),
        ({"status": "failed", "censored": True, "msg": "told"}, "output hidden (no_log)"),
        ({"status": "unreachable", "msg": "asked with hidden-1"}, "asked with ***"),
        ({"msg": "z" * 900}, "z" * (RESULT_LIMIT - len(CUT_MARK)) + CUT_MARK),
    ],
)
def test_a_host_result_carries_its_message_masked_and_bounded(fields: dict[str, Any], message: str) -> None:
    assert result_message({"e": "result", **RESULT, **fields}, secrets=("hidden-1",)) == message


def test_the_result_of_a_loop_says_what_its_failed_item_said() -> None:
    item = {"e": "item", **RESULT, "status": "failed", "item": "b", "msg": "no disk"}
    assert result_message(item, {"e": "result", **RESULT, "told": True, "status": "failed"}) == "no disk"


def test_what_a_program_printed_keeps_its_colours_beside_the_text() -> None:
    red, end = "\x1b[31m", "\x1b[0m"
    event = {"e": "result", **RESULT, "msg": f"{red}a{end}b\nmore {red}c", "stdout": [f"x {red}y{end}", "plain"]}
    lines, translator = heard(event)
    assert [(line.message, line.style) for line in lines] == [
        ("ok: ab", "4:1:31"),
        ("more c", "5:1:31"),
        ("x y", "2:1:31"),
        ("plain", ""),
    ]
    batch = Batch()
    translator.raw("stderr", f"{red}ERROR!{end} no", batch)
    assert [(line.message, line.style) for line in batch.lines] == [("ERROR! no", "0:6:31")]


def test_a_secret_that_colours_split_is_masked_and_leaves_no_trace_of_its_length() -> None:
    lines, _ = heard({"e": "result", **RESULT, "stdout": ["it is hunter\x1b[31m2222 now"]}, secrets=("hunter2222",))
    assert "hunter" not in lines[-1].message
    assert lines[-1].style == ""
