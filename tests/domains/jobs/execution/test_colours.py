"""Colours of programs: kept beside the clean text by their place, and only what a reader needs of them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orch_app.domains.jobs.execution.colours import MOST_PARTS, style_of
from orch_app.domains.jobs.execution.log_line import clean

E = "\x1b["


@pytest.mark.parametrize(
    ("raw", "style"),
    [
        ("plain", ""),
        (f"{E}31mred{E}0m", "0:3:31"),
        (f"{E}31mred{E}m and {E}1;32mgreen", "0:3:31 8:5:1,32"),
        (f"{E}1m{E}93mboth{E}22mone{E}39mnone", "0:4:1,93 4:3:93"),
        (f"{E}3;4ma{E}23mb{E}24mc", "0:1:3,4 1:1:4"),
        (f"{E}38;5;9mbright{E}38;5;200mno colour of ours", "0:6:91"),
        (f"{E}38;2;1;2;31mtrue colour{E}48;5;1;32mgreen", "11:5:32"),
        (f"{E}41;7;53mbackground, inverse, overlined", ""),
        (f"{E}31mmoved{E}2Jclean{E}Kx", "0:11:31"),
        (f"ação {E}36mé isto", "5:6:36"),
        (f"{E}31;mreset by an empty number", ""),
        (f"{E}31m{E}0mnothing", ""),
    ],
)
def test_a_line_keeps_its_colours_by_their_place(raw: str, style: str) -> None:
    assert style_of(raw, clean(raw)) == style


def test_what_stands_before_the_line_moves_its_colours() -> None:
    assert style_of(f"a{E}31mb", "ab", len("ok: ")) == "5:1:31"


def test_a_line_that_is_not_shown_as_it_was_has_no_colours() -> None:
    raw = f"the word is se{E}31mcret"
    assert style_of(raw, "the word is ***") == ""
    assert style_of(raw, "the word … [cut]") == ""


def test_of_very_many_parts_only_the_first_are_kept() -> None:
    raw = f"{E}31ma{E}32mb" * MOST_PARTS
    assert len(style_of(raw, clean(raw)).split()) == MOST_PARTS


@given(st.text(alphabet=st.sampled_from("\x1b[]m;0135489?P\\\x07 ab\u202e"), max_size=60))
def test_whatever_a_program_writes_the_style_is_numbers_within_the_text(raw: str) -> None:
    shown = clean(raw)
    style = style_of(raw, shown)
    assert re.fullmatch(r"(\d+:\d+:\d+(,\d+)*( (?=\d)|$))*", style)
    for part in style.split():
        start, length, _ = part.split(":")
        assert 0 <= int(start) <= int(start) + int(length) <= len(shown)
