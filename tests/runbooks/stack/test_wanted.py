"""What a stack needs, has in the way, or does not meet is found before anything is done."""

import base64
from typing import Any

import pytest

from tests.runbooks import modules
from tests.runbooks.stack.deploying import goal_of, look
from tests.runbooks.stack.fake_swarm import FakeSwarm

HEALTHY = "healthcheck: {test: x}"


@pytest.fixture
def swarm() -> FakeSwarm:
    return FakeSwarm()


def file(service: str = "", rest: str = "", image: str = "web:1") -> str:
    return f"services: {{web: {{image: '{image}', {HEALTHY}, {service}}}}}\n{rest}"


def fault(swarm: FakeSwarm, text: str) -> Any:
    with pytest.raises(modules.shared("stack.faults").Fault) as caught:
        goal_of(swarm, text)
    assert swarm.writes == []
    return caught.value


def put(swarm: FakeSwarm, name: str, stack: str = "", **labels: str) -> None:
    spec = modules.shared("stack.spec")
    sections = {"services": {name: {"image": "x:1"}}, "networks": {}, "volumes": {}, "secrets": {}, "configs": {}}
    made = spec.service(name, sections, "x", {})
    own = {"com.docker.stack.namespace": stack} if stack else {}
    swarm.create("service", {**made, "Name": name, "Labels": {**own, **labels}})
    swarm.writes.clear()


@pytest.mark.parametrize(
    ("service", "rest", "code"),
    [
        ("secrets: [s]", "secrets: {s: {external: true}}", "secret_missing"),
        ("secrets: [s]", "secrets: {s: {environment: TOKEN}}", "secret_missing"),
        ("configs: [c]", "configs: {c: {external: true}}", "config_missing"),
        ("networks: [n]", "networks: {n: {external: {name: other}}}", "network_missing"),
        ("", "secrets: {s: {}}", "validation"),
        ("", "configs: {c: {}}", "validation"),
        ("configs: [c]", f"configs: {{c: {{name: {'n' * 62}, content: x}}}}", "validation"),
    ],
)
def test_what_is_missing_has_its_code(swarm: FakeSwarm, service: str, rest: str, code: str) -> None:
    assert fault(swarm, file(service, rest)).code == code


def test_a_network_of_somebody_else_with_this_name_is_a_conflict(swarm: FakeSwarm) -> None:
    swarm.things["network"].append({"Id": "n9", "Name": "shop_n", "Scope": "swarm", "Labels": {}})
    assert fault(swarm, file("networks: [n]", "networks: {n: {}}")).code == "conflict"


@pytest.mark.parametrize("stack", ["", "other"])
def test_a_service_of_somebody_else_with_this_name_is_a_conflict(swarm: FakeSwarm, stack: str) -> None:
    put(swarm, "shop_web", stack)
    assert fault(swarm, file()).code == "conflict"


def test_an_own_network_that_differs_stays_and_is_told(swarm: FakeSwarm) -> None:
    own = {"com.docker.stack.namespace": "shop"}
    swarm.things["network"].append({"Id": "n9", "Name": "shop_n", "Scope": "swarm", "Labels": own, "Driver": "overlay"})
    goal, _there = goal_of(swarm, file("networks: [n]", "networks: {n: {attachable: true}}"))
    assert [(one["code"], "Attachable" in one["message"]) for one in goal.warnings] == [("network_differs", True)]
    assert goal.new["network"] == {}


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("services: {a: {image: 'x:1'}}", ["healthcheck"]),
        ("services: {a: {image: x, healthcheck: {test: y}}}", ["image"]),
        ("services: {a: {image: 'r:5000/x', healthcheck: {test: [NONE]}}}", ["healthcheck", "image"]),
        ("services: {a: {image: 'x@sha256:" + "0" * 64 + "', deploy: {mode: replicated-job}}}", []),
    ],
)
def test_the_policy_is_held_to(text: str, places: list[str]) -> None:
    read = modules.shared("stack.compose").read(text, {})
    rules = {"require_healthcheck": True, "forbid_latest": True}
    found = modules.shared("stack.policy").broken(read.services, rules)
    assert [pointer for pointer, _why in found] == [f"/services/a/{place}" for place in places]


def test_each_rule_of_the_policy_is_a_choice() -> None:
    text = "services: {a: {image: x, ports: [{target: 80, mode: host}], deploy: {resources: {limits: {memory: 1g}}}}}"
    services = modules.shared("stack.compose").read(text, {}).services
    broken = modules.shared("stack.policy").broken
    assert broken(services, {"forbid_latest": False}) == []
    ((pointer, why),) = broken(services, {"forbid_host_ports": True})
    assert (pointer, "80" in why) == ("/services/a/ports", True)
    ((pointer, why),) = broken(services, {"require_limits": True})
    assert (pointer, "cpus" in why) == ("/services/a/deploy/resources/limits", True)


