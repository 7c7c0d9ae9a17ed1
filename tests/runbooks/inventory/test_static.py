"""Inventories of files: read by Ansible's own plugins for data, and by nothing that would run."""

from pathlib import Path

from tests.runbooks.inventory.imports import SOURCE, Site, shown

VAULTED = "$ANSIBLE_VAULT;1.1;AES256\n6231336539666234306139346433\n"
INI = """
[web]
web[01:03].example.org n=5

[db-main]
db1 ansible_host=10.0.0.5 ansible_port=2222 ansible_user=dba ansible_become=yes

[site:children]
web
db-main

[all:vars]
ansible_user=deploy
"""
YAML = """
all:
  children:
    cache:
      hosts:
        c1: {ansible_host: 2001:db8::9, greeting: "{{ word }} you", plain: !unsafe "{{ x }}", safe: !unsafe hello}
        localhost: {ansible_connection: local}
        c2: {ansible_host: "{{ inventory_hostname }}.example.org"}
      vars:
        token: !vault |
          $ANSIBLE_VAULT;1.1;AES256
          62313365396662343061393464336163
        api_key: in-clear
        db_password: "{{ vault_db_password }}"
"""
WHOLE = {
    "inventory/hosts.ini": INI,
    "inventory/more.yml": YAML,
    "inventory/group_vars/all/vault.yml": VAULTED,
    "inventory/group_vars/all/main.yml": "domain: example.org\norch: 1\n",
    "inventory/group_vars/web.yml": "port: 80\nnested: {deep: [1, {two: 2}]}\n",
    "inventory/host_vars/db1.yml": "size: 3\nansible_python_interpreter: /usr/bin/python3.11\n",
    "inventory/clouds.py": "#!/usr/bin/env python3\nprint('{}')\n",
    "inventory/aws.yml": "plugin: amazon.aws.aws_ec2\n",
}


def test_hosts_groups_and_variables_come_as_ansible_sees_them(site: Site) -> None:
    site.write(WHOLE)
    done = site.apply(**SOURCE)
    assert done.failure == {}
    hosts, groups = site.there["hosts"], site.there["groups"]
    assert sorted(hosts) == ["c1", "db1", "web01.example.org", "web02.example.org", "web03.example.org"]
    about = {name: hosts["db1"][name] for name in ("address", "port", "user", "python", "variables", "origin")}
    assert about == {
        "address": "10.0.0.5", "port": 2222, "user": "dba", "python": "/usr/bin/python3.11", "variables": {"size": 3},
        "origin": "ops",
    }  # fmt: skip
    assert (hosts["web02.example.org"]["address"], hosts["web02.example.org"]["user"]) == (
        "web02.example.org",
        "deploy",
    )
    assert (hosts["c1"]["address"], hosts["c1"]["variables"]) == (
        "2001:db8::9",
        {"greeting": "{{ word }} you", "safe": "hello"},
    )
    assert (groups["site"]["children"], groups["web"]["hosts"][0]) == (["db_main", "web"], "web01.example.org")
    assert groups["web"]["variables"] == {"port": 80, "nested": {"deep": [1, {"two": 2}]}}
    assert groups["all"] == {
        "name": "all",
        "children": [],
        "hosts": [],
        "variables": {"domain": "example.org"},
        "origin": "ops",
    }
    assert groups["cache"]["variables"] == {"db_password": "{{ vault_db_password }}"}
    assert done.inventory["trusted"] is True

    said = " | ".join(done.warnings)
    for place, what in {
        "inventory/clouds.py": "it is a program",
        "inventory/aws.yml": "the configuration of a plugin",
        "inventory/group_vars/all/vault.yml": "encrypted by ansible-vault",
        "group cache": "token is encrypted by ansible-vault",
        "host c1": "plain is marked as unsafe",
        "host c2": "its address is a template",
        "host db1": "ansible_become is set by the product",
        "host localhost": "cannot be the name of a host",
        "group all": "orch means something else",
        "group db-main": "it is called db_main here",
    }.items():
        assert any(place in one and what in one for one in done.warnings), (place, said)
    assert any("api_key looks like a secret" in one for one in done.warnings)
    assert "in-clear" not in said

    again = site.ask(**SOURCE)
    assert (again.failure, again.inventory, again.counts["noop"], again.counts["update"]) == ({}, {}, 10, 0)


def test_one_file_is_read_with_the_variables_beside_it(site: Site) -> None:
    site.write({"hosts.yml": "web: {hosts: {w1: {}}}", "group_vars/web.yml": "a: 1", "host_vars/w1/b.yml": "b: 2"})
    site.write({"broken.yml": "{"})
    done = site.apply(**SOURCE, path="hosts.yml", group_prefix="ops_", default_user="root")
    assert done.failure == {}
    assert site.there["groups"]["ops_web"]["variables"] == {"a": 1}
    assert (site.there["hosts"]["w1"]["variables"], site.there["hosts"]["w1"]["user"]) == ({"b": 2}, "root")


def test_what_cannot_be_read_is_named_with_what_to_do(site: Site) -> None:
    site.write({"inventory/hosts.yml": "web:\n  hosts: [a, b", "other/x": "", "script": "#!/bin/sh\n"})
    broken = site.ask(**SOURCE).failure
    assert broken["code"] == "inventory_unreadable"
    assert "source/hosts.yml" in broken["message"]
    assert str(site.folder) not in broken["message"]
    missing = site.ask(**SOURCE, path="inventories/prod").failure
    assert missing["code"] == "not_found"
    assert "of inventories it has inventory/, other/, script" in missing["message"]
    assert site.ask(**SOURCE, path="script").failure["code"] == "validation"
    assert site.ask(**SOURCE, path="other/../../x").failure["code"] == "not_found"
    assert list(site.artifacts.iterdir()) == []


def test_neither_a_script_nor_a_plugin_runs_although_it_is_all_there_is(site: Site) -> None:
    ran = site.folder / "ran"
    site.write({"inventory/run.sh": f"#!/bin/sh\ntouch {ran}\necho '{{}}'\n"})
    (site.root / "inventory/run.sh").chmod(0o755)
    done = site.ask(**SOURCE)
    assert (done.failure["code"], ran.exists()) == ("not_found", False)
    constructed = f"plugin: constructed\ngroups: {{all_of_them: \"lookup('pipe', 'touch {ran}')\"}}\n"
    site.write({"inventory/hosts.ini": "w1\n", "inventory/x.yml": constructed})
    assert shown(site.ask(**SOURCE)) == [("create", "host:w1")]
    assert not ran.exists()


def test_nothing_that_was_copied_stays(site: Site, monkeypatch, tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    site.write({"inventory/hosts.ini": "w1\n"})
    assert site.ask(**SOURCE).failure == {}
    assert list((tmp_path / "tmp").iterdir()) == []
