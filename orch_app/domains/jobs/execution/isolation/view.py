"""What a job may see of the machine: its own folders, the interpreter with its packages, and a minimal system."""

import sys
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
"""Programs and libraries, read-only."""

ETC = (
    *("hosts", "resolv.conf", "nsswitch.conf", "host.conf", "gai.conf", "protocols", "services", "os-release"),
    *("debian_version", "redhat-release", "localtime", "timezone", "locale.alias", "mime.types", "terminfo"),
    *("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "ca-certificates", "pki/tls", "pki/ca-trust"),
    *("ssl/certs", "ssl/openssl.cnf", "crypto-policies"),
)
"""The parts of /etc that programs need to start, resolve names and trust certificates; nothing with a secret."""

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where programs are looked for, after the interpreter's own folder."""

DEVICES = ("null", "zero", "full", "random", "urandom", "tty")


@dataclass(frozen=True)
class JobView:
    """Folders of one job. `code` holds what every job may read: interpreter, packages, callback, shared modules."""

    readable: tuple[Path, ...]
    writable: tuple[Path, ...]
    code: tuple[Path, ...]
    passwd: Path
    group: Path
    project: Path

    def with_code(self, *paths: Path) -> "JobView":
        """The same view with more code to read."""
        return replace(self, code=(*self.code, *paths))

    def needed(self) -> tuple[Path, ...]:
        """Everything the job must be able to reach."""
        return (*self.code, *self.readable, *self.writable)


def interpreter_paths() -> tuple[Path, ...]:
    """Where the running Python and its packages live, without what the system folders hold already."""
    prefixes = {Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve().parents[1]}
    found = find_spec("ansible")
    if found is not None and found.origin is not None:
        prefixes.add(Path(found.origin).parents[1])
    within = (*map(Path, SYSTEM), *prefixes)
    return tuple(sorted(path for path in prefixes if path != Path("/usr") and not set(within) & set(path.parents)))
