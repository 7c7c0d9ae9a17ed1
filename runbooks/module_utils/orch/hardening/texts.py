"""The files that make a machine hard to break into, written out."""

from __future__ import annotations

import hashlib
from typing import Iterable, Sequence

from ansible.module_utils.orch.hardening.wishes import Ban, Wishes

HEAD = "# Written by the runbook server_hardening; a change here is undone by its next run.\n"
TABLE = "inet orch_guard"
METADATA = "169.254.169.254"
# Managers, gossip and the overlay (esp where it is encrypted), whose packets anybody could forge: only for the other
# machines of the Swarm.
SWARM_PORTS = ("tcp dport { 2377, 7946 }", "udp dport { 4789, 7946 }", "meta l4proto esp")
# sshd takes the first value that it meets, and Debian's sshd_config reads this folder before anything else.
SSHD = {
    "PermitRootLogin": "no",
    "PasswordAuthentication": "no",
    "KbdInteractiveAuthentication": "no",
    "PubkeyAuthentication": "yes",
    "PermitEmptyPasswords": "no",
    "X11Forwarding": "no",
    "AllowAgentForwarding": "no",
    "MaxAuthTries": "4",
    "LoginGraceTime": "30",
}


def sshd() -> str:
    """The settings of sshd."""
    return HEAD + "".join(f"{name} {value}\n" for name, value in SSHD.items())


def sudoers(account: str) -> str:
    """The account may become root without a password: it has none."""
    return f"{HEAD}{account} ALL=(ALL:ALL) NOPASSWD: ALL\n"


def authorized_keys(there: str, keys: Sequence[str]) -> str:
    """The lines that are there, and those keys that none of them holds. Nobody's key is taken away."""
    held = {" ".join(line.split()[:2]) for line in there.splitlines()}
    missing = [key for key in keys if key not in held]
    kept = there if not there or there.endswith("\n") else there + "\n"
    return kept + "".join(f"{key}\n" for key in missing)


def jail(ban: Ban, ports: Iterable[int], trusted: Iterable[str], *, journal: bool) -> str:
    """fail2ban watches sshd, in the journal where there is one, and bans by nftables."""
    lines = [
        "[sshd]",
        "enabled = true",
        f"port = {','.join(map(str, sorted(ports)))}",
        *(["backend = systemd"] if journal else ["backend = auto", "logpath = /var/log/auth.log"]),
        f"maxretry = {ban.max_retry}",
        f"findtime = {ban.find_s}",
        f"bantime = {ban.ban_s}",
        f"ignoreip = {' '.join(['127.0.0.1/8', '::1', *trusted])}",
        "banaction = nftables-multiport",
    ]
    return HEAD + "\n".join(lines) + "\n"


def upgrades() -> str:
    """Security updates are installed every day; nothing restarts the machine for them."""
    return HEAD.replace("#", "//", 1) + (
        'APT::Periodic::Update-Package-Lists "1";\n'
        'APT::Periodic::Unattended-Upgrade "1";\n'
        'Unattended-Upgrade::Automatic-Reboot "false";\n'
    )


def guard(wishes: Wishes, ssh_ports: Iterable[int]) -> str:
    """A table of our own: what comes in is dropped unless it is an answer, ssh, or one of the open ports.

    What other programs keep in tables of theirs (Docker, fail2ban) is not touched. The cloud's metadata service, which
    tells what a machine was made with, is for root only.
    """
    ssh = f"tcp dport {{ {', '.join(map(str, sorted(ssh_ports)))} }}"
    rules = [
        *(_from(wishes.sources, ssh) if wishes.sources else [f"{ssh} accept"]),
        *(_open(port) for port in wishes.ports),
        *(rule for ports in SWARM_PORTS for rule in _from(wishes.swarm_from, ports)),
    ]
    body = "\n".join(f"    {rule}" for rule in rules)
    text = f"""{HEAD}add table {TABLE}
delete table {TABLE}
table {TABLE} {{
  chain input {{
    type filter hook input priority filter; policy drop;
    ct state established,related accept comment "VERSION"
    ct state invalid drop
    iif "lo" accept
    meta l4proto {{ icmp, ipv6-icmp }} accept
    udp dport 68 accept
    udp dport 546 accept
{body}
  }}
  chain output {{
    type filter hook output priority filter; policy accept;
    meta skuid != 0 ip daddr {METADATA} reject
  }}
  chain forward {{
    type filter hook forward priority filter; policy accept;
    ip daddr {METADATA} reject
  }}
}}
"""
    return text.replace("VERSION", version(text))


def version(text: str) -> str:
    """The name of a text, by which the rules in force tell which file they came from."""
    return f"orch-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def version_in(text: str) -> str:
    """The version that a file or a list of rules says it is; empty where it says none."""
    _, _, rest = text.partition('comment "orch-')
    return f"orch-{rest.partition(chr(34))[0]}" if rest else ""


def _from(sources: Sequence[str], what: str) -> Iterable[str]:
    """One rule for each kind of address among the sources."""
    for family, is_six in (("ip", False), ("ip6", True)):
        found = ", ".join(source for source in sources if (":" in source) is is_six)
        if found:
            yield f"{family} saddr {{ {found} }} {what} accept"


def _open(port: str) -> str:
    numbers, protocol = port.split("/")
    return f"{protocol} dport {numbers} accept"


UNIT = f"""{HEAD}[Unit]
Description=Firewall of this machine
DefaultDependencies=no
Before=network-pre.target
Wants=network-pre.target
After=local-fs.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f /etc/nftables.d/orch-guard.nft

[Install]
WantedBy=sysinit.target
"""
