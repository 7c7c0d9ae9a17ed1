"""A service looks the same as it is wanted and as the engine tells it, whatever the engine fills in or leaves out."""

from typing import Any

import pytest

from tests.runbooks import modules

SECTIONS: dict[str, Any] = {"networks": {}, "volumes": {"data": {}}, "secrets": {}, "configs": {}}


def wanted(**given: Any) -> dict[str, Any]:
    services = {"web": {"image": "web:1", **given}}
    return modules.shared("stack.spec").service("web", {**SECTIONS, "services": services}, "shop", {})


def shown(spec: dict[str, Any]) -> dict[str, Any]:
    return modules.shared("stack.view").of_service(spec, {"n1": "shop_default"})


def told(one: dict[str, Any], **changes: dict[str, Any]) -> dict[str, Any]:
    """The spec as an engine gives it back: with its own additions, and other parts as given."""
    task = one["TaskTemplate"]
    added = {"Isolation": "default", "Privileges": {"CredentialSpec": None}, "DNSConfig": {}, "Mounts": []}
    more = {
        "ContainerSpec": {**added, **task["ContainerSpec"], **changes.get("container", {})},
        "ForceUpdate": 3,
        "Runtime": "container",
        "Networks": [{**one, "Target": "n1"} for one in task["Networks"]],
        "Placement": {**task["Placement"], "Platforms": [{"OS": "linux"}]},
        **changes.get("task", {}),
    }
    return {**one, "TaskTemplate": {**task, **more}, **changes.get("spec", {})}


def test_what_the_engine_adds_by_itself_is_no_difference() -> None:
    spec = wanted()
    assert shown(told(spec)) == shown(spec)


@pytest.mark.parametrize(
    ("given", "changes"),
    [
        (
            {"deploy": {"update_config": {"delay": "0s", "monitor": "0s"}}},
            {"spec": {"UpdateConfig": {
                "Parallelism": 1, "FailureAction": "pause", "MaxFailureRatio": 0, "Order": "stop-first"
            }}},
        ),
        (
            {"deploy": {"restart_policy": {"delay": "0s"}}},
            {"task": {"RestartPolicy": {"Condition": "any", "Delay": 0, "MaxAttempts": 0}}},
        ),
        ({"tty": False, "read_only": False}, {"container": {"TTY": None, "ReadOnly": None}}),
        (
            {"ports": ["80"]},
            {"spec": {"EndpointSpec": {
                "Mode": "vip", "Ports": [{"Protocol": "tcp", "TargetPort": 80, "PublishMode": "ingress"}]
            }}},
        ),
        ({"volumes": ["data:/d"]}, {"container": {"Mounts": [{
            "Type": "volume", "Source": "shop_data", "Target": "/d",
            "VolumeOptions": {"Labels": {"com.docker.stack.namespace": "shop"}, "DriverConfig": {}},
        }]}}),
        (
            {"healthcheck": {"test": "x", "interval": "0s"}},
            {"container": {"Healthcheck": {"Test": ["CMD-SHELL", "x"]}}},
        ),
    ],
)  # fmt: skip
def test_its_defaults_are_no_difference(given: dict[str, Any], changes: dict[str, Any]) -> None:
    assert shown(told(wanted(**given), **changes)) == shown(wanted(**given))


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("stop_grace_period", {}, {"stop_grace_period": "0s"}),
        ("init", {}, {"init": False}),
        ("replicas", {"deploy": {"replicas": 1}}, {"deploy": {"replicas": 0}}),
        ("labels", {}, {"deploy": {"labels": {"flag": ""}}}),
        ("container_labels", {}, {"labels": {"flag": ""}}),
        ("update_config", {}, {"deploy": {"update_config": {"parallelism": 1}}}),
        ("update_config", {"deploy": {"update_config": {}}}, {"deploy": {"update_config": {"parallelism": 0}}}),
        ("restart_policy", {"deploy": {"restart_policy": {}}}, {"deploy": {"restart_policy": {"delay": "0s"}}}),
        ("env", {"environment": ["A"]}, {"environment": ["A="]}),
        ("command", {"command": ["a", ""]}, {"command": ["a"]}),
    ],
)
def test_what_means_something_is_a_difference(field: str, one: dict[str, Any], other: dict[str, Any]) -> None:
    before, after = shown(wanted(**one)), shown(wanted(**other))
    assert modules.shared("plan").changed_fields(before, after) == [field]


def test_no_replicas_are_shown_as_none_at_all() -> None:
    assert shown(wanted(deploy={"replicas": 0}))["replicas"] == 0
