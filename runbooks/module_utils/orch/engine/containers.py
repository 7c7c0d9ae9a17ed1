"""Restarting, stopping and removing containers: what is going to be done, doing it, and looking whether it was done."""

from __future__ import annotations

from typing import Any, Mapping

from ansible.module_utils.orch.engine.access import Engine
from ansible.module_utils.orch.engine.inventory import RETRYABLE
from ansible.module_utils.orch.plan import changed_fields
from ansible.module_utils.orch.upstream import UpstreamError

NOT_MODIFIED = 304
LIVE = frozenset({"running", "paused", "restarting"})


class Found:
    """A container as it is now: `about` is None where there is none, `error` why it could not be looked at."""

    def __init__(self, asked: str, about: dict[str, Any] | None, error: UpstreamError | None = None) -> None:
        self.asked, self.about, self.error = asked, about, error

    @property
    def id(self) -> str:
        """Its whole id, or what was asked for."""
        return self.about["Id"] if self.about else self.asked

    @property
    def name(self) -> str:
        """Its name, or what was asked for."""
        return str(self.about["Name"]).lstrip("/") if self.about else self.asked

    @property
    def state(self) -> dict[str, Any] | None:
        """What a plan tells of it; never the values of its variables."""
        if self.about is None:
            return None
        state = self.about["State"]
        image = (self.about.get("Config") or {}).get("Image", "")
        return {"image": image, "status": state.get("Status", ""), "started_at": state.get("StartedAt", "")}


def find(engine: Engine, asked: str, machine: str = "") -> Found:
    """Look at a container by its id or name; does not raise."""
    try:
        return Found(asked, engine.get(f"/containers/{asked}/json", machine))
    except UpstreamError as error:
        if error.code == "not_found":
            return Found(asked, None)
        return Found(asked, None, error)


def step(verb: str, found: Found, *, force: bool = False) -> dict[str, Any]:
    """The plan's item for one container."""
    item = {"id": found.id, "kind": "container", "name": found.name, "before": found.state}
    if found.error:
        return _refused(item, found.error.code, str(found.error))
    if verb == "remove":
        return _removal(item, found, force=force)
    if found.state is None:
        return _refused(item, "not_found", f"there is no container {found.asked}")
    if verb == "stop" and found.state["status"] != "running":
        return {**item, "action": "noop", "after": found.state, "fields": []}
    after = {**found.state, "status": "exited" if verb == "stop" else "running"}
    fields = changed_fields(found.state, after) if verb == "stop" else ["started_at"]
    return {**item, "action": "update", "after": after, "fields": fields}


def _removal(item: dict[str, Any], found: Found, *, force: bool) -> dict[str, Any]:
    if found.state is None:
        return {**item, "action": "noop", "after": None, "fields": []}
    status = found.state["status"]
    if status in LIVE and not force:
        return _refused(item, "conflict", f"{found.name} is {status}; stop it first, or allow to remove running ones")
    return {**item, "action": "delete", "after": None, "fields": sorted(found.state)}


def _refused(item: dict[str, Any], code: str, message: str) -> dict[str, Any]:
    error = {"code": code, "message": message, "retryable": code in RETRYABLE}
    return {**item, "action": "error", "after": item["before"], "fields": [], "error": error}


def do(engine: Engine, given: Mapping[str, Any], step: dict[str, Any]) -> dict[str, Any]:
    """Carry out one step and look at what came of it; the step as it ended. Does not raise."""
    path, verb, machine = f"/containers/{step['id']}", str(given["verb"]), str(given["machine"])
    try:
        if verb == "remove":
            # One that has been started since the plan was made is refused by the engine, unless that is allowed.
            flags = {name: str(given[name]).lower() for name in ("force", "volumes")}
            engine.call("DELETE", path, machine, force=flags["force"], v=flags["volumes"])
        else:
            _change(engine, f"{path}/{verb}", machine, given["grace_s"])
    except UpstreamError as error:
        # What was asked may have been done although no answer came, or by somebody else: what is there now decides.
        is_gone = verb == "remove" and error.code == "not_found"
        if not (error.may_have_acted or is_gone):
            return _refused(step, error.code, str(error))
    return _verified(step, verb, find(engine, step["id"], machine))


def _change(engine: Engine, path: str, machine: str, grace_s: int) -> None:
    try:
        engine.call("POST", path, machine, t=grace_s)
    except UpstreamError as error:
        if error.status != NOT_MODIFIED:
            raise


def _verified(step: dict[str, Any], verb: str, now: Found) -> dict[str, Any]:
    if now.error:
        return _refused(step, now.error.code, f"what came of it is not known: {now.error}")
    state = now.state
    is_done = {
        "remove": state is None,
        "stop": state is not None and state["status"] != "running",
        "restart": state is not None
        and state["status"] == "running"
        and state["started_at"] != step["before"]["started_at"],
    }[verb]
    if not is_done:
        return _refused({**step, "before": state}, "verify_failed", f"{step['name']} is not as it should be afterwards")
    return {**step, "after": state}
