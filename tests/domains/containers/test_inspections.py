"""One container looked at closely: why it ended and what its check says, without secrets."""

import pytest

from orch_app.domains.access.actor import Actor
from orch_app.domains.containers.inspections import Source, inspect_container
from orch_app.kit.errors import Forbidden, NotFound
from orch_app.kit.upstream_failures import UpstreamError
from tests.domains.containers.site import DB, WEB, Site
from tests.systems.engine import BEGAN


@pytest.mark.parametrize("through", ["docker", "portainer"])
def test_a_container_is_told_with_secrets_hidden(site: Site, operator: Actor, through: str) -> None:
    web = site.engine.containers[0]
    web.command = ["serve", "--login", "app:swordfish", "--api-key=0123456789"]
    web.check_says = f"GET / with {site.server.key}\npassword: swordfish"
    found = inspect_container(operator, Source(site.docker if through == "docker" else site.endpoint(2), "web", "n2"))
    assert (found.id, found.name, found.command) == (WEB, "web", "serve --login app:*** --api-key=***")
    assert found.check_says == "GET / with ***\npassword: ***"
    assert (found.variables, found.mounts, found.networks) == (("DB_PASSWORD", "MODE"), ("data → /data",), ("bridge",))
    assert found.started_at
    assert (int(found.started_at.timestamp()), found.finished_at) == (BEGAN + 1, None)


def test_why_a_container_ended_is_told(site: Site, operator: Actor) -> None:
    site.engine.containers[1].killed_for_memory = True
    found = inspect_container(operator, Source(site.docker, DB))
    assert found.finished_at
    assert (found.was_out_of_memory, int(found.finished_at.timestamp())) == (True, BEGAN + 600)


def test_a_container_that_is_gone_is_not_found(site: Site, operator: Actor) -> None:
    with pytest.raises(NotFound):
        inspect_container(operator, Source(site.docker, "gone"))


def test_an_endpoint_that_is_down_tells_nothing(site: Site, operator: Actor) -> None:
    with pytest.raises(UpstreamError):
        inspect_container(operator, Source(site.endpoint(3), WEB))


def test_who_may_not_use_connections_is_told_nothing(site: Site, viewer: Actor) -> None:
    with pytest.raises(Forbidden):
        inspect_container(viewer, Source(site.docker, WEB))
