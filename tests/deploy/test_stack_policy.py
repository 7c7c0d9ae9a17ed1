"""The stack is safe by what its files say: no root, no rights, no open port, no secret in sight, and a clean end."""

import re
from typing import Any

import pytest

from orch_app.kit.settings import ROOT, Settings
from tasks.worker import AFTER_STOP_S
from tests.deploy.stack import FOLDER, MAIN, NO_IPVS, Service, read, seconds, services, variables

ALL = sorted(services().items())
LASTING = [(name, service) for name, service in ALL if name != "migrate"]
OURS = [(name, service) for name, service in ALL if service["image"] == "jarvis_image"]
SECRET_NAME = re.compile(r"PASSWORD|SECRET|TOKEN|KEY|URL$")
# `docker stack deploy` reads these and does nothing with them, or something else than one thinks.
DROPPED = {"tmpfs", "depends_on", "security_opt", "container_name", "build", "restart", "links", "network_mode"}
HOWTO = (ROOT / "docs/howto/docker-swarm.md").read_text("utf-8")

each = pytest.mark.parametrize(("name", "service"), ALL, ids=[name for name, _ in ALL])
each_lasting = pytest.mark.parametrize(("name", "service"), LASTING, ids=[name for name, _ in LASTING])
each_of_ours = pytest.mark.parametrize(("name", "service"), OURS, ids=[name for name, _ in OURS])


def test_the_stack_has_its_five_parts() -> None:
    assert [name for name, _ in ALL] == ["migrate", "postgres", "redis", "web", "worker"]
    assert [name for name, _ in OURS] == ["migrate", "web", "worker"]
    assert read(MAIN.name)["version"] == read(NO_IPVS.name)["version"] == read(FOLDER.name)["version"] == "3.9"


@each
def test_an_image_has_a_version(name: str, service: Service) -> None:
    _, _, tag = service["image"].partition(":")
    assert name in dict(OURS) or re.fullmatch(r"\d+\.\d+(\.\d+)?-[a-z]+", tag)
    assert "latest" not in MAIN.read_text("utf-8")


@each
def test_a_container_has_no_rights_and_no_writable_root(name: str, service: Service) -> None:
    user, _, group = service["user"].partition(":")
    assert int(user) > 0
    assert int(group) > 0
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert (DROPPED | {"privileged", "devices", "pid", "ipc"}) & service.keys() == set()


@each
def test_a_container_cannot_take_the_whole_machine(name: str, service: Service) -> None:
    limits = service["deploy"]["resources"]["limits"]
    assert float(limits["cpus"]) > 0
    assert re.fullmatch(r"\d+[MG]", limits["memory"])
    assert int(limits["pids"]) > 0


@each
def test_no_port_is_open_and_only_web_is_seen_by_traefik(name: str, service: Service) -> None:
    assert "ports" not in service
    assert ("traefik" in service["networks"]) == (name == "web")
    assert bool(service["deploy"].get("labels")) == (name == "web")


def test_web_is_served_by_traefik_with_tls() -> None:
    labels = services()["web"]["deploy"]["labels"]
    router = "traefik.http.routers.jarvis"
    assert labels["traefik.enable"] == "true"
    assert labels[f"{router}.entrypoints"] == "websecure"
    assert labels[f"{router}.tls.certresolver"]
    assert labels["traefik.http.services.jarvis.loadbalancer.server.port"] == "8000"
    assert read(MAIN.name)["networks"]["traefik"]["external"] is True


def test_database_and_queue_are_on_the_inner_network_only() -> None:
    assert services()["postgres"]["networks"] == services()["redis"]["networks"] == ["backend"]
    assert read(MAIN.name)["networks"]["backend"]["internal"] is True


@each
def test_secrets_are_files_that_only_the_containers_user_can_read(name: str, service: Service) -> None:
    user, _, group = service["user"].partition(":")
    for secret in service["secrets"]:
        assert (secret["uid"], secret["gid"], secret["mode"]) == (user, group, 0o400)
    named = [str(value) for key, value in service.get("environment", {}).items() if SECRET_NAME.search(key)]
    assert {value for key, value in service.get("environment", {}).items() if SECRET_NAME.search(key)} <= {
        "https://jarvis_host",
        "jarvis_artifacts_url",
        *(value for value in named if value.startswith("/run/secrets/")),
    }
    assert not any("://" in str(value) and "@" in str(value) for value in service.get("environment", {}).values())


