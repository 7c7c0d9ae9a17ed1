"""Jobs cancelled at any moment, whose processes have left their families, beside jobs that nobody cancels."""

from functools import partial

from bench.figures import percentile
from orch_app.domains.jobs.states import Reason
from tests.chaos.parts import synchronise
from tests.chaos.scene import Scene
from tests.chaos.verdict import Say, hush
from tests.chaos.workers import descendants_of

BROOD = """
- name: Leave processes behind
  hosts: localhost
  gather_facts: false
  tasks:
    - name: One that has left its family
      ansible.builtin.command:
        argv:
          - "{{ ansible_playbook_python }}"
          - -c
          - "import os, time; os.fork() and os._exit(0); os.setsid(); os.fork() and os._exit(0);
             os.closerange(0, 3); time.sleep(1000)"
          - "{{ orch.job_id }}"
    - name: One in the background
      ansible.builtin.command:
        argv: ["{{ ansible_playbook_python }}", -c, "import time; time.sleep(1000)", "{{ orch.job_id }}"]
      async: 1000
      poll: 0
    - name: And one that is waited for
      ansible.builtin.command:
        argv: ["{{ ansible_playbook_python }}", -c, "import time; time.sleep(1000)", "{{ orch.job_id }}"]
"""
AT_ONCE = 3


def cancel(scene: Scene, times: int, *, say: Say = hush) -> None:
    """So many cancels: some before the play begins, some while it has one process, some with more."""
    verdict = scene.verdict
    folder = scene.made.ledger.write_runbook(scene.made.catalogue, name="brood") / "brood"
    (folder / "playbook.yml").write_text(BROOD.lstrip(), "utf-8")
    synchronise()
    canceled: list[str] = []
    took_s: list[float] = []
    while len(canceled) < times:
        jobs = [scene.order("brood") for _ in range(min(AT_ONCE, times - len(canceled)))]
        took_s += [_cancel(scene, job) for job in jobs]
        canceled += jobs
        verdict.figures["cancels"] = len(canceled)
        say(verdict)
    scene.ends |= dict.fromkeys(canceled, ("CANCELED", Reason.CANCELED))
    survivors = [process for job in canceled for process in descendants_of(job)]
    verdict.figures |= {
        "p50 until all had stopped (s)": round(percentile(took_s, 0.5), 1),
        "p95 until all had stopped (s)": round(percentile(took_s, 0.95), 1),
    }
    verdict.promises["processes that outlived their cancel"] = len(survivors)


def _cancel(scene: Scene, job: str) -> float:
    """Seconds until the job has ended and none of its processes lives, from when somebody said so."""
    wanted = scene.dice.randrange(3)
    if wanted:
        scene.wait_until(partial(_has_more_than, job, wanted), "its processes live")
    scene.stand(scene.dice.random())
    scene.ask("POST", f"/v1/jobs/{job}/cancel")
    return scene.wait_until(partial(_has_stopped, scene, job), "it has stopped")


def _has_more_than(job: str, most: int) -> bool:
    return len(descendants_of(job)) > most


def _has_stopped(scene: Scene, job: str) -> bool:
    shown = scene.ask("GET", f"/v1/jobs/{job}") or {}
    return shown.get("status") == "CANCELED" and not descendants_of(job)
