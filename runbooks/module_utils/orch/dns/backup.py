"""Keeping a zone: its records as JSON, which a restore reads, and Cloudflare's own export as a BIND zone file."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from typing import Any

from ansible.module_utils.orch.dns import names, snapshot
from ansible.module_utils.orch.dns.cloudflare import Cloudflare
from ansible.module_utils.orch.plan import canonical, write_whole


def take(api: Cloudflare, runbook: str, zone_id: str, folder: str) -> dict[str, Any]:
    """Write both files and answer the item of the output; raises UpstreamError and OSError."""
    zone = names.plain(api.zone_name())
    live = api.records()
    exported = api.export()
    kept = canonical(snapshot.document(runbook, {"kind": "zone", "id": zone_id, "name": zone}, live))
    files = {f"{zone}.json": kept, f"{zone}.zone": exported}
    for name, content in files.items():
        write_whole(os.path.join(folder, name), content)  # noqa: PTH118
    counted = Counter(record.type for record in live)
    return {
        "id": zone_id,
        "action": "noop",
        "name": zone,
        "records": len(live),
        "types": ", ".join(f"{count} {kind}" for kind, count in sorted(counted.items())),
        "files": [
            {"name": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in files.items()
        ],
    }