def test_secrets_exist_outside_the_stack_and_the_how_to_makes_each() -> None:
    secrets: dict[str, Any] = read(MAIN.name)["secrets"]
    assert all(secret["external"] for secret in secrets.values())
    assert [secret["name"] for secret in secrets.values() if secret["name"] not in HOWTO] == []


def test_every_variable_of_the_stack_is_in_the_how_to() -> None:
    assert [name for name in sorted(variables()) if f"`{name}`" not in HOWTO] == []


@each_lasting
def test_a_lasting_part_says_whether_it_lives_and_is_updated_one_by_one(name: str, service: Service) -> None:
    check, deploy = service["healthcheck"], service["deploy"]
    assert check["test"][0] == "CMD"
    assert seconds(check["timeout"]) < seconds(check["interval"])
    assert deploy["update_config"]["parallelism"] == 1
    assert deploy["update_config"]["failure_action"] == "rollback"
    assert deploy["rollback_config"]["parallelism"] == 1
    assert deploy["restart_policy"]["condition"] == "any"


def test_the_new_worker_comes_after_the_old_one_has_finished_its_jobs() -> None:
    worker = services()["worker"]
    drain_s = float(worker["environment"]["ORCH_GRACE_S"]) + AFTER_STOP_S
    assert seconds(worker["stop_grace_period"]) >= drain_s + 10
    assert worker["deploy"]["update_config"]["order"] == "stop-first"
    assert int(worker["deploy"]["replicas"]) > 1


@each
def test_every_part_has_time_for_its_end(name: str, service: Service) -> None:
    assert seconds(service["stop_grace_period"]) >= 15


def test_migrating_ends_is_tried_again_when_it_failed_and_its_end_stops_no_update() -> None:
    deploy = services()["migrate"]["deploy"]
    assert deploy["replicas"] == 1
    assert deploy["restart_policy"]["condition"] == "on-failure"
    assert deploy["update_config"]["failure_action"] == deploy["rollback_config"]["failure_action"] == "continue"


@each
def test_the_command_line_of_docker_20_10_knows_the_mode_of_a_service(name: str, service: Service) -> None:
    assert service["deploy"].get("mode", "replicated") in {"replicated", "global"}


@each_of_ours
def test_our_parts_know_their_settings_and_write_only_where_they_may(name: str, service: Service) -> None:
    known = {f"ORCH_{field.upper()}" for field in Settings.model_fields}
    given = set(service["environment"])
    assert {variable for variable in given if variable not in known} <= {f"{field}_FILE" for field in known}
    mounts = {mount["target"]: mount["type"] for mount in service["volumes"]}
    assert mounts == {"/var/lib/jarvis": "volume", "/tmp": "tmpfs", "/run/user/10001": "tmpfs"}


@each
def test_what_is_mounted_is_written_in_the_long_form(name: str, service: Service) -> None:
    for mount in service["volumes"]:
        assert mount["type"] in {"volume", "tmpfs"}, "a folder of the machine is mounted"
        if mount["type"] == "tmpfs":
            assert mount["tmpfs"].keys() == {"size"}, "docker stack drops what else stands here"


def test_the_variant_without_ip_vs_changes_addresses_and_nothing_else() -> None:
    variant = services(NO_IPVS.name)
    assert variant.keys() == services().keys()
    assert all(service["deploy"]["endpoint_mode"] == "dnsrr" for service in variant.values())
    assert {port["mode"] for port in variant["web"]["ports"]} == {"host"}
    for name, service in variant.items():
        assert service.keys() <= ({"deploy", "ports"} if name == "web" else {"deploy"})
        assert service["deploy"].keys() <= {"endpoint_mode", "update_config", "rollback_config"}


def test_the_variant_with_a_shared_folder_adds_that_folder_alone() -> None:
    variant = services(FOLDER.name)
    assert sorted(variant) == ["web", "worker"]
    for service in variant.values():
        assert list(service) == ["volumes"]
        assert service["volumes"] == [{"type": "bind", "source": "jarvis_artifacts_folder", "target": "/artifacts"}]
    folder = Settings.model_validate({"artifacts_url": "file:///artifacts"}).artifacts_folder
    assert str(folder) == variant["worker"]["volumes"][0]["target"]
