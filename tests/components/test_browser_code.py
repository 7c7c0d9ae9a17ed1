"""Our own browser code: its pure parts run under Node's test runner, its icons are drawn, and nothing in it evals."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
UI = ROOT / "assets" / "ui"
SOURCES = sorted(UI.rglob("*.js*"))
NAMED_ICON = re.compile(r"""<Icon name="([a-z-]+)\"""")
BANNED = re.compile(r"\beval\(|new Function\(|dangerouslySetInnerHTML|\.innerHTML\b")


def test_the_pure_parts_pass_their_own_tests() -> None:
    node = Path(sys.executable).parent / "node"
    program = str(node) if node.exists() else shutil.which("node")
    assert program is not None
    command = [program, "--test", str(Path(__file__).parent / "js" / "*.test.js")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]


def test_every_icon_that_the_code_names_is_drawn() -> None:
    drawn = json.loads((UI / "icons.json").read_text(encoding="utf-8")).keys()
    named = {name for path in SOURCES for name in NAMED_ICON.findall(path.read_text(encoding="utf-8"))}
    assert named - drawn == set()


def test_nothing_evaluates_text_as_code_or_as_html() -> None:
    assert [path.name for path in SOURCES if BANNED.search(path.read_text(encoding="utf-8"))] == []


def test_only_the_tokens_file_knows_colours() -> None:
    hexes = re.compile(r"#[0-9a-fA-F]{3,8}\b")
    loud = {
        path.name for path in (ROOT / "assets" / "css").glob("*.css") if hexes.search(path.read_text(encoding="utf-8"))
    }
    # The hero is dark in both themes, so its colours are no tokens.
    assert loud <= {"login.css"}
