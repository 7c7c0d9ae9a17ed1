"""Imports for tests: run as the module does it, and taken over as the product would."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orch_app.domains.runbooks.inputs import check_inputs
from tests.runbooks.modules import shared
from tests.runbooks.plays import spec

ALLOW = ("127.0.0.0/8",)
SOURCE: dict[str, Any] = {"from": "source", "name": "ops", "source": "src_01J0000000000000000000000A"}
run = shared("inventory.run")


def inputs(**given: Any) -> dict[str, Any]:
    """Inputs with their defaults, as the product hands them in."""
    checked = check_inputs(spec("inventory_import").schema, given)
    assert checked.problems == ()
    return checked.values


@dataclass
class Site:
    """An environment and the folder of a source; `there` is what the environment holds, by kind and name."""

    folder: Path
    there: dict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: {"hosts": {}, "groups": {}})
    slots: dict[str, str] = field(default_factory=dict)

    @property
    def artifacts(self) -> Path:
        """Where an import leaves its plan and its snapshot."""
        (self.folder / "artifacts").mkdir(exist_ok=True)
        return self.folder / "artifacts"

    @property
    def root(self) -> Path:
        """The inventories of the source."""
        return self.folder / "source"

    def write(self, files: dict[str, str]) -> None:
        """Files of the source."""
        for name, text in files.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text)

    def connect(self, slot: str, **document: Any) -> None:
        """Fill a slot."""
        path = self.folder / f"{slot}.json"
        path.write_text(json.dumps({"type": slot, "name": slot, **document}))
        self.slots[slot] = str(path)

    def add(self, kind: str, name: str, origin: str = "", **row: Any) -> None:
        """Something that the environment holds."""
        plain: dict[str, dict[str, Any]] = {
            "hosts": {"address": "10.9.9.9", "port": 22, "user": "", "python": "", "labels": {}},
            "groups": {"children": [], "hosts": []},
        }
        self.there[kind][name] = {"name": name, "origin": origin, "variables": {}, **plain[kind], **row}

    def document(self) -> dict[str, list[dict[str, Any]]]:
        """The file that the product hands in."""
        return {kind: list(rows.values()) for kind, rows in self.there.items()}

    def ask(self, *, preview: bool = False, undo: Any = None, plan: str = "", **given: Any) -> Any:
        """What an import answers."""
        order = run.Order(
            inputs=inputs(**given),
            environment="stage",
            there=self.document(),
            artifacts_dir=str(self.artifacts),
            root=str(self.root),
            slots=self.slots,
            reach=run.Reach(ALLOW),
            undo=undo,
            expect_plan=plan,
            is_preview=preview,
        )
        return run.run(order)

    def apply(self, **given: Any) -> Any:
        """The same, and what it hands over is taken over."""
        done = self.ask(**given)
        for kind in ("hosts", "groups"):
            for row in done.inventory.get(kind, ()):
                facts = {name: value for name, value in row.items() if name != "state"}
                self.there[kind].pop(row["name"], None)
                if row["state"] == "present":
                    self.there[kind][row["name"]] = {**facts, "origin": done.inventory["name"]}
        gone = {name for group in self.there["groups"].values() for name in group["hosts"]} - set(self.there["hosts"])
        for group in self.there["groups"].values():
            group["hosts"] = [name for name in group["hosts"] if name not in gone]
        return done

    def snapshot(self) -> Any:
        """What the last import kept."""
        return json.loads((self.artifacts / "snapshot.json").read_text())


def shown(report: Any) -> list[tuple[str, str]]:
    """What an import does: `+ host web-1` without the details."""
    return [(item["action"], item["id"]) for item in report.items]
