"""A restore test: a container of the same image, without a network, gets the backup, gives it back, and is removed."""

from __future__ import annotations

import secrets

from ansible.module_utils.orch.engine.access import Engine
from ansible.module_utils.orch.engine.inside import Inside
from ansible.module_utils.orch.n8n.bundle import Bundle
from ansible.module_utils.orch.n8n.command import Command
from ansible.module_utils.orch.n8n.faults import Fault
from ansible.module_utils.orch.n8n.matching import Rules
from ansible.module_utils.orch.n8n.things import CREDENTIAL, WORKFLOW, listed

LIVES_S = 900
LABEL = "jarvis.restore-test"


def rehearse(engine: Engine, container: str, kept: Bundle) -> None:
    """Restore into an empty n8n and compare; raises Fault and UpstreamError."""
    image = str(Inside(engine, container).about()["Image"])
    name = f"jarvis-restore-test-{secrets.token_hex(4)}"
    asked = {
        "Image": image,
        "Entrypoint": ["sleep"],
        "Cmd": [str(LIVES_S)],
        "Labels": {LABEL: container},
        "HostConfig": {"NetworkMode": "none", "AutoRemove": True},
    }
    made = engine.call("POST", "/containers/create", body=asked, name=name).document["Id"]
    try:
        engine.call("POST", f"/containers/{made}/start")
        _compare(Command(Inside(engine, made)), kept)
    finally:
        engine.call("DELETE", f"/containers/{made}", force="true", v="true")


def _compare(command: Command, kept: Bundle) -> None:
    rules = Rules(by_api=False, with_active=False)
    for kind in (CREDENTIAL, WORKFLOW):
        wanted = {one.id: one for one in kept.things if one.kind == kind}
        if not wanted:
            continue
        command.load(kind, list(wanted.values()))
        found = {one.id: one for one in command.export(kind)}
        bad = [one.name for id_, one in wanted.items() if id_ not in found or rules.different(found[id_], one)]
        if bad or len(found) != len(wanted):
            message = (
                f"restored into an empty n8n, {len(found)} of {len(wanted)} came back, and not as kept: {listed(bad)}"
            )
            raise Fault("verify_failed", f"{message}. Nothing was kept; earlier backups stay")
