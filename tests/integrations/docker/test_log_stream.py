"""Logs are taken apart into lines wherever the network cut them, and nothing that the other side sends breaks it."""

import random
from itertools import pairwise

import pytest

from orch_app.integrations.docker import log_stream
from orch_app.integrations.docker.log_stream import CUT, LONGEST_LINE, LogLine, by_task, demultiplexed, lines

STAMP = "2026-02-02T02:40:00.123456789Z"


def framed(stream: int, text: str) -> bytes:
    content = text.encode()
    return bytes([stream, 0, 0, 0]) + len(content).to_bytes(4, "big") + content


def cut(content: bytes, seed: int) -> list[bytes]:
    dice = random.Random(seed)
    places = sorted({0, len(content), *(dice.randrange(len(content)) for _ in range(dice.randrange(20)))})
    return [content[start:end] for start, end in pairwise(places)]


@pytest.mark.parametrize("seed", range(20))
def test_both_streams_are_told_apart_wherever_the_bytes_are_cut(seed: int) -> None:
    content = (
        framed(1, f"{STAMP} héllo\n") + framed(2, f"{STAMP} oh no\n") + framed(1, "") + framed(1, f"{STAMP} end\n")
    )
    assert list(lines(cut(content, seed), has_terminal=False)) == [
        LogLine("stdout", STAMP, "héllo"),
        LogLine("stderr", STAMP, "oh no"),
        LogLine("stdout", STAMP, "end"),
    ]


def test_a_line_in_two_pieces_is_one_line() -> None:
    content = framed(1, f"{STAMP} first ") + framed(2, "between\n") + framed(1, "half\n")
    found = list(lines([content], has_terminal=False))
    assert [(line.source, line.text) for line in found] == [("stderr", "between"), ("stdout", "first half")]


def test_a_terminal_has_one_stream_and_no_headers() -> None:
    content = f"{STAMP} \x1b[32mgreen\x1b[0m\r\n{STAMP} \r\nno time".encode()
    found = list(lines([content[:30], content[30:]], has_terminal=True))
    assert [(line.at, line.text) for line in found] == [(STAMP, "\x1b[32mgreen\x1b[0m"), (STAMP, ""), ("", "no time")]


def test_what_has_no_header_is_passed_on_as_it_is() -> None:
    assert [line.text for line in lines([b"plain text\nof a terminal\n"], has_terminal=False)] == [
        "plain text",
        "of a terminal",
    ]
    assert list(demultiplexed([framed(1, "a"), b"\x09garbage garbage", b"more"])) == [
        ("stdout", b"a"),
        ("stdout", b"\x09garbage garbage"),
        ("stdout", b"more"),
    ]


def test_a_header_that_promises_too_much_is_none() -> None:
    assert list(demultiplexed([b"\x01\0\0\0\xff\xff\xff\xffx"])) == [("stdout", b"\x01\0\0\0\xff\xff\xff\xffx")]


def test_what_is_cut_off_at_the_end_is_left_out() -> None:
    assert list(demultiplexed([framed(1, "whole") + framed(1, "half")[:-1]])) == [("stdout", b"whole")]


def test_a_line_without_end_is_cut_and_held_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = [framed(1, f"{STAMP} ")] + [framed(1, "x" * 16_000)] * 50 + [framed(1, "\n")]
    found = list(lines(endless, has_terminal=False))
    assert len(found) == 1
    assert found[0].text == "x" * LONGEST_LINE + CUT
    assert log_stream.LONGEST_HELD < 2 * LONGEST_LINE


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    assert [line.text for line in lines([framed(1, "a") + b"\x01\0\0\0\0\0\0\x02\xff\n"], has_terminal=False)] == [
        "a\ufffd"
    ]


def test_a_line_of_a_service_is_told_apart_from_the_task_that_wrote_it() -> None:
    told = "com.docker.swarm.node.id=n1,com.docker.swarm.service.id=s1,com.docker.swarm.task.id=t1"
    found = [LogLine("stdout", STAMP, text) for text in (f"{told} GET /?a=b,c=d 200", "no task = nobody", f"{told} ")]
    assert [(line.task, line.text) for line in by_task(found)] == [
        ("t1", "GET /?a=b,c=d 200"),
        ("", "no task = nobody"),
        ("t1", ""),
    ]
