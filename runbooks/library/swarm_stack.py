#!/usr/bin/python
"""Ansible module: deploy a stack to a Swarm, take it back, or start its tasks anew; each with a plan first."""

from __future__ import annotations

from typing import Any, Callable, Iterable

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.orch import connections
from ansible.module_utils.orch.stack import (
    compose,
    live,
    portainer,
    registry,
    report,
    secret_values,
    since,
    snapshot,
    source,
    wanted,
    ways,
)
from ansible.module_utils.orch.stack.converge import Pace
from ansible.module_utils.orch.stack.engine import Engine, through_docker
from ansible.module_utils.orch.stack.faults import Fault
from ansible.module_utils.orch.stack.run import Manner, Run
from ansible.module_utils.orch.upstream import UpstreamError

DOCUMENTATION = r"""
module: swarm_stack
short_description: Deploy a stack to a Docker Swarm, take it back, or start its tasks anew
description:
  - The engine's API is spoken to directly, or through Portainer; no docker program is needed.
  - A plan comes first, in every mode. With C(expect_plan) nothing is done when the plan is another one.
  - The module ends without an error and with C(failure) set when the work fails, so that its output is complete.
options:
  task: {description: deploy; previous = back to the version before; restart., type: str, default: deploy}
  runbook: {description: The runbook's name, for the plan., type: str, required: true}
  stack: {description: The stack's name., type: str, required: true}
  docker: {description: File of a connection of type docker., type: path}
  portainer: {description: File of a connection of type portainer; used when there is none of type docker., type: path}
  endpoint_id: {description: Which environment of Portainer., type: int, default: 0}
  compose: {description: The compose file., type: str, default: ""}
  path: {description: Path of the compose file in a repository; instead of its text., type: str, default: ""}
  ref: {description: Branch or tag or commit of the repository., type: str, default: ""}
  git: {description: File of a connection of type git., type: path}
  variables: {description: Variables of the compose file., type: dict, default: {}}
  secrets: {description: File of a connection of type secrets., type: path}
  registries: {description: Files of connections of type registry., type: list, elements: path, default: []}
  policy: {description: Rules by name., type: dict, default: {}}
  prune: {description: Remove services that the file has no more., type: bool, default: true}
  resolve_image: {description: always, changed or never., type: str, default: always}
  services: {description: Only these services; all if empty., type: list, elements: str, default: []}
  timeout_s: {description: How long services have to come to stand., type: int, default: 300}
  stable_s: {description: How long they must stand., type: int, default: 20}
  on_failure: {description: rollback, pause or leave., type: str, default: rollback}
  max_changes: {description: A plan with more changes is not carried out., type: int, default: 100}
  artifacts_dir: {description: Where plan.json and snapshot.json go., type: path, required: true}
  expect_plan: {description: SHA-256 of the plan that was seen., type: str, default: ""}
  snapshot_path: {description: A snapshot to go back to., type: path}
  egress_allow: {description: Networks and names that may be reached although private., type: list, elements: str}
  egress_deny: {description: Endpoints of the product itself., type: list, elements: str}
"""

OPTIONS: dict[str, Any] = {
    "task": {"type": "str", "choices": ["deploy", "previous", "restart"], "default": "deploy"},
    "runbook": {"type": "str", "required": True},
    "stack": {"type": "str", "required": True},
    "docker": {"type": "path"},
    "portainer": {"type": "path"},
    "endpoint_id": {"type": "int", "default": 0},
    "compose": {"type": "str", "default": ""},
    "path": {"type": "str", "default": ""},
    "ref": {"type": "str", "default": ""},
    "git": {"type": "path"},
    "variables": {"type": "dict", "default": {}},
    "secrets": {"type": "path", "no_log": False},
    "registries": {"type": "list", "elements": "path", "default": []},
    "policy": {"type": "dict", "default": {}},
    "prune": {"type": "bool", "default": True},
    "resolve_image": {"type": "str", "choices": ["always", "changed", "never"], "default": "always"},
    "services": {"type": "list", "elements": "str", "default": []},
    "timeout_s": {"type": "int", "default": 300},
    "stable_s": {"type": "int", "default": 20},
    "on_failure": {"type": "str", "choices": ["rollback", "pause", "leave"], "default": "rollback"},
    "max_changes": {"type": "int", "default": 100},
    "artifacts_dir": {"type": "path", "required": True},
    "expect_plan": {"type": "str", "default": ""},
    "snapshot_path": {"type": "path"},
    "egress_allow": {"type": "list", "elements": "str", "default": []},
    "egress_deny": {"type": "list", "elements": "str", "default": []},
}


