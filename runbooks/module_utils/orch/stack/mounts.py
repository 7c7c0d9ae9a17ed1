"""Volumes, binds and file systems in memory: the short form `[source:]target[:options]`, and the long form."""

from __future__ import annotations

from typing import Any, Mapping

from ansible.module_utils.orch.stack import names, units

_OPTIONS = {"ro", "rw", "nocopy"}
_PROPAGATION = {"shared", "slave", "private", "rshared", "rslave", "rprivate"}
_TYPES = {"volume", "bind", "tmpfs"}


def read(entries: list[Any], volumes: Mapping[str, dict[str, Any]], stack: str) -> list[dict[str, Any]]:
    """The mounts as the engine's API has them; raises ValueError."""
    return [_mount(entry if isinstance(entry, dict) else _short(str(entry)), volumes, stack) for entry in entries]


def _short(entry: str) -> dict[str, Any]:
    parts = entry.split(":")
    if len(parts) == 1:
        return {"type": "volume", "target": entry}
    source, target, *options = parts
    said = set(",".join(options).split(",")) - {""}
    if len(options) > 1 or said - _OPTIONS - _PROPAGATION:
        raise ValueError(f"{entry} is not a volume such as data:/var/lib/data:ro")
    long: dict[str, Any] = {"type": "bind" if source[:1] in "/.~" else "volume", "source": source, "target": target}
    long["read_only"] = "ro" in said
    if said & _PROPAGATION:
        long["bind"] = {"propagation": next(iter(said & _PROPAGATION))}
    if "nocopy" in said:
        long["volume"] = {"nocopy": True}
    return long


def _mount(entry: dict[str, Any], volumes: Mapping[str, dict[str, Any]], stack: str) -> dict[str, Any]:
    kind = str(entry.get("type") or "volume")
    if kind not in _TYPES:
        raise ValueError(f"{kind} is none of bind, tmpfs, volume")
    if not str(entry.get("target") or "").startswith("/"):
        raise ValueError("the target of a mount is a path that begins with /")
    mount = {"Type": kind, "Target": str(entry["target"])}
    if units.flag(entry.get("read_only", False)):
        mount["ReadOnly"] = True
    source = str(entry.get("source") or "")
    return {**mount, **{"volume": _volume, "bind": _bind, "tmpfs": _memory}[kind](entry, source, volumes, stack)}


def _volume(entry: dict[str, Any], source: str, volumes: Mapping[str, dict[str, Any]], stack: str) -> dict[str, Any]:
    if not source:
        return {}
    if source not in volumes:
        raise ValueError(f"the volume {source} is not declared under volumes")
    declared, wanted = volumes[source], entry.get("volume") or {}
    options: dict[str, Any] = {"Labels": {}}
    if units.flag(wanted.get("nocopy", False)):
        options["NoCopy"] = True
    if wanted.get("subpath"):
        options["Subpath"] = str(wanted["subpath"])
    name = names.in_swarm(source, declared, stack)
    if names.is_external(declared):
        return {"Source": name, "VolumeOptions": {key: value for key, value in options.items() if value}}
    options["Labels"] = {**names.pairs(declared.get("labels")), names.STACK: stack}
    if declared.get("driver") or declared.get("driver_opts"):
        name_of = {"Name": str(declared["driver"])} if declared.get("driver") else {}
        settings = {"Options": names.pairs(declared["driver_opts"])} if declared.get("driver_opts") else {}
        options["DriverConfig"] = {**name_of, **settings}
    return {"Source": name, "VolumeOptions": options}


def _bind(entry: dict[str, Any], source: str, _volumes: Any, _stack: str) -> dict[str, Any]:
    if not source.startswith("/"):
        raise ValueError("a bind names a path of the node that begins with /: there is no folder beside the text")
    propagation = (entry.get("bind") or {}).get("propagation")
    return {"Source": source, **({"BindOptions": {"Propagation": str(propagation)}} if propagation else {})}


def _memory(entry: dict[str, Any], source: str, _volumes: Any, _stack: str) -> dict[str, Any]:
    if source:
        raise ValueError("a file system in memory has no source")
    wanted = entry.get("tmpfs") or {}
    options = {}
    if wanted.get("size"):
        options["SizeBytes"] = units.size(wanted["size"])
    if wanted.get("mode"):
        options["Mode"] = units.whole(wanted["mode"])
    return {"TmpfsOptions": options} if options else {}
