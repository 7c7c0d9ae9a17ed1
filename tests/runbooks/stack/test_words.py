"""What a service is to be reads like a compose file, and no difference gets lost on the way."""

from typing import Any

import pytest

from tests.runbooks import modules


def told(**fields: Any) -> dict[str, Any]:
    return modules.shared("stack.words").of_service(fields)


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [(0, "0s"), (2 * 10**9, "2s"), (90 * 10**9, "1m30s"), (3600 * 10**9, "1h"), (1_500_000_000, "1s500ms"), (7, "7ns")],
)
def test_times_are_said_in_the_units_of_people(nanoseconds: int, text: str) -> None:
    words, units = modules.shared("stack.words"), modules.shared("stack.units")
    assert (words.span(nanoseconds), units.nanoseconds(text)) == (text, nanoseconds)


@pytest.mark.parametrize(("count", "text"), [(64 << 20, "64M"), (3 << 30, "3G"), (1536, 1536), (1 << 10, "1K"), (0, 0)])
def test_sizes_are_said_in_the_largest_whole_unit(count: int, text: Any) -> None:
    words, units = modules.shared("stack.words"), modules.shared("stack.units")
    assert (words.size(count), units.size(text)) == (text, count)


def test_a_service_reads_like_a_compose_file() -> None:
    assert told(
        healthcheck={"Test": ["CMD", "id"], "Interval": 2 * 10**9, "StartPeriod": 10**9, "Retries": 3},
        limits={"MemoryBytes": 64 << 20, "NanoCPUs": 500_000_000},
        update_config={"FailureAction": "pause", "Monitor": 5 * 10**9, "Parallelism": 1},
        stop_grace_period=10**9,
        mode={"kind": "replicated"},
        replicas=2,
        ports=[{"Protocol": "tcp", "PublishMode": "host", "TargetPort": 80, "PublishedPort": 8080}],
        networks=[{"Aliases": ["web"], "Target": "shop_default"}],
        secrets=[{"name": "shop_token_v1", "Name": "token", "UID": "0", "GID": "0", "Mode": 0o444}],
        configs=[{"name": "page", "Name": "/page", "UID": "9", "GID": "9", "Mode": 0o400}],
        logging={"Name": "splunk", "Options": {"splunk-token": "set"}},
    ) == {
        "healthcheck": {"test": ["CMD", "id"], "interval": "2s", "start_period": "1s", "retries": 3},
        "limits": {"memory": "64M", "cpus": "0.5"},
        "update_config": {"failure_action": "pause", "monitor": "5s", "parallelism": 1},
        "stop_grace_period": "1s",
        "mode": "replicated",
        "replicas": 2,
        "ports": ["8080:80/tcp (host)"],
        "networks": ["shop_default (web)"],
        "secrets": ["shop_token_v1 as token"],
        "configs": ["page as /page (9:9, 0400)"],
        "logging": {"name": "splunk", "options": {"splunk-token": "set"}},
    }


def test_labels_that_every_stack_has_are_left_out_and_what_goes_stays() -> None:
    stack = {"com.docker.stack.namespace": "shop", "com.docker.stack.image": "web:1"}
    assert told(labels={**stack, "tier": "front"}, container_labels=stack) == {"labels": {"tier": "front"}}
    assert told(limits=None) == {"limits": None}


def test_what_the_short_form_cannot_say_is_spelled_out() -> None:
    assert told(networks=[{"Target": "n", "DriverOpts": {"a": "b"}}], mode={"kind": "global", "Max": 2}) == {
        "networks": [{"target": "n", "driver_opts": {"a": "b"}}],
        "mode": {"kind": "global", "max": 2},
    }
