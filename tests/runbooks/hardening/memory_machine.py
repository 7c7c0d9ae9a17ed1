"""A machine that only remembers: files, accounts and packages in memory, and every program that was asked for."""

from dataclasses import dataclass, field
from typing import Any

from tests.runbooks import modules

machine_module = modules.shared("hardening.machine")
File, Failed = machine_module.File, machine_module.Failed
EFFECTIVE = "port 22\npermitrootlogin {root}\npasswordauthentication no\nkbdinteractiveauthentication no\n"
FIXED = "pubkeyauthentication yes\npermitemptypasswords no\nx11forwarding no\nallowagentforwarding no\n"
NUMBERS = "maxauthtries 4\nlogingracetime 30\n"
SSHD = "/etc/ssh/sshd_config.d/00-orch-hardening.conf"
GUARD = "/etc/nftables.d/orch-guard.nft"


@dataclass
class MemoryMachine(machine_module.Machine):
    """`refuses` are the first words of programs that fail; `systemd` says what started the machine."""

    systemd: bool = True
    files: dict[str, Any] = field(default_factory=dict)
    accounts: set[str] = field(default_factory=set)
    installed: set[str] = field(default_factory=set)
    asked: list[list[str]] = field(default_factory=list)
    refuses: list[list[str]] = field(default_factory=list)
    services: set[str] = field(default_factory=set)
    loaded: str = ""
    swarm: dict[str, Any] = field(default_factory=dict)

    def read(self, path: str) -> Any:
        return self.files.get(path)

    def write(self, path: str, file: Any) -> None:
        self.files[path] = file

    def remove(self, path: str) -> None:
        self.files.pop(path, None)

    def home(self, account: str) -> str:
        return f"/home/{account}" if account in self.accounts else ""

    def add_account(self, account: str) -> None:
        self.accounts.add(account)

    def packages(self) -> frozenset[str]:
        return frozenset(self.installed)

    def install(self, names: Any) -> None:
        self.installed |= set(names)

    def has_systemd(self) -> bool:
        return self.systemd

    def engine(self, method: str, path: str, body: Any = None) -> Any:
        if method == "POST":
            self.swarm = {"LocalNodeState": "active", "ControlAvailable": path == "/swarm/init", "said": body}
        return {"Swarm": self.swarm}

    def run(self, argv: Any, timeout_s: float = 60) -> tuple[int, str]:
        self.asked.append(list(argv))
        if any(list(argv)[: len(words)] == words for words in self.refuses):
            return 1, f"{argv[0]} does not want to"
        return self._said(list(argv))

    def _said(self, argv: list[str]) -> tuple[int, str]:
        if argv[:2] == ["sshd", "-T"]:
            root = "no" if SSHD in self.files else "yes"
            return 0, EFFECTIVE.format(root=root) + FIXED + NUMBERS
        if argv[:3] == ["nft", "list", "table"]:
            return (0, self.loaded) if self.loaded else (1, "no such table")
        if argv[:2] == ["nft", "-f"]:
            self.loaded = self.files[GUARD].content
        if argv[:3] == ["nft", "delete", "table"]:
            self.loaded = ""
        if argv[0] == "fail2ban-client":
            return (0, "pong") if "fail2ban" in self.services else (255, "not running")
        if "fail2ban" in argv:
            self.services.add("fail2ban")
        return (1, "") if argv[0] == "ufw" else (0, "")

    def told(self) -> list[str]:
        """What services and judges were asked, as lines."""
        return [" ".join(argv) for argv in self.asked if argv[0] in ("systemctl", "service", "nft", "sshd", "visudo")]
