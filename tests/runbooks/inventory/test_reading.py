"""What of Ansible's list fits into the product's inventory, and what is said of the rest."""

from typing import Any

import pytest

from tests.runbooks.modules import shared

reading = shared("inventory.reading")
acceptable = shared("inventory.acceptable")
precedence = shared("inventory.precedence")
Fault = shared("inventory.faults").Fault
Remarks = shared("inventory.remarks").Remarks
pytestmark = pytest.mark.unit


def read(hosts: dict[str, Any], groups: dict[str, Any], **manner: Any) -> tuple[Any, list[str]]:
    remarks = Remarks()
    document = {"_meta": {"hostvars": hosts}, "all": {"children": [*groups]}, **groups}
    found = reading.read(document, reading.Manner(**manner), remarks)
    return found, [one["message"] for one in remarks.told()]


def test_how_a_host_is_reached_may_be_said_by_its_nearest_group() -> None:
    groups = {
        "all": {"children": ["site", "z"], "vars": {"ansible_user": "everybody", "ansible_port": 1}},
        "site": {"children": ["web"], "vars": {"ansible_user": "site"}},
        "web": {"hosts": ["w1", "w2"], "vars": {"ansible_ssh_user": "web"}},
        "a": {"hosts": ["w1"], "vars": {"ansible_port": 22}},
        "z": {"hosts": ["w1", "x1"], "vars": {"ansible_port": "2222"}},
    }
    found, _ = read({"w2": {"ansible_user": "own"}}, groups)
    reached = {name: (host.user, host.port) for name, host in found.hosts.items()}
    assert reached == {"w1": ("web", 2222), "w2": ("own", 1), "x1": ("everybody", 2222)}
    assert all(group.variables == {} for group in found.groups.values())


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"ansible_port": "70000"}, "ansible_port is no port"),
        ({"ansible_user": "{{ me }}"}, "ansible_user is no name of a user"),
        ({"ansible_python_interpreter": "auto_silent"}, "ansible_python_interpreter is no path"),
        ({"ansible_password": "hunter2"}, "ansible_password is set by the product"),
        ({"mitogen_via": "x"}, "mitogen_via is set by the product"),
        ({"groups": 1}, "groups means something else"),
        ({"a-b": 1}, "a-b cannot be the name of a variable"),
        ({"db": {"password": "hunter2"}}, "db looks like a secret in clear"),
        ({"number": float("nan")}, "number holds a number that is none"),
        ({"text": "a\0b"}, "text holds characters that cannot be stored"),
        ({"deep": [[[[[[[[[[[[1]]]]]]]]]]]]}, "deep has more than 11 levels"),
        ({"large": "x" * 70_000, "small": 1}, "large is left out: variables have 64 KiB in all"),
    ],
)
def test_what_does_not_fit_is_left_out_and_said(variables: dict[str, Any], said: str) -> None:
    found, warnings = read({"w1": {"kept": "{{ x }}", **variables}}, {})
    assert any(said in one and "host w1" in one for one in warnings), warnings
    assert "hunter2" not in str(warnings)
    assert found.hosts["w1"].variables == {"kept": "{{ x }}", **({"small": 1} if "small" in variables else {})}


@pytest.mark.parametrize("name", ["all", "Targets", "web 1", "-w", "w" * 64, "wéb"])
def test_a_host_that_may_not_be_called_so_is_left_out(name: str) -> None:
    found, warnings = read({name: {"ansible_host": "10.0.0.1"}}, {"web": {"hosts": [name]}})
    assert (found.hosts, found.groups["web"].hosts) == ({}, ())
    assert len(warnings) == 1


@pytest.mark.parametrize("address", ["10.0.0", "fe80::1%eth0", "a b", "x" * 300, "{{ ip }}", "0x7f.1"])
def test_a_host_at_no_address_is_left_out(address: str) -> None:
    found, warnings = read({"w1": {"ansible_host": address}}, {})
    assert found.hosts == {}
    assert "the host is left out" in warnings[0]


def test_groups_get_names_that_ansible_takes_and_none_meets_another() -> None:
    groups = {
        "a-b": {"hosts": ["w1"], "vars": {"x": 1}},
        "a_b": {"hosts": ["w1"]},
        "targets": {"hosts": ["w1"]},
        "top": {"children": ["a-b", "targets", "ungrouped"]},
    }
    found, warnings = read({}, groups)
    assert {name: group.children for name, group in found.groups.items()} == {"a_b": (), "top": ("a_b",)}
    assert [one.partition(":")[0] for one in warnings] == ["group a-b", "group a_b", "group targets"]


def test_with_a_prefix_the_group_all_is_one_of_these_hosts() -> None:
    groups = {"all": {"children": ["web"], "vars": {"x": 1}}, "web": {"hosts": ["w1"]}, "ungrouped": {"hosts": ["w2"]}}
    found, _ = read({}, groups, prefix="p_")
    assert {name: group.hosts for name, group in found.groups.items()} == {"p_all": ("w1", "w2"), "p_web": ("w1",)}


def test_a_system_that_tells_everything_has_no_hosts_without_address_and_no_empty_groups() -> None:
    hosts = {"w1": {"ansible_host": "10.0.0.1"}, "w2": {}}
    found, warnings = read(hosts, {"web": {"hosts": ["w1"]}, "empty": {}}, tells_all=True)
    assert (list(found.hosts), list(found.groups)) == (["w1"], ["web"])
    assert warnings == ["host w2: it has no address there, and is left out"]


def test_too_many_hosts_are_refused() -> None:
    with pytest.raises(Fault) as refused:
        read({f"w{number}": {} for number in range(reading.MOST_HOSTS + 1)}, {})
    assert refused.value.code == "validation"


def test_many_places_are_one_remark() -> None:
    _, warnings = read({f"w{number}": {"ansible_become": True} for number in range(9)}, {})
    said = "ansible_become is set by the product, or left to Ansible, and is left out"
    assert warnings == [f"host w0, host w1, host w2 and 6 more: {said}"]


def test_labels_that_do_not_fit_are_not_taken() -> None:
    found = acceptable.labels(
        {"env": "prod", "-x": "y", "bad": "a\nb", **{f"l{number:02}": "" for number in range(40)}}
    )
    assert (found["env"], len(found), "-x" in found, "bad" in found) == ("prod", 32, False, False)
