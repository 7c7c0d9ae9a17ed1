"""An n8n, its container, and runs of both modules as a play would make them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orch_app.domains.runbooks.inputs import check_inputs
from tests.runbooks import modules
from tests.runbooks.plays import spec
from tests.systems.n8n import ENCRYPTION_KEY, KEY, N8n, n8n, node, trigger
from tests.systems.n8n_container import Engine, n8n_container

BY_CLI: dict[str, Any] = {"method": "cli", "container": "n8n"}
opening = modules.shared("n8n.opening")


@dataclass
class Site:
    """The doubles, and a folder for each run. `last` is the backup that the next run is given, as the product does."""

    server: N8n
    engine: Engine
    folder: Path
    key: str = KEY
    encryption_key: str = ENCRYPTION_KEY
    id: str = "con_1"
    last: str = ""
    count: int = 0

    @property
    def artifacts(self) -> Path:
        """The folder of the last run."""
        return self.folder / str(self.count)

    def given(self, inputs: dict[str, Any], runbook: str, **more: Any) -> dict[str, Any]:
        """The parameters of a module; the inputs with their defaults."""
        self.count += 1
        self.artifacts.mkdir()
        checked = check_inputs(spec(runbook).schema, inputs)
        assert checked.problems == ()
        is_by_cli, endpoint = checked.values["method"] == "cli", checked.values["endpoint_id"]
        return {
            "connection": self.connection(),
            "portainer": self.file("portainer", self.engine.portainer) if is_by_cli and endpoint else "",
            "docker": self.file("docker", self.engine.docker) if is_by_cli and not endpoint else "",
            "inputs": checked.values,
            "artifacts_dir": str(self.artifacts),
            "earlier_path": self.last,
            "earlier_job": "job_before" if self.last else "",
            "expect_plan": "",
            "egress_allow": ["127.0.0.0/8"],
            "egress_deny": [],
            **more,
        }

    def connection(self) -> str:
        """The file of the connection of type n8n."""
        secrets = {"apiKey": self.key, "encryptionKey": self.encryption_key}
        return self.file("n8n", {"url": self.server.url, **{name: text for name, text in secrets.items() if text}})

    def file(self, kind: str, payload: dict[str, Any]) -> str:
        path = self.folder / f"{kind}.json"
        path.write_text(json.dumps({"id": self.id, "name": "my n8n", "type": kind, "environment": "stage", **payload}))
        return str(path)

    def backup(self, *, is_preview: bool = False, plan: str = "", **inputs: Any) -> Any:
        """One backup; the next run is given it, if it left one."""
        more = {"job": f"job_{self.count}", "expect_plan": plan}
        given = self.given(inputs, "n8n_backup", **more)
        self.server.calls.clear()
        found = modules.library("n8n_backup").run(given, is_preview=is_preview)
        path = self.artifacts / "snapshot.json"
        self.last = str(path) if path.exists() else self.last
        self.spoken(found)
        return found

    def restore(self, *, is_preview: bool = False, plan: str = "", snapshot: Path | None = None, **inputs: Any) -> Any:
        """One restore of the last backup, or of a text in `file`."""
        given = self.given(inputs, "n8n_restore", snapshot_path=str(snapshot or ""), expect_plan=plan)
        self.server.calls.clear()
        found = modules.library("n8n_restore").run(given, is_preview=is_preview)
        self.spoken(found)
        return found

    def spoken(self, report: Any) -> None:
        """Neither what was said nor what was written holds a secret."""
        written = b"".join(path.read_bytes() for path in self.artifacts.iterdir())
        for secret in (self.key, ENCRYPTION_KEY):
            assert secret.encode() not in repr(report).encode() + written

    def kept(self, name: str = "snapshot.json") -> Any:
        """A file of the last run."""
        return json.loads((self.artifacts / name).read_text())


@contextmanager
def open_site(folder: Path) -> Iterator[Site]:
    """Three workflows, a variable and a credential."""
    with n8n() as server, n8n_container(server) as engine:
        server.add("Orders", trigger(), node("Fetch", url="https://shop.example"), active=True, tags=("shop", "prod"))
        server.add("Report", trigger(), node("Send"))
        server.add("Cleanup", node("Drop"))
        server.add_variable("region", "eu")
        server.add_credential("Shop API", "U2FsdGVkX1-encrypted")
        yield Site(server, engine, folder)
