"""Nobody is shut out for good: what was closed is opened again unless somebody confirms in time that he still gets in.

Before the first file that could shut somebody out is written, what there was is put down in one file, `pending.json`.
Whoever gets in by a new connection removes it. A process that is left behind looks for it when the time is over, and
puts everything back where it is still there. The file is the only truth between them.
"""

from __future__ import annotations

import json
import os
import time
from typing import Any, Callable, Mapping

from ansible.module_utils.orch.hardening import services
from ansible.module_utils.orch.hardening.changes import put_back
from ansible.module_utils.orch.hardening.machine import Failed, File, Machine

FOLDER = "/var/lib/orch-hardening"
PENDING = f"{FOLDER}/pending.json"
# sshd first: while it refuses, a fail2ban that has begun anew would count.
_ORDER = ("guard", "ssh", "fail2ban")
_LET_GO = ["fail2ban-client", "unban", "--all"]
_READS_S = 5


def note(kept: Mapping[str, Any], units: list[str], token: str, machine: Machine) -> None:
    """Put down what has to come back, and which services have to hear of it.

    What an earlier run closed and nobody confirmed comes back as it was before that one: its watchdog goes away.
    """
    earlier = pending(machine) or {"files": {}, "units": []}
    ordered = [unit for unit in _ORDER if unit in {*units, *earlier["units"]}]
    document = {"token": token, "files": {**kept["files"], **earlier["files"]}, "units": ordered}
    machine.write(PENDING, File(json.dumps(document), 0o600))


def pending(machine: Machine) -> dict[str, Any] | None:
    """What waits for somebody to confirm it."""
    file = machine.read(PENDING)
    return json.loads(file.content) if file else None


def confirm(machine: Machine) -> None:
    """Somebody got in: what was closed stays closed."""
    machine.remove(PENDING)


def restore(machine: Machine) -> list[dict[str, str]]:
    """Put back what is pending; answers what the services were told. Services that fail stop nobody else.

    Whoever was refused only by what was closed may be banned for it, and a ban outlives its jail: all are let go.
    """
    waiting = pending(machine)
    if waiting is None:
        return []
    for path, row in waiting["files"].items():
        put_back(path, File.of(row) if row else None, machine)
    machine.run(_LET_GO)
    told = [one for unit in waiting["units"] for one in _told(unit, machine)]
    machine.remove(PENDING)
    return told


def _told(unit: str, machine: Machine) -> list[dict[str, str]]:
    try:
        return services.tell(unit, machine)
    except Failed as error:
        return [{"unit": unit, "action": str(error), "by": "failed"}]


def leave_behind(token: str, patience_s: float, machine: Machine, sleep: Callable[[float], None] = time.sleep) -> None:
    """Start the process that waits and restores; it outlives the connection that it came by."""
    if os.fork():
        return
    try:
        os.setsid()
        _let_go_of_the_connection()
        wait_and_restore(token, patience_s, machine, sleep)
    finally:
        os._exit(0)


def wait_and_restore(token: str, patience_s: float, machine: Machine, sleep: Callable[[float], None]) -> None:
    """Wait as long as it is patient; then restore what is still pending, unless a later run has put it there."""
    for _ in range(max(1, int(patience_s))):
        if (pending(machine) or {}).get("token") != token:
            return
        sleep(1.0)
    if (pending(machine) or {}).get("token") == token:
        restore(machine)
        _let_go(machine, sleep)


def _let_go(machine: Machine, sleep: Callable[[float], None]) -> None:
    """Let go again who is banned for what fail2ban reads of the past when it begins anew, by its earlier rules."""
    for _ in range(_READS_S):
        sleep(1.0)
        machine.run(_LET_GO)


def _let_go_of_the_connection() -> None:
    """ssh waits for whoever holds its ends."""
    empty = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(empty, descriptor)
    os.closerange(3, 256)
