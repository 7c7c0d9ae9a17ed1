"""A backup as a file: a manifest that names every thing by the SHA-256 of its content, and each content once."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Mapping, Sequence

from ansible.module_utils.orch import plan
from ansible.module_utils.orch.n8n import things
from ansible.module_utils.orch.n8n.faults import Fault
from ansible.module_utils.orch.n8n.things import CREDENTIAL, KINDS, Thing

SCHEMA_VERSION = 1
RUNBOOK = "n8n_backup"
FILE, MANIFEST = "snapshot.json", "manifest.json"
MAX_BYTES = 64 << 20


@dataclass(frozen=True)
class Facts:
    """What is known of a server besides what it holds: fingerprints never lead back to the key."""

    method: str
    n8n_version: str = ""
    key_fingerprint: str = ""
    kinds: Sequence[str] = field(default_factory=tuple)


@dataclass(frozen=True)
class Bundle:
    """What was kept of one server."""

    target: Mapping[str, Any]
    facts: Facts
    things: Sequence[Thing]

    @property
    def content_sha256(self) -> str:
        """The name of the whole content: the same as long as nothing that is kept changes."""
        return content_sha256(self.things)


def content_sha256(kept: Sequence[Thing]) -> str:
    """SHA-256 over all kinds, ids and contents."""
    return plan.digest(sorted([one.kind, one.id, one.sha256] for one in kept))


def manifest(bundle: Bundle) -> dict[str, Any]:
    """What is in the backup: counts, entries with hashes, and from what it was taken."""
    facts = bundle.facts
    counts = {kind: sum(one.kind == kind for one in bundle.things) for kind in KINDS}
    return {
        "schema_version": SCHEMA_VERSION,
        "method": facts.method,
        "n8n_version": facts.n8n_version,
        "key_fingerprint": facts.key_fingerprint,
        "kinds": sorted(facts.kinds),
        "counts": counts,
        "content_sha256": bundle.content_sha256,
        "entries": [_entry(one) for one in sorted(bundle.things, key=lambda one: one.order)],
    }


def _entry(one: Thing) -> dict[str, Any]:
    active = {"active": True} if one.content.get("active") else {}
    return {"kind": one.kind, "id": one.id, "name": one.name, "sha256": one.sha256, "bytes": one.size, **active}


def written(bundle: Bundle) -> bytes:
    """The file, read again to the end before anybody relies on it; raises Fault."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "runbook": RUNBOOK,
        "target": dict(bundle.target),
        "manifest": manifest(bundle),
        "objects": {one.sha256: one.content for one in bundle.things},
    }
    content = plan.canonical(document)
    if len(content) > MAX_BYTES:
        raise Fault("validation", f"the backup would have {len(content) >> 20} MB; {MAX_BYTES >> 20} MB can be kept")
    if read(content.decode()).content_sha256 != bundle.content_sha256:
        raise Fault("verify_failed", "the backup does not read back as it was taken; nothing was kept")
    return content


def read(text: str) -> Bundle:
    """A backup from its file, every content checked against its hash; raises Fault."""
    try:
        document = json.loads(text)
        told = document["manifest"]
        if (document["schema_version"], document["runbook"]) != (SCHEMA_VERSION, RUNBOOK):
            raise Fault("validation", "this is no backup of n8n_backup that can be read here")
        kept = [_kept(entry, document["objects"]) for entry in told["entries"]]
        facts = Facts(told["method"], told["n8n_version"], told["key_fingerprint"], tuple(told["kinds"]))
        bundle = Bundle(document["target"], facts, kept)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Fault("validation", "this is no backup of n8n_backup") from None
    if bundle.content_sha256 != told["content_sha256"]:
        raise Fault("validation", "the backup is damaged: its content is not what its manifest says")
    return bundle


def _kept(entry: Mapping[str, Any], objects: Mapping[str, Any]) -> Thing:
    content = objects[entry["sha256"]]
    if plan.digest(content) != entry["sha256"]:
        raise Fault("validation", f"the backup is damaged: {entry['kind']} {entry['name']} is not what its hash says")
    return things.thing(str(entry["kind"]), str(entry["id"]), content)


def has_credentials(bundle: Bundle) -> bool:
    """Whether the encryption key matters to it."""
    return any(one.kind == CREDENTIAL for one in bundle.things)
