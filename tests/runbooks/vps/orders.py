"""Orders of servers from Hetzner's double, given to the code of the module without a play."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from orch_app.domains.runbooks.inputs import check_inputs
from tests.runbooks import modules
from tests.runbooks.plays import spec
from tests.systems.hetzner import TOKEN, Hetzner

run, ordered = modules.shared("vps.run"), modules.shared("vps.ordered")
hetzner_api, hetzner_provider = modules.shared("vps.hetzner_api"), modules.shared("vps.hetzner")
Reach = modules.shared("upstream").Reach
GIVEN = {"name": "web-1", "server_type": "cx22", "image": "debian-12", "location": "fsn1", "ssh_keys": ["ops"]}
PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHxvRnWKe0wCcqV4YG5qSFnGSoZsX0lrb8nhAIFCCrzb"


@dataclass
class Orders:
    """One project and who asks it; `slept` is how long was waited for, and nobody waits."""

    server: Hetzner
    token: str = TOKEN
    slept: list[float] = field(default_factory=list)

    def provider(self) -> Any:
        """A client that remembers nothing of earlier steps."""
        connection = {"token": self.token, "url": self.server.url}
        api = hetzner_api.HetznerApi(connection, Reach(["127.0.0.0/8"]), self.slept.append)
        return hetzner_provider.Hetzner(api, self.slept.append)

    def look(self, **inputs: Any) -> Any:
        self.server.forget()
        return run.look(self.provider(), self.order(**inputs))

    def make(self, job: str = "job_1", **inputs: Any) -> Any:
        self.server.forget()
        return run.make(self.provider(), self.order(**inputs), job, run.Entrance("ops", (PUBLIC,)))

    def look_back(self, job: str = "job_1") -> Any:
        self.server.forget()
        return run.look_back(self.provider(), "web-1", job)

    def delete(self, job: str = "job_1") -> Any:
        self.server.forget()
        return run.delete(self.provider(), "web-1", job)

    def order(self, **inputs: Any) -> Any:
        """The order that the runbook's form would give."""
        return ordered.Order.of(complete(inputs))


def complete(inputs: dict[str, Any]) -> dict[str, Any]:
    """Inputs with their defaults, as the schema has them."""
    given = {"provider": "hetzner", **GIVEN, **inputs}
    checked = check_inputs(spec("vps_provision").schema, given)
    assert checked.problems == ()
    return checked.values


def told(server: Hetzner) -> Iterator[dict[str, Any]]:
    """What each server that was ordered is told for its first start."""
    for body in server.bodies:
        if body and "user_data" in body:
            yield json.loads(body["user_data"].partition("\n")[2])
