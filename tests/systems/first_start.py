"""What cloud-init does at the first start of a server, done to a test server that runs already."""

import json
import shlex
from typing import Any

from tests.systems.sshhosts import SshHost
from tests.systems.vps import login

KEY = "/etc/ssh/ssh_host_ed25519_key"


def start(host: SshHost, user_data: str) -> str:
    """Give the server its host key and its account; answers its address. Only a document of ours is understood."""
    head, _, text = user_data.partition("\n")
    assert head == "#cloud-config"
    config: dict[str, Any] = json.loads(text)
    for path, content in (
        (KEY, config["ssh_keys"]["ed25519_private"]),
        (f"{KEY}.pub", config["ssh_keys"]["ed25519_public"] + "\n"),
    ):
        _root(host, f"cat > {path}", content)
    for user in config["users"]:
        _add(host, user)
    _root(host, "service ssh reload")
    return host.address


def _add(host: SshHost, user: dict[str, Any]) -> None:
    name, keys = shlex.quote(user["name"]), "".join(f"{key}\n" for key in user["ssh_authorized_keys"])
    _root(host, f"useradd -m -s {shlex.quote(user['shell'])} {name}")
    _root(host, f"install -d -m 700 -o {name} ~{name}/.ssh && cat > ~{name}/.ssh/authorized_keys", keys)
    _root(host, f"chown -R {name} ~{name}/.ssh")
    _root(host, "cat > /etc/sudoers.d/90-cloud-init-users", f"{user['name']} {user['sudo']}\n")


def _root(host: SshHost, command: str, given: str = "") -> None:
    code, said = login(host, "root", command, given=given)
    assert code == 0, said
