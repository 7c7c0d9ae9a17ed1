"""What the documentation promises about each probe: its table, a column for each level and one for the container."""

import re
from typing import Any

from orch_app.kit.settings import ROOT

TABLE = ROOT / "docs" / "explanation" / "what-a-job-can-reach.md"


def promised(column: str) -> dict[str, str]:
    """Rows of the table: the probe's name, and `yes`, `no` or `varies` in this column."""
    lines = [line.strip("| \n") for line in TABLE.read_text("utf-8").splitlines() if line.startswith("| ")]
    rows = [re.split(r" *\| *", line) for line in lines]
    names = next(row for row in rows if row[0] == "probe")
    probes = [row for row in rows if len(row) == len(names) and re.fullmatch(r"`\w+`", row[0])]
    return {row[0].strip("`"): row[names.index(column)] for row in probes}


def as_promised(found: dict[str, dict[str, Any]], column: str) -> dict[str, str]:
    """What was found, in the table's words."""
    words = promised(column)
    held = {name: "yes" if one["held"] else "no" for name, one in found.items()}
    return {name: "varies" if words.get(name) == "varies" else word for name, word in held.items()}
