"""Talking to an engine, directly and through Portainer: what is asked, and what its answers mean."""

import base64
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


def test_a_socket_that_is_not_there_is_out_of_reach(tmp_path: Path) -> None:
    engine = modules.shared("stack.engine").through_docker({"url": f"unix://{tmp_path}/none.sock"}, [], [])
    with pytest.raises(modules.shared("upstream").UpstreamError, match="cannot be reached") as caught:
        engine.apart().api_version()
    assert caught.value.code == "unreachable"


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
    assert engine.log_of("service", "s1", is_terminal=False) == ["hello", "bad"]
    assert engine.log_of("task", "t1", is_terminal=True) == ["raw"]
    assert [asked[1].partition("?")[0] for asked in script.asked] == ["/services/s1/logs", "/tasks/t1/logs"]


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
    assert made.kept == {"file": "old", "variables": {"A": "1"}}
    made.deploy()
    made.restore()
    new = {"StackFileContent": "new", "Env": [{"name": "B", "value": "2"}], "PullImage": True, "Prune": False}
    old = {"StackFileContent": "old", "Env": OURS[0]["Env"], "PullImage": False, "Prune": False}
    assert asked(script)[2:] == [("PUT", "/api/stacks/4?endpointId=3", body) for body in (new, old)]


def test_on_the_way_back_portainer_gets_the_file_of_the_snapshot(script: Script, server: Any) -> None:
    script.lines = [says(200, OURS), says(200, {"StackFileContent": "new"}), says(200, {})]
    before = {"file": "old", "variables": {"A": "1"}}
    made = modules.shared("stack.portainer").Returning(server, "shop", "c1", before)
    made.deploy()
    made.remove()
    body = {"StackFileContent": "old", "Env": [{"name": "A", "value": "1"}], "PullImage": False, "Prune": False}
    assert (made.deploys, made.is_exact, asked(script)[2:]) == (
        True,
        False,
        [("PUT", "/api/stacks/4?endpointId=3", body)],
    )


def test_on_the_way_back_a_stack_goes_that_portainer_had_not(script: Script, server: Any) -> None:
    script.lines = [says(200, OURS), says(200, {"StackFileContent": "new"}), says(204)]
    made = modules.shared("stack.portainer").Returning(server, "shop", "c1", {})
    made.remove()
    made.remove()
    assert (made.deploys, asked(script)[2:]) == (False, [("DELETE", "/api/stacks/4?endpointId=3", None)])


def test_a_stack_that_portainer_takes_from_git_is_left_to_it(script: Script, server: Any) -> None:
    script.lines = [says(200, [{**OURS[0], "GitConfig": {"URL": "https://git.example.org/x"}}])]
    with pytest.raises(modules.shared("stack.faults").Fault, match="keeps this stack from https") as caught:
        keeper(server)
    assert caught.value.code == "conflict"


def test_a_network_that_no_list_tells_has_its_name(script: Script, engine: Any) -> None:
    script.lines = [says(200, {"Name": "host"}), says(404, {"message": "network x not found"})]
    assert [engine.network_name("h1"), engine.network_name("x")] == ["host", "x"]


def test_an_update_is_asked_for_again_as_long_as_the_spec_is_the_same(script: Script, engine: Any) -> None:
    late = says(500, {"message": "rpc error: code = Unknown desc = update out of sequence"})
    read = {"ID": "s1", "Version": {"Index": 7}, "Spec": {"Name": "x"}}
    script.lines = [late, says(200, {**read, "Version": {"Index": 9}}), says(200, {})]
    engine.update_service(read, {"Name": "y"})
    assert asked(script)[-1][1] == "/services/s1/update?version=9&registryAuthFrom=spec"
    script.lines = [late, says(200, {**read, "Spec": {"Name": "z"}})]
    with pytest.raises(modules.shared("upstream").UpstreamError) as caught:
        engine.update_service(read, {"Name": "y"})
    assert caught.value.code == "conflict"


@pytest.mark.parametrize(
    ("url", "image", "server"),
    [
        ("https://r.example.org:5000", "r.example.org:5000/a/b:1", "r.example.org:5000"),
        ("https://r.example.org:5000", "r.example.org/a/b:1", None),
        ("https://registry-1.docker.io", "nginx:1.27", "https://index.docker.io/v1/"),
        ("https://registry-1.docker.io", "team/app@sha256:" + "0" * 64, "https://index.docker.io/v1/"),
        ("https://registry-1.docker.io", "localhost/app", None),
    ],
)
def test_a_login_is_for_its_own_registry(url: str, image: str, server: str | None) -> None:
    said = told(logins((url, "u")).header_for(image))
    assert said == ({"username": "u", "password": "p", "serveraddress": server} if server else {})


def logins(*given: tuple[str, str]) -> Any:
    """Those of connections to these addresses with these users."""
    registry = modules.shared("stack.registry")
    return registry.Logins(
        registry.Login({"id": user, "name": f"of {user}", "url": url, "username": user, "password": "p"})
        for url, user in given
    )


def told(header: dict[str, str]) -> dict[str, str]:
    return json.loads(base64.urlsafe_b64decode(header["X-Registry-Auth"])) if header else {}


def test_of_several_registries_each_image_gets_the_login_of_its_own() -> None:
    several = logins(("https://a.example.org", "ann"), ("https://b.example.org", "bob"))
    headers = [several.header_for(f"{host}.example.org/x:1") for host in "abc"]
    assert [told(header).get("username") for header in headers] == ["ann", "bob", None]
    assert several.hosts == ["a.example.org", "b.example.org"]


def test_two_logins_of_one_registry_are_refused_and_one_chosen_twice_is_one() -> None:
    fault = modules.shared("stack.faults").Fault
    with pytest.raises(fault, match=r"of ann and of bob are both of docker\.io: an image has one login") as caught:
        logins(("https://index.docker.io", "ann"), ("https://registry-1.docker.io", "bob"))
    assert caught.value.code == "validation"
    assert logins(("https://r.example.org", "ann"), ("https://r.example.org", "ann")).hosts == ["r.example.org"]


def spec_of(image: str) -> dict[str, Any]:
    return {"Name": "x", "TaskTemplate": {"ContainerSpec": {"Image": image}}}


@pytest.mark.parametrize(
    ("image", "whence", "user"),
    [
        ("b.example.org/x:2", "spec", "bob"),  # a login of ours
        ("a.example.org/x:2", "spec", None),  # the one that the service has
        ("c.example.org/x:2", "previous-spec", None),  # the one that it had before
        ("x:2", "spec", ""),  # nobody's, so that the one it has is not shown to another registry
    ],
)
def test_a_service_keeps_a_login_only_for_the_registry_that_it_is_of(image: str, whence: str, user: str | None) -> None:
    before = {"Spec": spec_of("a.example.org/x:1"), "PreviousSpec": spec_of("c.example.org/x:1")}
    found, header = logins(("https://b.example.org", "bob")).rights(before, image)
    assert (found, told(header).get("username")) == (whence, user)


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
