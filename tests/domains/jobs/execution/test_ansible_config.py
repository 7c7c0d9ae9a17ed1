"""What is said to Ansible before it starts."""

import pytest

from orch_app.domains.jobs.execution.ansible_config import forks_for


@pytest.mark.parametrize(("hosts", "forks"), [(0, 5), (1, 5), (20, 20), (50, 50), (1_000, 50)])
def test_a_play_works_on_all_of_a_few_hosts_at_once_and_on_fifty_of_a_fleet(hosts: int, forks: int) -> None:
    assert forks_for(hosts) == forks
