"""Talking to an engine, directly and through Portainer: what is asked, and what its answers mean."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.runbooks import modules
from tests.systems.scripted_http import Script, says, scripted

LOOPBACK = ["127.0.0.0/8"]
OURS = [{"Id": 4, "Name": "shop", "EndpointId": 3, "Type": 1, "Env": [{"name": "A", "value": "1"}]}]
OTHERS = [{"Id": 1, "Name": "shop", "EndpointId": 9, "Type": 1}, {"Id": 2, "Name": "shop", "EndpointId": 3, "Type": 2}]


@pytest.fixture
def script() -> Iterator[Script]:
    with scripted() as server:
        yield server


@pytest.fixture
def engine(script: Script) -> Any:
    connection = {"url": script.url.replace("http://", "tcp://")}
    return modules.shared("stack.engine").through_docker(connection, LOOPBACK, [])


@pytest.fixture
def server(script: Script) -> Any:
    connection = {"url": script.url, "apiKey": "ptr_key"}
    return modules.shared("stack.portainer").through_portainer(connection, 3, LOOPBACK, [])


def asked(script: Script) -> list[tuple[str, str, Any]]:
    return [(method, path, json.loads(body) if body else None) for method, path, body in script.asked]


def test_only_a_manager_will_do(script: Script, engine: Any) -> None:
    script.lines = [
        says(200, {"Swarm": {"ControlAvailable": True, "Cluster": {"ID": "c1"}}}),
        says(200, {"Swarm": {"LocalNodeState": "inactive"}}),
    ]
    assert engine.require_manager() == "c1"
    with pytest.raises(modules.shared("stack.faults").Fault, match="not a manager"):
        engine.require_manager()


@pytest.mark.parametrize(
    ("status", "said", "code"),
    [
        (400, "rpc error: desc = port '80' is already in use by service 'x' (y) as an ingress port", "port_in_use"),
        (500, "rpc error: code = Unknown desc = update out of sequence", "conflict"),
        (409, "rpc error: desc = name conflicts with an existing object", "conflict"),
        (400, "invalid mount", "validation"),
    ],
)
def test_the_engines_words_have_a_code(script: Script, engine: Any, status: int, said: str, code: str) -> None:
    script.lines = [says(status, {"message": said})]
    with pytest.raises(modules.shared("upstream").UpstreamError, match=said[:9]) as caught:
        engine.create("service", {"Name": "x"})
    assert caught.value.code == code


def test_an_update_names_the_version_that_was_read_and_keeps_the_rights_to_pull(script: Script, engine: Any) -> None:
    script.lines = [says(200, {"Warnings": ["careful"]})]
    assert engine.update_service({"ID": "s1", "Version": {"Index": 7}}, {"Name": "x"}) == ["careful"]
    assert asked(script) == [("POST", "/services/s1/update?version=7&registryAuthFrom=spec", {"Name": "x"})]


def test_what_is_gone_already_is_deleted(script: Script, engine: Any) -> None:
    script.lines = [says(404, {"message": "not found"}), says(403, {"message": "no"})]
    engine.delete("service", "s1")
    with pytest.raises(modules.shared("upstream").UpstreamError):
        engine.delete("service", "s1")


def test_a_registry_tells_digest_and_platforms(script: Script, engine: Any) -> None:
    platforms = [{"architecture": "amd64", "os": "linux"}, {"architecture": "unknown", "os": ""}]
    script.lines = [says(200, {"Descriptor": {"digest": "sha256:1"}, "Platforms": platforms})]
    found = engine.digest_of("r.example.org:5000/a/b:1@sha256:" + "0" * 64)
    assert found == ("sha256:1", [{"Architecture": "amd64", "OS": "linux"}])
    assert script.asked[0][1] == "/distribution/r.example.org:5000/a/b:1/json"


def test_a_log_without_a_terminal_is_taken_out_of_its_frames(script: Script, engine: Any) -> None:
    frame = b"\x01\0\0\0\0\0\0\x06hello\n" + b"\x02\0\0\0\0\0\0\x04bad\n"
    script.lines = [(200, {}, frame), (200, {}, b"raw\n")]
    assert engine.log_of("s1", is_terminal=False) == ["hello", "bad"]
    assert engine.log_of("s1", is_terminal=True) == ["raw"]


def test_portainer_hands_requests_on_and_knows_its_own_stacks(script: Script, server: Any) -> None:
    script.lines = [says(200, []), says(200, OTHERS + OURS), says(200, OTHERS), says(200, {"StackFileContent": "a"})]
    assert server.engine.services() == []
    assert server.stack_named("shop") == OURS[0]
    assert server.stack_named("shop") is None
    assert server.file_of(OURS[0]) == "a"
    assert [path for _method, path, _body in asked(script)] == [
        "/api/endpoints/3/docker/services", "/api/stacks", "/api/stacks", "/api/stacks/4/file"
    ]  # fmt: skip


def keeper(server: Any) -> Any:
    kept = modules.shared("stack.portainer").Keeper
    return kept(server, "shop", "c1", content="new", variables={"B": "2"}, pull=True)


def test_portainer_deploys_a_new_stack_once_and_takes_it_away_again(script: Script, server: Any) -> None:
    script.lines = [says(200, []), says(200, {"Id": 4}), says(200, OURS), says(204)]
    made = keeper(server)
    made.deploy()
    made.deploy()
    made.restore()
    env = [{"name": "B", "value": "2"}]
    body = {"Name": "shop", "SwarmID": "c1", "StackFileContent": "new", "Env": env}
    assert asked(script)[1:] == [
        ("POST", "/api/stacks/create/swarm/string?endpointId=3", body),
        ("GET", "/api/stacks", None),
        ("DELETE", "/api/stacks/4?endpointId=3", None),
    ]


def test_portainer_gets_its_former_file_back(script: Script, server: Any) -> None:
    script.lines = [says(200, OURS), says(200, {"StackFileContent": "old"}), says(200, {}), says(200, {})]
    made = keeper(server)
    made.deploy()
    made.restore()
    new = {"StackFileContent": "new", "Env": [{"name": "B", "value": "2"}], "PullImage": True, "Prune": False}
    old = {"StackFileContent": "old", "Env": OURS[0]["Env"], "PullImage": False, "Prune": False}
    assert asked(script)[2:] == [("PUT", "/api/stacks/4?endpointId=3", body) for body in (new, old)]


def test_portainer_says_why(script: Script, server: Any) -> None:
    script.lines = [says(409, {"message": "Unable to deploy", "details": "a stack with the name shop already exists"})]
    with pytest.raises(modules.shared("upstream").UpstreamError, match="name shop already exists") as caught:
        server.create_stack("shop", "c1", "x", {})
    assert caught.value.code == "conflict"


def test_certificates_lie_in_memory_only() -> None:
    engine = modules.shared("stack.engine")
    made = engine.through_docker(
        {"url": "tcp://10.0.0.5:2376", "tlsCa": "ca", "tlsCert": "cert", "tlsKey": "key"}, [], []
    )
    files = {name: Path(made._reach.options[name]) for name in ("ca_path", "client_cert", "client_key")}
    assert {name: path.read_text() for name, path in files.items()} == {
        "ca_path": "ca", "client_cert": "cert", "client_key": "key"
    }  # fmt: skip
    assert made._base == "https://10.0.0.5:2376"
