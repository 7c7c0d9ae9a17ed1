"""What a playbook of ours may not contain, because inputs would become commands, arguments or hosts."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orch_app.domains.runbooks.errors import RunbookBroken
from orch_app.domains.runbooks.yaml_source import read_yaml

KNOWN_HOSTS = frozenset({"targets", "localhost"})
MADE = "machines"
"""The group of the hosts that a play itself brings in, because it makes them, or works on them among others."""

SHARED_ROLES = "roles"
_SHELLS = frozenset({"shell", "raw", "script", "expect"})
_COMMANDS = frozenset({"command"})
_PREFIXES = ("ansible.builtin.", "ansible.legacy.", "community.general.")
_PIPE = re.compile(r"""(?:lookup|query|q)\s*\(\s*['"](?:ansible\.builtin\.)?(?:pipe|lines)['"]""")
_NOT_PLAYS = frozenset({"tests", "library", "module_utils", "templates", "files"})
_IN_A_ROLE = 2  # roles/<name>/<part>


def require_safe_playbook(folder: Path, target: str) -> None:
    """Raise RunbookBroken when playbook.yml, a task file beside it, or a role that all runbooks share breaks a rule;
    `target` is the runbook's.
    """
    plays = read_yaml(folder / "playbook.yml")
    if not isinstance(plays, list) or not plays:
        raise RunbookBroken("playbook.yml must be a list of plays")
    for number, play in enumerate(plays, start=1):
        _require_play(play, f"playbook.yml play {number}", target)
    for path in _yaml_files(folder):
        _require_tasks(read_yaml(path), path.relative_to(folder).as_posix())
    for path in _yaml_files(folder.parent / SHARED_ROLES):
        _require_tasks(read_yaml(path), path.relative_to(folder.parent).as_posix())


def _yaml_files(folder: Path) -> Iterator[Path]:
    for path in sorted([*folder.rglob("*.yml"), *folder.rglob("*.yaml")]):
        inner = path.relative_to(folder).parts
        of_role = inner[_IN_A_ROLE] if inner[0] == "roles" and len(inner) > _IN_A_ROLE else ""
        if not {inner[0], of_role} & _NOT_PLAYS and path.name not in {"runbook.yaml", "runbook.yml"}:
            yield path


def _require_play(play: Any, where: str, target: str) -> None:
    if not isinstance(play, dict):
        raise RunbookBroken(f"{where} is not a mapping")
    if "import_playbook" in play or "ansible.builtin.import_playbook" in play:
        raise RunbookBroken(f"{where}: import_playbook is not allowed; a runbook is one playbook")
    hosts = play.get("hosts")
    names = hosts if isinstance(hosts, list) else [hosts]
    allowed = KNOWN_HOSTS if target in {"hosts", "both"} else frozenset({*KNOWN_HOSTS}) - {"targets"} | _own(target)
    for name in names:
        if not isinstance(name, str) or name not in {*allowed, MADE}:
            known = " or ".join(sorted(allowed))
            raise RunbookBroken(f"{where}: hosts is {name!r}; with target {target} it must be {known}")
    if "vars_prompt" in play:
        raise RunbookBroken(f"{where}: vars_prompt is not allowed; nobody sits at a job's terminal")


def _own(target: str) -> frozenset[str]:
    """A runbook on localhost may call it `targets` as well: the inventory has it in that group."""
    return frozenset({"targets"}) if target == "localhost" else frozenset()


def _require_tasks(node: Any, where: str) -> None:
    if isinstance(node, list):
        for item in node:
            _require_tasks(item, where)
    elif isinstance(node, dict):
        here = f"{where}, task '{node['name']}'" if isinstance(node.get("name"), str) else where
        for key, value in node.items():
            _require_entry(str(key), value, here)
            _require_tasks(value, here)
    elif isinstance(node, str) and _PIPE.search(node):
        raise RunbookBroken(f"{where}: the pipe lookup runs a shell on the worker and is not allowed")


def _require_entry(key: str, value: Any, where: str) -> None:
    module = _short(key)
    if module in {"action", "local_action"}:
        module, value = _action(value)
    if module in _SHELLS and _has_template(value):
        raise RunbookBroken(f"{where}: {module}: with a template can be injected into; use command: with argv:")
    if module in _COMMANDS and _has_template(_free_form(value)):
        raise RunbookBroken(f"{where}: {module}: splits a templated line into arguments; use argv:")
    if key in {"delegate_to", "hosts"} and _has_template(value):
        raise RunbookBroken(f"{where}: {key}: with a template would reach hosts nobody chose")


def _action(value: Any) -> tuple[str, Any]:
    if isinstance(value, dict):
        return _short(str(value.get("module", ""))), value
    name, _, rest = str(value).partition(" ")
    return _short(name), rest


def _free_form(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: item for key, item in value.items() if key in {"cmd", "_raw_params"}}
    return value if isinstance(value, str) else ""


def _short(module: str) -> str:
    for prefix in _PREFIXES:
        module = module.removeprefix(prefix)
    return module


def _has_template(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_template(item) for item in value.values())
    if isinstance(value, list):
        return any(_has_template(item) for item in value)
    return isinstance(value, str) and ("{{" in value or "{%" in value)
