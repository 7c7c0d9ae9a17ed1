"""The stack files as data: read like `docker stack deploy` reads them, variables with their defaults filled in."""

import re
from functools import cache
from typing import Any

import yaml

from orch_app.kit.settings import ROOT

MAIN = ROOT / "docker-compose.swarm.yml"
NO_IPVS = ROOT / "docker-compose.swarm.no-ipvs.yml"
FOLDER = ROOT / "docker-compose.swarm.folder.yml"
VARIABLE = re.compile(r"\$\{(?P<name>[A-Z_]+)(?::?(?P<kind>[-?])(?P<text>[^}]*))?\}")
Service = dict[str, Any]


@cache
def read(path: str) -> dict[str, Any]:
    """One stack file; a variable without a default becomes its own name."""
    text = VARIABLE.sub(_filled, (ROOT / path).read_text("utf-8"))
    return yaml.safe_load(text)


def services(path: str = MAIN.name) -> dict[str, Service]:
    return read(path)["services"]


def variables() -> set[str]:
    """Names of all variables that the files take."""
    return {found["name"] for path in (MAIN, NO_IPVS, FOLDER) for found in VARIABLE.finditer(path.read_text("utf-8"))}


def seconds(text: str) -> float:
    """A duration such as `5m` or `90s`."""
    units = {"s": 1, "m": 60, "h": 3600}
    return sum(float(number) * units[unit] for number, unit in re.findall(r"([\d.]+)([smh])", text))


def _filled(found: re.Match[str]) -> str:
    return found["text"] if found["kind"] == "-" else found["name"].lower()