def test_what_an_older_engine_would_drop_is_refused() -> None:
    since, fault = modules.shared("stack.since"), modules.shared("stack.faults").ComposeFault
    text = (
        "services: {a: {image: 'x:1', healthcheck: {test: x, start_interval: 1s}, oom_score_adj: 1,"
        " volumes: [/x, {type: volume, source: d, target: /d, volume: {subpath: s}}]}}"
    )
    services = modules.shared("stack.compose").read(text, {}).services
    with pytest.raises(fault) as caught:
        since.require(services, (1, 44))
    assert [place for place, _why in caught.value.problems] == [
        "/services/a/oom_score_adj", "/services/a/volumes/1/volume/subpath"
    ]  # fmt: skip
    since.require(services, (1, 46))


def test_a_new_content_is_a_new_version_and_a_known_one_is_used_again(swarm: FakeSwarm) -> None:
    def version(content: str) -> tuple[str, list[str]]:
        goal, _there = goal_of(swarm, file("configs: [c]", f"configs: {{c: {{content: '{content}'}}}}"))
        for body in goal.new["config"].values():
            swarm.create("config", body)
        used = goal.services["shop_web"]["TaskTemplate"]["ContainerSpec"]["Configs"][0]["ConfigName"]
        return used, [name for _kind, name in goal.leftover]

    assert [version(text)[0] for text in ("a", "b", "a", "c", "d", "e")] == [
        "shop_c_v1", "shop_c_v2", "shop_c_v1", "shop_c_v3", "shop_c_v4", "shop_c_v5"
    ]  # fmt: skip
    assert version("f") == ("shop_c_v6", ["shop_c_v1"])
    assert base64.b64decode(swarm.things["config"][0]["Spec"]["Data"]) == b"a"


def test_a_plan_is_about_one_content_of_a_config(swarm: FakeSwarm) -> None:
    def planned(content: str) -> Any:
        goal, there = goal_of(swarm, file("configs: [c]", f"configs: {{c: {{content: {content}}}}}"))
        items = modules.shared("stack.planning").items(goal, there)
        return next(one["after"] for one in items if one["kind"] == "config")

    assert planned("a")["version_of"] == planned("b")["version_of"] == "shop_c"
    assert planned("a")["content"] != planned("b")["content"]


def test_a_config_may_be_a_file_beside_the_compose_file(swarm: FakeSwarm) -> None:
    wanted, read = modules.shared("stack.wanted"), modules.shared("stack.compose").read
    text = file("configs: [c]", "configs: {c: {file: ./page.txt}}")
    with pytest.raises(modules.shared("stack.faults").ComposeFault, match="no file beside"):
        read(text, {})
    order = wanted.Order("shop", {}, {}, {}, prune=True, on_failure="leave", beside=lambda name: f"<{name}>".encode())
    goal = wanted.from_compose(read(text, {}, has_files=True), order, look(swarm))
    assert base64.b64decode(goal.new["config"]["shop_c_v1"]["Data"]) == b"<./page.txt>"


def test_words_in_variables_are_flags_of_a_network(swarm: FakeSwarm) -> None:
    goal, _there = goal_of(swarm, file("networks: [n]", "networks: {n: {internal: 'false', attachable: 'true'}}"))
    (body,) = goal.new["network"].values()
    assert (body["Internal"], body["Attachable"]) == (False, True)


def test_a_version_that_a_service_goes_back_to_is_kept(swarm: FakeSwarm) -> None:
    versions = modules.shared("stack.versions")
    stored = [{"Spec": {"Name": f"c_v{number}"}} for number in range(9, 0, -1)]
    assert versions.obsolete(stored, "c_v9", {"c_v2"}) == ["c_v4", "c_v3", "c_v1"]
    service = {"PreviousSpec": {"TaskTemplate": {"ContainerSpec": {"Configs": [{"ConfigName": "c_v2"}]}}}}
    assert versions.used_by(service) == {"c_v2"}


