"""What is said to Ansible before it starts."""

from configparser import ConfigParser

import pytest

from orch_app.domains.jobs.execution.ansible_config import config_text, forks_for
from orch_app.domains.jobs.execution.spec import SharedCode


@pytest.mark.parametrize(("hosts", "forks"), [(0, 5), (1, 5), (20, 20), (50, 50), (1_000, 50)])
def test_a_play_works_on_all_of_a_few_hosts_at_once_and_on_fifty_of_a_fleet(hosts: int, forks: int) -> None:
    assert forks_for(hosts) == forks


@pytest.mark.parametrize("strategy", ["linear", "free"])
def test_connections_are_opened_once_and_tasks_go_through_them_without_a_file(strategy: str) -> None:
    config = ConfigParser(interpolation=None)
    config.read_string(config_text(SharedCode(), strategy))
    assert config["connection"].getboolean("pipelining")
    assert config["ssh_connection"].getboolean("pipelining")
    assert "ControlMaster=auto -o ControlPersist=60s" in config["ssh_connection"]["ssh_args"]
