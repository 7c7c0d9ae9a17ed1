"""The named places where processes can be told to die."""

from orch_app.kit.settings import ROOT
from tests.chaos.fire import CRASH_POINTS


def test_every_named_place_is_in_the_code_and_on_this_list() -> None:
    sources = [path.read_text("utf-8") for path in (ROOT / "orch_app").rglob("*.py")]
    named = {line.split('crash_point("')[1].split('"')[0] for text in sources for line in text.splitlines() if
             'crash_point("' in line}  # fmt: skip
    assert named == set(CRASH_POINTS)
