"""Nothing that may be a secret is shown of a service, and yet what changes is seen."""

from typing import Any

from tests.runbooks import modules

HASH, OTHER = "sha256:1", "sha256:2"


def sides(before: Any, after: Any) -> tuple[Any, Any]:
    found = modules.shared("stack.shown").sides(before, after)
    return found["before"], found["after"]


def test_of_the_environment_it_is_told_which_lines_differ() -> None:
    before = {"env": {"SAME": HASH, "OTHER": HASH, "GONE": HASH, "BARE": "unset"}}
    after = {"env": {"SAME": HASH, "OTHER": OTHER, "NEW": HASH, "BARE": HASH}}
    old, new = sides(before, after)
    assert old == {"env": {"OTHER": "set", "GONE": "set", "BARE": "unset"}}
    assert new == {"env": {"OTHER": "changed", "NEW": "set", "BARE": "set"}}


def test_of_what_is_made_or_goes_all_names_are_told() -> None:
    assert sides(None, {"env": {"A": HASH}}) == (None, {"env": {"A": "set"}})
    assert sides({"env": {"A": HASH}}, None) == ({"env": {"A": "set"}}, None)
    assert sides({"env": None}, {"env": {"A": HASH}}) == ({"env": {}}, {"env": {"A": "set"}})


def test_what_looks_or_sounds_like_a_secret_elsewhere_is_not_told_either() -> None:
    before = {"logging": {"Options": {"splunk-token": "one"}}, "command": ["serve", "--password=hunter2"]}
    after = {"logging": {"Options": {"splunk-token": "two"}}, "command": ["serve", "--password=hunter3"]}
    old, new = sides(before, after)
    assert old == {"logging": {"Options": {"splunk-token": "set"}}, "command": ["serve", "--password=***"]}
    assert new == {"logging": {"Options": {"splunk-token": "changed"}}, "command": ["serve", "--password=***"]}


def test_the_name_of_an_image_is_told_whatever_it_sounds_like() -> None:
    fields = {"image": "acme/token-service:1.4.0", "labels": {"com.docker.stack.image": "acme/token-service:1.4.0"}}
    assert sides(fields, fields) == (fields, fields)


def test_labels_that_every_service_of_a_stack_has_are_left_out_of_what_is_made_or_goes() -> None:
    own = {"com.docker.stack.namespace": "shop", "com.docker.stack.image": "web:1"}
    made = {"image": "web:1", "labels": {**own, "tier": "front"}, "container_labels": own}
    assert sides(None, made) == (None, {"image": "web:1", "labels": {"tier": "front"}})
    assert sides(made, None) == ({"image": "web:1", "labels": {"tier": "front"}}, None)


def test_quantities_are_told_as_a_compose_file_has_them() -> None:
    fields = {
        "healthcheck": {"Interval": 90 * 10**9, "Timeout": 500 * 10**6, "Retries": 3},
        "limits": {"MemoryBytes": 64 << 20, "NanoCPUs": 5 * 10**8, "Pids": 50},
        "reservations": {"MemoryBytes": 1_000},
        "secrets": [{"name": "token", "Mode": 0o440}],
        "stop_grace_period": 0,
        "init": False,
    }
    assert sides(None, fields)[1] == {
        "healthcheck": {"Interval": "1m30s", "Timeout": "500ms", "Retries": 3},
        "limits": {"MemoryBytes": "64M", "NanoCPUs": "0.5", "Pids": 50},
        "reservations": {"MemoryBytes": "1000"},
        "secrets": [{"name": "token", "Mode": "0440"}],
        "stop_grace_period": "0s",
        "init": False,
    }
