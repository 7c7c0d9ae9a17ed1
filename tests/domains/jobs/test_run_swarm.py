"""A stack's job through the whole product: its sandbox lets it reach engine and repository, and it tells no secret."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from orch_app.domains.access.actor import Actor
from orch_app.domains.inventory import connections
from orch_app.domains.inventory.wire import NewConnection
from orch_app.domains.jobs import service
from orch_app.domains.jobs.models import Job
from orch_app.kit.db import unit_of_work
from orch_app.kit.errors import Forbidden
from tests.domains.jobs.orders import launched, sync_runbooks
from tests.domains.jobs.rows import place_of
from tests.domains.jobs.secrecy import assert_nowhere
from tests.domains.jobs.trials import ran, text_of
from tests.runbooks.stack.fake_swarm import FakeSwarm
from tests.runbooks.stack.served_swarm import served, served_on_socket
from tests.systems.git_http import git_over_http
from tests.systems.product import bound_to

pytestmark = pytest.mark.integration
SECRETS = ["glpat-t0ken-1", "hunter2-token", "pull-only-1", "pull-0nly-two"]
TOKEN, VALUE, PASSWORD, OTHERS_PASSWORD = SECRETS
IN_ENVIRONMENT = "an0ther-value-of-old"
STACK = f"""
services:
  web:
    image: 127.0.0.1:5999/web:1
    healthcheck: {{test: [CMD, "true"]}}
    environment: [DB_PASSWORD={IN_ENVIRONMENT}, "RELEASE=${{RELEASE}}"]
    configs: [page]
    secrets: [token]
  proxy: {{image: "127.0.0.1:5998/proxy:1", healthcheck: {{test: [CMD, "true"]}}}}
configs: {{page: {{file: page.txt}}}}
secrets: {{token: {{environment: TOKEN}}}}
"""


@dataclass
class Place:
    """The product with its own runbooks, a Swarm, and a repository with the stack's file."""

    swarm: FakeSwarm
    docker: str
    git: str

    def connections(self, owner: Actor) -> dict[str, str]:
        """A connection for every slot that the stack needs."""
        payloads: dict[str, dict[str, Any]] = {
            "docker": {"url": self.docker},
            "git": {"url": f"{self.git}/ops.git", "username": "deploy", "token": TOKEN},
            "secrets": {"values": f"TOKEN={VALUE}"},
            "registry": {"url": "http://127.0.0.1:5999", "username": "ops", "password": PASSWORD},
            "registry_2": {"url": "http://127.0.0.1:5998", "username": "eve", "password": OTHERS_PASSWORD},
        }
        found = {}
        with unit_of_work() as session:
            for slot, payload in payloads.items():
                kind = slot.removesuffix("_2")
                new = NewConnection(type=kind, name=slot, environment="stage", payload=payload)
                found[slot] = connections.create(session, owner, new).id
        return found


@pytest.fixture
def place(migrated_sqlite: Path, admin: Actor, tmp_path: Path) -> Iterator[Place]:
    (tmp_path / "orch.db").write_bytes(migrated_sqlite.read_bytes())
    make_repository(tmp_path / "git")
    swarm = FakeSwarm()
    with bound_to(tmp_path), served(swarm) as docker, git_over_http(tmp_path / "git", "deploy", TOKEN) as git:
        sync_runbooks(admin)
        yield Place(swarm, docker, git)


def make_repository(folder: Path) -> None:
    work = folder / "work"
    work.mkdir(parents=True)
    (work / "stack.yml").write_text(STACK)
    (work / "page.txt").write_text("hello")
    who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], [*who, "commit", "-q", "-m", "one"]):
        subprocess.run(["git", "-C", str(work), *words], check=True)
    subprocess.run(["git", "clone", "-q", "--bare", str(work), str(folder / "ops.git")], check=True)


def stack_job(actor: Actor, slots: dict[str, str], release: str = "1", **facts: Any) -> Job:
    inputs = {
        "stack_name": "shop",
        "source": {"ref": "main", "path": "stack.yml"},
        "env": {"RELEASE": release},
        "resolve_image": "never",
        "wait": {"timeout_s": 30, "stable_s": 0},
    }
    return launched(actor, "swarm_deploy", inputs=inputs, connections=slots, environment="stage", **facts)


def test_what_an_operator_previewed_is_applied_and_no_secret_is_told(
    place: Place, admin: Actor, operator: Actor
) -> None:
    slots = place.connections(admin)
    preview = ran(stack_job(operator, slots, mode="preview"))
    assert preview.status == "SUCCESS", text_of(preview)
    assert place.swarm.writes == []
    job = ran(stack_job(operator, slots, expect_plan=preview.plan_sha256))
    assert job.status == "SUCCESS", text_of(job)
    assert job.output_json is not None
    assert (job.output_json["changed"], job.output_json["snapshot_ref"]) == (True, "snapshot.json")
    logins = {name: login["password"] for name, (login, _before) in place.swarm.logins.items()}
    assert logins == {"shop_web": PASSWORD, "shop_proxy": OTHERS_PASSWORD}
    assert set(place.swarm.documents) == set(logins)
    assert_nowhere(admin, job, [*SECRETS, IN_ENVIRONMENT])


def test_what_a_job_kept_of_an_environment_is_read_by_its_rollback_alone(
    place: Place, admin: Actor, operator: Actor
) -> None:
    slots = place.connections(admin)
    first, second = (ran(stack_job(operator, slots, release)) for release in ("1", "2"))
    assert (first.status, second.status) == ("SUCCESS", "SUCCESS"), text_of(second)
    assert_nowhere(admin, second, [IN_ENVIRONMENT])
    assert list(json.loads((place_of(second) / "snapshot.json").read_text())) == ["sealed"]
    with unit_of_work() as session:
        back = service.roll_back(session, operator, second.id, preview=False)
    done = ran(back)
    assert done.status == "SUCCESS", text_of(done)
    assert environment_of(place.swarm) == [f"DB_PASSWORD={IN_ENVIRONMENT}", "RELEASE=1"]
    assert_nowhere(admin, done, [IN_ENVIRONMENT])


def environment_of(swarm: FakeSwarm) -> list[str]:
    container: dict[str, Any] = swarm.documents["shop_web"]["Spec"]["TaskTemplate"]["ContainerSpec"]
    return container["Env"]


def test_an_engine_behind_a_socket_of_the_workers_machine_is_reached_from_inside_the_sandbox(
    place: Place, admin: Actor, operator: Actor, tmp_path: Path
) -> None:
    with served_on_socket(place.swarm, tmp_path / "docker.sock") as url:
        slots = replace(place, docker=url).connections(admin)
        job = ran(stack_job(operator, slots, mode="preview"))
    assert job.status == "SUCCESS", text_of(job)


def test_a_service_that_does_not_come_to_stand_is_the_jobs_reason(place: Place, admin: Actor, operator: Actor) -> None:
    place.swarm.refused = {"shop_web"}
    job = ran(stack_job(operator, place.connections(admin)))
    assert (job.status, job.reason) == ("ERROR", "port_in_use"), text_of(job)
    assert place.swarm.documents == {}


def test_a_viewer_may_not(place: Place, admin: Actor, viewer: Actor) -> None:
    slots = place.connections(admin)
    with pytest.raises(Forbidden):
        stack_job(viewer, slots)
    assert place.swarm.writes == []
