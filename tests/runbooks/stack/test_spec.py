"""What becomes of a service of a compose file: the same that `docker stack deploy` makes of it."""

from typing import Any

import pytest

from tests.runbooks import modules

REST = """
networks: {app: {}, front: {external: true, name: traefik}}
volumes: {data: {}, nfs: {driver: nfs, driver_opts: {share: a}}, theirs: {external: true}}
secrets: {s1: {external: true}}
configs: {c1: {external: true, name: c1_v3}}
"""


def spec(service: str, **variables: str) -> dict[str, Any]:
    compose = modules.shared("stack.compose").read(
        f"services: {{web: {{image: 'nginx:1.27', {service}}}}}{REST}", variables
    )
    return modules.shared("stack.spec").service("web", compose.sections, "shop", variables)


def container(service: str, **variables: str) -> dict[str, Any]:
    return spec(service, **variables)["TaskTemplate"]["ContainerSpec"]


def fault(service: str) -> tuple[str, str]:
    with pytest.raises(modules.shared("stack.faults").ComposeFault) as caught:
        spec(service)
    ((pointer, said),) = caught.value.problems
    return pointer, said


def test_a_service_carries_the_marks_of_its_stack() -> None:
    made = spec("labels: {a: b}, deploy: {labels: [c=d]}")
    assert made["Name"] == "shop_web"
    assert made["Labels"] == {"c": "d", "com.docker.stack.namespace": "shop", "com.docker.stack.image": "nginx:1.27"}
    assert made["TaskTemplate"]["ContainerSpec"]["Labels"] == {"a": "b", "com.docker.stack.namespace": "shop"}
    assert made["Mode"] == {"Replicated": {"Replicas": 1}}
    assert made["TaskTemplate"]["Networks"] == [{"Target": "shop_default", "Aliases": ["web"]}]


def test_commands_are_split_as_a_shell_would() -> None:
    made = container("""command: "sh -c 'echo \\"a b\\"'", entrypoint: ["tini", 1]""")
    assert made["Args"] == ["sh", "-c", 'echo "a b"']
    assert made["Command"] == ["tini", "1"]


def test_the_environment_is_sorted_and_a_bare_name_takes_the_variable() -> None:
    made = container("environment: [B=2, A, C]", A="1")
    assert made["Env"] == ["A=1", "B=2", "C"]
    assert container("environment: {A: true, B: 1.5, C: }")["Env"] == ["A=true", "B=1.5", "C"]
    assert container("environment: [A=]", A="1")["Env"] == ["A="]


def test_a_healthcheck_counts_in_nanoseconds() -> None:
    made = container("healthcheck: {test: 'curl -f x', interval: 1m30s, timeout: 500ms, retries: 3}")
    assert made["Healthcheck"] == {
        "Test": ["CMD-SHELL", "curl -f x"], "Interval": 90 * 10**9, "Timeout": 5 * 10**8, "Retries": 3
    }  # fmt: skip
    assert container("healthcheck: {disable: true}")["Healthcheck"] == {"Test": ["NONE"]}


def test_ports_short_and_long() -> None:
    made = spec("ports: ['8080:80', '53:53/udp', 9000, '7000-7001:70-71', {target: 443, published: 8443, mode: host}]")
    found = [
        (p.get("PublishedPort"), p["TargetPort"], p["Protocol"], p["PublishMode"])
        for p in made["EndpointSpec"]["Ports"]
    ]
    assert found == [
        (53, 53, "udp", "ingress"), (7000, 70, "tcp", "ingress"), (7001, 71, "tcp", "ingress"),
        (8080, 80, "tcp", "ingress"),
        (8443, 443, "tcp", "host"), (None, 9000, "tcp", "ingress"),
    ]  # fmt: skip


def test_mounts_short_and_long() -> None:
    made = container(
        "volumes: ['data:/d:ro', /anonymous, '/srv:/srv:rshared', 'theirs:/t:nocopy', 'nfs:/n',"
        " {type: tmpfs, target: /tmp, tmpfs: {size: 16M}}]"
    )
    own = {"com.docker.stack.namespace": "shop"}
    assert made["Mounts"] == [
        {"Type": "volume", "Target": "/d", "ReadOnly": True, "Source": "shop_data", "VolumeOptions": {"Labels": own}},
        {"Type": "volume", "Target": "/anonymous"},
        {"Type": "bind", "Target": "/srv", "Source": "/srv", "BindOptions": {"Propagation": "rshared"}},
        {"Type": "volume", "Target": "/t", "Source": "theirs", "VolumeOptions": {"NoCopy": True}},
        {
            "Type": "volume", "Target": "/n", "Source": "shop_nfs",
            "VolumeOptions": {"Labels": own, "DriverConfig": {"Name": "nfs", "Options": {"share": "a"}}},
        },
        {"Type": "tmpfs", "Target": "/tmp", "TmpfsOptions": {"SizeBytes": 16 << 20}},
    ]  # fmt: skip


def test_secrets_and_configs_are_files() -> None:
    made = container(
        "secrets: [s1, {source: s1, target: other, mode: 0400, uid: '5'}], configs: [{source: c1, target: /cfg}]"
    )
    assert made["Secrets"] == [
        {"SecretName": "s1", "File": {"Name": "other", "UID": "5", "GID": "0", "Mode": 0o400}},
        {"SecretName": "s1", "File": {"Name": "s1", "UID": "0", "GID": "0", "Mode": 0o444}},
    ]
    assert made["Configs"] == [{"ConfigName": "c1_v3", "File": {"Name": "/cfg", "UID": "0", "GID": "0", "Mode": 0o444}}]


