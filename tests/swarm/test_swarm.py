"""The stack on two nodes: jobs on both, a node that dies, a release that comes, one that fails, and one that goes."""

import json
import secrets
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.domains.jobs.execution.hostile.promises import as_promised, promised
from tests.swarm.attack import ALONE, ENDS, PROBES, as_table, kept, lay_out, left
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
        launched = {network: site.launch_of(runbook, prey=prey) for network, runbook in PROBES.items()}
        ended = {network: site.ended(job) for network, job in launched.items()}
    for network, job in ended.items():
        assert (job["status"], job["isolation"]) == ("SUCCESS", "landlock"), job["reasonDetail"]
        found = job["output"]["found"]
        with capsys.disabled():
            sys.stdout.write("\n" + as_table(f"of {node_of(job['worker'])}, landlock, network: {network}", found))
        assert as_promised(found, "in a container") == promised("in a container"), network


def test_a_hostile_play_in_a_container_ends_for_its_own_reason_and_leaves_nothing(site: Site) -> None:
    key, seconds = "/run/secrets/master_key", str(10**6 + secrets.randbelow(10**9))
    secret = site.swarm.run_inside("worker", site.swarm.manager, "cat", key)
    words = {"escape": seconds, "links": f"{key} /run/secrets/database_url /etc/shadow"}
    before = {node.name: site.swarm.container("worker", node) for node in site.swarm.nodes}
    bomb = site.ended(site.launch_of(ALONE, attack="bomb", words=""))  # alone: the kernel counts all of a user's
    others = {name: site.launch_of(ALONE, attack=name, words=words.get(name, "")) for name in ENDS if name != "bomb"}
    ended = {"bomb": bomb, **{name: site.ended(job) for name, job in others.items()}}
    assert {job["isolation"] for job in ended.values()} == {"landlock"}
    ends = {name: (job["status"], job["reason"]) for name, job in ended.items()}
    assert ends == ENDS, [job["reasonDetail"] for job in ended.values()]
    marks = {"program.py", seconds, *(job["id"] for job in ended.values())}
    site.swarm.wait_for(lambda: not left(site.swarm, marks), lambda: f"left: {left(site.swarm, marks)}", limit_s=30)
    files = kept(site.download(others["links"], "artifacts.tar.gz"))
    assert "MANIFEST.sha256" in files
    assert not [name for name, content in files.items() if secret.encode() in content or "link-" in name]
    assert {node.name: site.swarm.container("worker", node) for node in site.swarm.nodes} == before
    jobs = site.launch(4)
    assert_once_each(site, jobs)
    assert {node_of(site.job(job)["worker"]) for job in jobs} == {"n1", "n2"}


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
