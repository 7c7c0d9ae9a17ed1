"""The values of secrets: one `NAME=value` a line, and a fault that never holds a value."""

import json
from pathlib import Path

import pytest

from tests.runbooks import modules


def test_lines_quotes_and_remarks(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    text = '# ours\nTOKEN=a=b\n\nKEY="line 1\\nline 2"\nEMPTY=\n'
    file.write_text(json.dumps({"type": "secrets", "values": text}))
    read = modules.shared("stack.secret_values").read
    assert read(str(file)) == {"TOKEN": "a=b", "KEY": "line 1\nline 2", "EMPTY": ""}
    assert read(None) == {}


@pytest.mark.parametrize("text", ["A=1\nhunter2", 'A=1\nB="hunter2'])
def test_a_fault_tells_the_line_and_no_value(text: str) -> None:
    with pytest.raises(modules.shared("stack.faults").Fault, match="line 2") as caught:
        modules.shared("stack.secret_values").parsed(text)
    assert "hunter2" not in str(caught.value)


def test_a_short_value_hides_nothing_else() -> None:
    assert modules.shared("stack.secret_values").worth_hiding({"A": "a", "B": "hunter"}) == ["hunter"]