class Task:
    """What one call is to do, with the Swarm it does it to."""

    def __init__(self, given: dict[str, Any], values: dict[str, str], *, check: bool) -> None:
        self._given = given
        self._values = values
        self._check = check
        self._server: Any = None
        self._engine = self._connected()
        self._engine.logins = registry.read(given["registries"])
        self._swarm_id = self._engine.require_manager()

    def _connected(self) -> Engine:
        given = self._given
        allow, deny = given["egress_allow"], given["egress_deny"]
        if given["docker"]:
            return through_docker(connections.read(given["docker"], "docker"), allow, deny)
        if not given["portainer"]:
            raise Fault("validation", "choose a connection of type docker or portainer")
        if not given["endpoint_id"]:
            raise Fault("validation", "choose an environment of Portainer")
        connection = connections.read(given["portainer"], "portainer")
        self._server = portainer.through_portainer(connection, given["endpoint_id"], allow, deny)
        return self._server.engine

    def result(self) -> dict[str, Any]:
        """Do it; raises Fault, UpstreamError or OSError where it comes to no plan."""
        there = live.read(self._engine, self._given["stack"])
        if self._given["snapshot_path"]:
            return self._back(there)
        return {"deploy": self._deploy, "previous": self._previous, "restart": self._restart}[self._given["task"]](
            there
        )

    def _manner(self, direction: str, on_failure: str, *, goes_back: bool = False) -> Manner:
        given = self._given
        return Manner(
            given["runbook"],
            direction,
            given["artifacts_dir"],
            expect=given["expect_plan"],
            check=self._check,
            pace=Pace(given["timeout_s"], given["stable_s"]),
            on_failure=on_failure,
            most=given["max_changes"],
            goes_back=goes_back,
            swarm=self._swarm_id,
        )

    def _deploy(self, there: live.Live) -> dict[str, Any]:
        given = self._given
        variables = {name: str(value) for name, value in given["variables"].items()}
        with source.opened(given) as file:
            order = wanted.Order(
                given["stack"],
                variables,
                self._values,
                rules=given["policy"],
                prune=given["prune"],
                on_failure=given["on_failure"],
                beside=file.beside,
            )
            read = compose.read(file.text, variables, has_files=file.beside is not None)
            since.require(read.services, self._engine.api_version())
            goal = wanted.from_compose(read, order, there)
        goal.facts.update(file.facts)
        wanted.resolve_images(goal, there, given["resolve_image"], self._asking_registries())
        keeper = self._keeper(there, goal, file.text, variables)
        self._note_logins(goal, keeper)
        return Run(self._engine, there, goal, self._manner("apply", given["on_failure"]), keeper=keeper).result()

    def _note_logins(self, goal: wanted.Wanted, keeper: Any) -> None:
        """Say in the plan whose login goes with which service; what Portainer deploys exactly goes with its own."""
        portainer_deploys = keeper is not None and keeper.is_exact
        goal.notes = registry.notes(self._engine.logins, goal.services, portainer_deploys=portainer_deploys)

    def _asking_registries(self) -> Any:
        """A question to a registry; what it cannot answer stops nothing, a missing image does."""
        apart = self._engine.apart()

        def ask(image: str) -> Any:
            try:
                return apart.digest_of(image)
            except UpstreamError as error:
                if error.code == "image_not_found":
                    known = ", ".join(self._engine.logins.hosts) or "none"
                    said = f"the registry has no {image}, or not for us (logins: {known}): {error}"
                    raise Fault(
                        "image_not_found",
                        f"{said}. An image that only nodes have is not looked up with resolve_image never",
                    ) from None
                return str(error)

        return ask

    def _keeper(self, there: live.Live, goal: wanted.Wanted, text: str, variables: dict[str, str]) -> Any:
        """Portainer where it keeps the stack, or where there is none yet; the engine itself otherwise."""
        if self._server is None:
            return None
        if there.services and not self._server.stack_named(there.stack):
            said = "this stack was not made by Portainer, which goes on without its file"
            goal.warnings.append({"code": "external_stack", "message": said})
            return None
        return portainer.Keeper(
            self._server,
            there.stack,
            self._swarm_id,
            content=goal.file or text,
            variables={} if goal.file else variables,
            pull=self._given["resolve_image"] == "always",
        )

    def _back(self, there: live.Live) -> dict[str, Any]:
        document = snapshot.read(self._given["snapshot_path"])
        if snapshot.stack_of(document) != there.stack:
            raise Fault(
                "validation", f"the snapshot is of the stack {snapshot.stack_of(document)}, not of {there.stack}"
            )
        goal = snapshot.goal(document, there)
        keeper = self._returning(there.stack, document.get("portainer"))
        self._note_logins(goal, keeper)
        return Run(self._engine, there, goal, self._manner("rollback", "leave"), keeper=keeper).result()

    def _returning(self, stack: str, before: Any) -> Any:
        """Portainer, where it was the way that the job went which is undone, and is the way again."""
        if self._server is None or before is None:
            return None
        return portainer.Returning(self._server, stack, self._swarm_id, before)

    def _previous(self, there: live.Live) -> dict[str, Any]:
        tasks = self._engine.tasks(there.stack) if there.services else []
        goal = ways.previous(there, self._given["services"], tasks)
        if self._server and self._server.stack_named(there.stack):
            said = "Portainer's file of this stack stays as it is, so its next deploy brings the newer version back"
            goal.warnings.append({"code": "file_stays", "message": said})
        return Run(self._engine, there, goal, self._manner("apply", "leave", goes_back=True)).result()

    def _restart(self, there: live.Live) -> dict[str, Any]:
        goal = ways.restarted(there, self._given["services"])
        steps = ways.restarts(goal, there)
        return Run(self._engine, there, goal, self._manner("apply", "leave"), steps=steps).result()


def answer(given: dict[str, Any], *, check: bool, hide: Callable[[Iterable[str]], None] = set) -> dict[str, Any]:
    """Do the task; what the module answers. `hide` is told the values of secrets, which must not be shown."""
    try:
        values = secret_values.read(given["secrets"])
        hide(secret_values.worth_hiding(values))
        return Task(given, values, check=check).result()
    except (Fault, UpstreamError, connections.NoConnection) as error:
        return report.empty(error.code, str(error))
    except OSError as error:
        said = f"plan or snapshot could not be written, so nothing was changed: {error.strerror}"
        return report.empty("snapshot_failed", said)


def main() -> None:
    """Read the parameters, do the task, answer what came of it."""
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    result = answer(module.params, check=module.check_mode, hide=module.no_log_values.update)
    module.exit_json(**result, diff=report.diff(result["items"]))


if __name__ == "__main__":
    main()