def test_a_secret_is_known_again_by_a_hash_that_tells_nothing(swarm: FakeSwarm) -> None:
    text = file("secrets: [s]", "secrets: {s: {environment: TOKEN}}")
    goal, _there = goal_of(swarm, text, values={"TOKEN": "hunter2"})
    (body,) = goal.new["secret"].values()
    assert "hunter2" not in str({**body, "Data": ""})
    swarm.create("secret", {**body, "Data": ""})
    assert goal_of(swarm, text, values={"TOKEN": "hunter2"})[0].new["secret"] == {}
    assert set(goal_of(swarm, text, values={"TOKEN": "hunter3"})[0].new["secret"]) == {"shop_s_v2"}
    swarm.things["secret"][0]["Spec"]["Labels"]["orch.stack.hash"] = "what"
    assert set(goal_of(swarm, text, values={"TOKEN": "hunter2"})[0].new["secret"]) == {"shop_s_v2"}


def test_another_stack_with_the_same_address_is_a_warning(swarm: FakeSwarm) -> None:
    routers = modules.shared("stack.routers")
    rule = {"traefik.http.routers.old.rule": "Host(`shop.example.org`) || Host(`b`)"}
    put(swarm, "old", "other", **rule)
    mine = {"Name": "shop_web", "Labels": {"traefik.http.routers.web.rule": "Host(`SHOP.example.org`)"}}
    (warning,) = routers.conflicts([mine], look(swarm).others)
    assert (warning["code"], warning["item"]) == ("router_conflict", "service shop_web")
    assert "shop.example.org" in warning["message"]
    narrow = {"Name": "a", "Labels": {"traefik.http.routers.web.rule": "Host(`shop.example.org`) && PathPrefix(`/a`)"}}
    assert routers.conflicts([narrow], look(swarm).others) == []
    same = {"Name": "a", "Labels": {"traefik.http.routers.old.rule": "Host(`c`)"}}
    assert "router old" in routers.conflicts([same], look(swarm).others)[0]["message"]


def test_addresses_come_from_the_rules(swarm: FakeSwarm) -> None:
    labels = {"traefik.http.routers.a.rule": "Host(`x.org`, `y.org`)", "traefik.http.routers.a.tls": "true"}
    other = {"traefik.http.routers.b.rule": "Host(`z.org`)"}
    assert modules.shared("stack.routers").addresses([{"Labels": labels}, {"Labels": other}]) == [
        "http://z.org", "https://x.org", "https://y.org"
    ]  # fmt: skip


def test_images_get_the_digest_that_the_registry_tells(swarm: FakeSwarm) -> None:
    wanted, digest = modules.shared("stack.wanted"), "sha256:" + "a" * 64
    platforms = [{"Architecture": "amd64", "OS": "linux"}]
    goal, there = goal_of(swarm, file())
    wanted.resolve_images(goal, there, "always", lambda _image: (digest, platforms))
    task = goal.services["shop_web"]["TaskTemplate"]
    assert task["ContainerSpec"]["Image"] == f"web:1@{digest}"
    assert task["Placement"]["Platforms"] == platforms


def test_an_image_whose_registry_cannot_be_asked_is_told_and_keeps_its_digest(swarm: FakeSwarm) -> None:
    wanted, digest = modules.shared("stack.wanted"), "sha256:" + "a" * 64
    goal, there = goal_of(swarm, file())
    wanted.resolve_images(goal, there, "always", lambda _image: (digest, []))
    swarm.create("service", goal.services["shop_web"])
    for how in ("always", "changed", "never"):
        goal, there = goal_of(swarm, file())
        wanted.resolve_images(goal, there, how, lambda _image: "no route")
        assert goal.services["shop_web"]["TaskTemplate"]["ContainerSpec"]["Image"] == f"web:1@{digest}"
        assert [one["code"] for one in goal.warnings] == (["digest_unknown"] if how == "always" else [])
    goal, there = goal_of(swarm, file(image="web:2"))
    wanted.resolve_images(goal, there, "never", lambda _image: "no route")
    assert goal.services["shop_web"]["TaskTemplate"]["ContainerSpec"]["Image"] == "web:2"


def test_new_volumes_are_named(swarm: FakeSwarm) -> None:
    goal, _there = goal_of(swarm, file("volumes: ['data:/d', '/srv:/s']", "volumes: {data: {}}"))
    assert goal.facts == {"volumes": ["shop_data"]}


def test_portainer_gets_a_file_of_its_own_only_where_it_must(swarm: FakeSwarm) -> None:
    assert goal_of(swarm, file())[0].file == ""
    rest = "configs: {c: {content: 'a $$b'}}"
    written = goal_of(swarm, file("configs: [c], command: 'echo $$HOME'", rest))[0].file
    again = modules.shared("stack.compose").read(written, {})
    assert again.sections["configs"] == {"c": {"external": True, "name": "shop_c_v1"}}
    assert again.services["web"]["command"] == "echo $HOME"
