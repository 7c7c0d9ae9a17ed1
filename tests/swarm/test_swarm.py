"""The stack on two nodes: jobs on both, a node that dies, a release that comes, one that fails, and one that goes."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.domains.jobs.execution.hostile.promises import as_promised, promised
from tests.swarm.attack import as_table, lay_out
from tests.swarm.site import FIRST, SECOND, Site, node_of
from tests.systems.sshd import ssh_server
from tests.systems.swarm.nodes import Node

pytestmark = pytest.mark.timeout(900)


def images_of(site: Site, service: str) -> set[str]:
    return {task.image for task in site.swarm.running(service)}


def is_in_state(site: Site, service: str, state: str) -> bool:
    return site.swarm.services()[service].update == state


def assert_once_each(site: Site, jobs: list[str]) -> None:
    """Every job succeeded, and its play had each of its effects once."""
    ended = [site.ended(job) for job in jobs]
    assert [job["status"] for job in ended] == ["SUCCESS"] * len(jobs), [job["reasonDetail"] for job in ended]
    assert [(site.ledger.effects(job), site.ledger.effects(job, "end")) for job in jobs] == [(1, 1)] * len(jobs)


def follow(site: Site, job: str) -> tuple[bool, str]:
    """Read a job's log as it comes: whether a line of the play was there before the play ended, and how it ended."""
    came_early, status = False, ""
    for name, data in site.stream(job):
        if name == "log" and data["task"] == "Begin":
            came_early = came_early or not site.ledger.effects(job, "end")
        if name == "end":
            status = data["status"]
    return came_early, status


def split(site: Site, jobs: list[str], dead: Node) -> tuple[list[str], list[str]]:
    """Jobs whose play was cut off with this node, and jobs of the others."""
    there = [job for job in jobs if node_of(site.job(job)["worker"]) == dead.name]
    return [job for job in there if not site.ledger.effects(job, "end")], [job for job in jobs if job not in there]


def test_jobs_run_on_both_nodes_and_their_logs_are_live_from_both(site: Site) -> None:
    jobs = site.launch(4)
    with ThreadPoolExecutor(len(jobs)) as pool:
        followed = list(pool.map(lambda job: follow(site, job), jobs))
    assert followed == [(True, "SUCCESS")] * len(jobs), [site.job(job)["reasonDetail"] for job in jobs]
    assert {node_of(site.job(job)["worker"]) for job in jobs} == {"n1", "n2"}
    assert_once_each(site, jobs)
    for job in jobs:
        assert site.ask("GET", f"/v1/jobs/{job}/artifacts/output.json") == {"schema_version": 1}


def test_jobs_in_a_container_are_kept_apart_by_landlock(site: Site) -> None:
    assert {worker["isolation"] for worker in site.ask("GET", "/v1/workers")["items"]} == {"landlock"}
    code = "from orch_app.domains.jobs.execution import probe; print(*probe().notes, sep='; ')"
    notes = site.swarm.run_inside("worker", site.swarm.others[0], ".venv/bin/python", "-c", code)
    assert notes.startswith("bubblewrap is refused here")


def test_a_hostile_play_in_a_container_gets_nothing(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    node = site.swarm.manager
    prey = json.dumps(lay_out(site.swarm, node))
    with site.only_on(node):
        job = site.ended(site.launch_of("attack", prey=prey))
    assert (job["status"], job["isolation"]) == ("SUCCESS", "landlock"), job["reasonDetail"]
    found = job["output"]["found"]
    with capsys.disabled():
        sys.stdout.write("\n" + as_table(node_of(job["worker"]), job["isolation"], found))
    assert as_promised(found, "in a container") == promised("in a container")


def test_a_play_in_a_container_reaches_hosts_by_ssh(site: Site) -> None:
    with ssh_server(address=site.swarm.manager.network.gateway) as server:
        host = site.register(server)
        jobs = [site.ended(job) for job in [site.launch_of("host_report", hosts=[host]) for _ in range(2)]]
    assert [(job["status"], job["isolation"]) for job in jobs] == [("SUCCESS", "landlock")] * 2, jobs
    assert [job["output"]["items"][0]["status"] for job in jobs] == ["ok"] * 2


def test_a_node_that_dies_loses_and_doubles_no_job(site: Site) -> None:
    (dying,) = site.swarm.others
    jobs = site.launch(4)
    site.swarm.wait_for(lambda: all(site.ledger.effects(job) for job in jobs), lambda: "the plays have begun")
    dying.kill()
    lost, kept = split(site, jobs, dying)
    assert lost
    assert kept
    meanwhile = site.launch(2)
    try:
        for job in lost:
            ended = site.ended(job)
            assert (ended["status"], ended["reason"]) == ("ERROR", "interrupted")
            assert (site.ledger.effects(job), site.ledger.effects(job, "end")) == (1, 0)
        assert_once_each(site, kept)
        assert_once_each(site, meanwhile)
        site.swarm.wait_for(lambda: site.swarm.state_of(dying) == "down", lambda: "the node is down")
        site.wait_for_workers({"n1"})
    finally:
        dying.start()
    site.wait_for_workers({"n1", "n2"})


def test_a_new_release_comes_and_goes_under_load_and_every_job_runs_once(site: Site) -> None:
    jobs = site.launch(3)
    site.deploy(SECOND)
    while site.swarm.unsettled() or images_of(site, "worker") != {SECOND} or images_of(site, "web") != {SECOND}:
        jobs += site.launch()
        assert len(jobs) < 200, site.swarm.report()
        site.ended(jobs[-3])
    assert [task.state for task in site.swarm.services()["migrate"].tasks if task.image == SECOND] == ["complete"]
    for service in ("worker", "web"):
        site.swarm.manager.docker("service", "rollback", "--quiet", "--detach", f"jarvis_{service}")
    while site.swarm.unsettled() or images_of(site, "worker") != {FIRST} or images_of(site, "web") != {FIRST}:
        jobs += site.launch()
        assert len(jobs) < 200, site.swarm.report()
        site.ended(jobs[-3])
    assert_once_each(site, jobs)


def test_a_release_that_does_not_come_to_life_is_taken_back_by_itself(site: Site) -> None:
    site.swarm.update("worker", "--env-add", "ORCH_WORKER_SLOTS=none")
    jobs = site.launch(2)
    taken_back = ("worker", "rollback_completed")
    site.swarm.wait_for(lambda: is_in_state(site, *taken_back), site.swarm.unsettled)
    site.swarm.wait_until_it_stands()
    assert_once_each(site, jobs + site.launch(2))
