"""A restore test: a container of the same image, without a network, gets the backup, gives it back, and is removed."""

from __future__ import annotations

import secrets

from ansible.module_utils.orch.engine.inside import Inside
from ansible.module_utils.orch.n8n.bundle import Bundle
from ansible.module_utils.orch.n8n.command import Command
from ansible.module_utils.orch.n8n.faults import Fault
from ansible.module_utils.orch.n8n.matching import Rules
from ansible.module_utils.orch.n8n.things import CREDENTIAL, WORKFLOW, listed

LIVES_S = 1800
LABEL = "jarvis.restore-test"


def rehearse(inside: Inside, kept: Bundle) -> None:
    """Restore into an empty n8n beside this one and compare; raises Fault and UpstreamError."""
    asked = {
        "Entrypoint": ["sleep"],
        "Cmd": [str(LIVES_S)],
        "Labels": {LABEL: inside.name},
        "HostConfig": {"NetworkMode": "none", "AutoRemove": True},
    }
    other = inside.beside(f"jarvis-restore-test-{secrets.token_hex(4)}", asked)
    try:
        other.start()
        _compare(Command(other), kept)
    finally:
        other.discard()


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