def test_networks_keep_their_aliases_and_the_service_its_name() -> None:
    made = spec("networks: {app: {aliases: [api]}, front: }")
    assert made["TaskTemplate"]["Networks"] == [
        {"Target": "shop_app", "Aliases": ["api", "web"]}, {"Target": "traefik", "Aliases": ["web"]}
    ]  # fmt: skip


def test_how_it_is_deployed() -> None:
    made = spec(
        "deploy: {replicas: 3, endpoint_mode: dnsrr, update_config: {delay: 2s, failure_action: rollback},"
        " resources: {limits: {cpus: '0.25', memory: 64M, pids: 50}, reservations: {memory: 1g}},"
        " restart_policy: {condition: on-failure, delay: 0s, max_attempts: 4},"
        " placement: {constraints: [node.role == manager], preferences: [{spread: node.labels.az}],"
        " max_replicas_per_node: 2}}"
    )
    task = made["TaskTemplate"]
    assert made["Mode"] == {"Replicated": {"Replicas": 3}}
    assert made["EndpointSpec"] == {"Mode": "dnsrr"}
    assert made["UpdateConfig"] == {"Parallelism": 1, "Delay": 2 * 10**9, "FailureAction": "rollback"}
    limits = {"NanoCPUs": 250_000_000, "MemoryBytes": 64 << 20, "Pids": 50}
    assert task["Resources"] == {"Limits": limits, "Reservations": {"MemoryBytes": 1 << 30}}
    assert task["RestartPolicy"] == {"Condition": "on-failure", "Delay": 0, "MaxAttempts": 4}
    assert task["Placement"] == {
        "Constraints": ["node.role == manager"],
        "Preferences": [{"Spread": {"SpreadDescriptor": "node.labels.az"}}],
        "MaxReplicas": 2,
    }


def test_global_services_and_jobs() -> None:
    assert spec("deploy: {mode: global}")["Mode"] == {"Global": {}}
    assert spec("deploy: {mode: global-job}")["Mode"] == {"GlobalJob": {}}
    assert spec("deploy: {mode: replicated-job, replicas: 2}")["Mode"] == {
        "ReplicatedJob": {"MaxConcurrent": 2, "TotalCompletions": 2}
    }


def test_the_old_way_to_restart_is_understood() -> None:
    assert spec("restart: 'on-failure:3'")["TaskTemplate"]["RestartPolicy"] == {
        "Condition": "on-failure",
        "MaxAttempts": 3,
    }
    assert spec("restart: unless-stopped")["TaskTemplate"]["RestartPolicy"] == {"Condition": "any"}
    assert "RestartPolicy" not in spec("restart: 'no'")["TaskTemplate"]


def test_rights_and_the_machine() -> None:
    made = container(
        "cap_add: [net_admin], cap_drop: [ALL], user: 1000, read_only: true, init: true, tty: true,"
        " ulimits: {nofile: {soft: 1, hard: 2}},"
        " extra_hosts: ['db:10.0.0.1', 'v6=[::1]'], dns: 1.1.1.1, stop_grace_period: 30s, sysctls: [a=1]"
    )
    assert made["CapabilityAdd"] == ["CAP_NET_ADMIN"]
    assert made["CapabilityDrop"] == ["ALL"]
    assert (made["User"], made["ReadOnly"], made["Init"], made["TTY"]) == ("1000", True, True, True)
    assert made["Ulimits"] == [{"Name": "nofile", "Soft": 1, "Hard": 2}]
    assert made["Hosts"] == ["10.0.0.1 db", "::1 v6"]
    assert made["DNSConfig"] == {"Nameservers": ["1.1.1.1"]}
    assert (made["StopGracePeriod"], made["Sysctls"]) == (30 * 10**9, {"a": "1"})


@pytest.mark.parametrize(
    ("service", "part", "said"),
    [
        ("networks: [other]", "networks", "not declared"),
        ("volumes: ['other:/x']", "volumes", "not declared"),
        ("volumes: ['./x:/x']", "volumes", "begins with /"),
        ("volumes: ['data:x']", "volumes", "begins with /"),
        ("volumes: ['data:/x:what']", "volumes", "not a volume"),
        ("volumes: [{type: npipe, target: /x}]", "volumes", "none of"),
        ("volumes: [{type: tmpfs, source: a, target: /x}]", "volumes", "no source"),
        ("secrets: [other]", "secrets", "not declared"),
        ("ports: ['127.0.0.1:80:80']", "ports", "every address"),
        ("ports: ['80-90:80']", "ports", "out of a range"),
        ("ports: ['80-81:80-82']", "ports", "one length"),
        ("ports: ['90-80:90-80']", "ports", "not a range"),
        ("ports: [http]", "ports", "not a port"),
        ("ports: [99999]", "ports", "no port"),
        ("ports: [{published: 80}]", "ports", "its target"),
        ("deploy: {mode: global, replicas: 2}", "deploy/mode", "do not go with"),
        ("deploy: {mode: twice}", "deploy/mode", "one of"),
        ("deploy: {endpoint_mode: lvs}", "ports", "one of"),
        ("deploy: {update_config: {order: first}}", "deploy/update_config", "one of"),
        ("deploy: {restart_policy: {condition: maybe}}", "deploy/restart_policy", "one of"),
        ("restart: sometimes", "deploy/restart_policy", "no way to restart"),
        ("command: 'sh -c \"x'", "command", "quotation"),
    ],
)
def test_what_cannot_be_is_told_with_its_place(service: str, part: str, said: str) -> None:
    pointer, sentence = fault(service)
    assert pointer == f"/services/web/{part}"
    assert said in sentence
