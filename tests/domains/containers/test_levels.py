"""Levels of lines by the words in them."""

import pytest

from orch_app.domains.containers.levels import level_of


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("2026-02-02 ERROR could not connect", "error"),
        ('{"level":"warn","msg":"slow"}', "warning"),
        ("level=debug msg=tick", "debug"),
        ("panic: runtime error", "error"),
        ("WARNING: 3 errors before", "warning"),
        ("GET /errors 200", "info"),
        ("terrorism, foreground, warned", "info"),
        ("", "info"),
    ],
)
def test_a_line_has_the_gravest_level_that_it_names(text: str, level: str) -> None:
    assert level_of(text) == level
