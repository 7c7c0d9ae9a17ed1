"""What a server is told for its first start: its host key, and the one account that may log in."""

from __future__ import annotations

import json
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from typing import Any

from ansible.module_utils.orch.vps.host_key import HostKey
from ansible.module_utils.orch.vps.ordered import Unfit

MOST_BYTES = 32 * 1024
_CHARACTERS = ("#cloud-config", "text/cloud-config"), ("#!", "text/x-shellscript"), ("#include", "text/x-include-url")


def user_data(key: HostKey, admin: str, public_keys: list[str], own: str) -> str:
    """The document for cloud-init, with what the person gave as a part of its own; raises Unfit."""
    config: dict[str, Any] = {
        "ssh_deletekeys": True,
        "ssh_keys": {"ed25519_private": key.private, "ed25519_public": key.public},
        "ssh_pwauth": False,
        "users": [
            {
                "name": admin,
                "shell": "/bin/bash",
                "lock_passwd": True,
                "sudo": "ALL=(ALL) NOPASSWD:ALL",
                "ssh_authorized_keys": public_keys,
            }
        ],
    }
    # JSON is YAML, and needs no library on the worker.
    text = "#cloud-config\n" + json.dumps(config, indent=1)
    whole = _together(text, own) if own else text
    if len(whole.encode()) > MOST_BYTES:
        raise Unfit("validation", f"user_data is too long: with our own part it passes {MOST_BYTES} bytes")
    return whole


def _together(text: str, own: str) -> str:
    """Both in one document; where both say something of the same name, the second wins, so ours comes last."""
    whole = MIMEMultipart()
    for part in (own, text):
        kind = next((kind for mark, kind in _CHARACTERS if part.startswith(mark)), "")
        if not kind:
            raise Unfit("validation", "user_data begins with #cloud-config, #! or #include")
        whole.attach(MIMEText(part, kind.partition("/")[2], "utf-8"))
    return whole.as_string()
