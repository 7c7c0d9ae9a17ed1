"""The user's package registry: read from pip's configuration and told to pip and uv, and nothing else of theirs."""

import ast
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

# Of the many PIP_* and UV_* variables only those that say where packages come from are kept: PIP_USER, PIP_TARGET,
# UV_SYSTEM_PYTHON and their like would put the environment somewhere else or change what is installed.
KEPT_UV = (
    "UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS",
    "UV_INDEX_STRATEGY", "UV_INSECURE_HOST", "UV_HTTP_TIMEOUT", "UV_CACHE_DIR", "UV_NATIVE_TLS", "UV_SYSTEM_CERTS",
    "UV_OFFLINE", "UV_LINK_MODE", "UV_KEYRING_PROVIDER", "UV_CONFIG_FILE",
)  # fmt: skip
KEPT_PIP = (
    "index-url", "extra-index-url", "find-links", "no-index", "cert", "client-cert", "trusted-host", "proxy", "timeout",
    "default-timeout", "retries", "keyring-provider",
)  # fmt: skip
SECTIONS = ("global", "install", ":env:")
UV_NAME = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
}
COMMA_LISTS = {"find-links"}
TRUE = {"1", "true", "yes", "on"}


def pip_options(python: Path) -> dict[str, str]:
    """What pip would use here: its files and PIP_* variables together, only the options about the registry."""
    asked = subprocess.run(
        [python, "-m", "pip", "--disable-pip-version-check", "config", "list"],
        capture_output=True, text=True, check=False, env=without_python_variables(os.environ),
    )  # fmt: skip
    return merge(asked.stdout)


def merge(listing: str) -> dict[str, str]:
    """Options of a `pip config list`, the environment winning over `[install]` and that over `[global]`."""
    found: dict[str, dict[str, str]] = {section: {} for section in SECTIONS}
    for line in listing.splitlines():
        name, _, quoted = line.partition("=")
        section, _, option = name.rpartition(".")
        if section in found and option in KEPT_PIP:
            found[section][option] = str(ast.literal_eval(quoted))
    return {option: value for section in SECTIONS for option, value in found[section].items()}


def clean_environment(environ: Mapping[str, str], options: Mapping[str, str]) -> dict[str, str]:
    """An environment for pip and uv that knows the registry and none of the other options a user may have set."""
    env = without_python_variables(environ)
    env = {name: value for name, value in env.items() if not name.startswith(("PIP_", "UV_")) or _is_kept_uv(name)}
    env |= {f"PIP_{option.upper().replace('-', '_')}": value for option, value in options.items()}
    env |= {"PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    for name, value in uv_variables(options).items():
        env.setdefault(name, value)
    return env


def uv_words(options: Mapping[str, str]) -> list[str]:
    """What uv takes as an option only."""
    return ["--no-index"] if options.get("no-index", "").lower() in TRUE else []


def uv_variables(options: Mapping[str, str]) -> dict[str, str]:
    """pip's options in uv's names. Several indexes are one set, as in pip: the lock's hashes decide what is right."""
    named = {UV_NAME[option]: _as_uv(option, value) for option, value in options.items() if option in UV_NAME}
    if "UV_INDEX" in named:
        named["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return named


def _as_uv(option: str, value: str) -> str:
    parts = value.split()
    return ",".join(parts) if option in COMMA_LISTS else " ".join(parts)


def _is_kept_uv(name: str) -> bool:
    return name in KEPT_UV or name.startswith(("UV_INDEX_", "UV_CONCURRENT_"))


def without_python_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Without PYTHONPATH, PYTHONHOME and a foreign virtual environment, which would reach into ours."""
    foreign = {"PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV", "CONDA_PREFIX", "__PYVENV_LAUNCHER__"}
    return {name: value for name, value in environ.items() if name not in foreign}
