"""What both processes share: which queue rings, and how to see that it lives. Free of Reflex."""

import redis

from orch_app.domains.hooks.connection_uses import find_uses as find_hooks
from orch_app.domains.inventory.uses import find_uses_by
from orch_app.domains.jobs.activity import watch_also
from orch_app.domains.jobs.connection_uses import find_uses as find_jobs
from orch_app.domains.jobs.observers import observe_ends
from orch_app.domains.jobs.removal import FORGET_TASK
from orch_app.domains.pipelines.advance import ADVANCE_TASK, ring
from orch_app.domains.pipelines.connection_uses import find_uses as find_pipelines
from orch_app.domains.runbooks.choices.sources import choose_also
from orch_app.domains.schedules import live as schedules
from orch_app.domains.schedules.connection_uses import find_uses as find_schedules
from orch_app.domains.sources.choices import CHOICES as SOURCES
from orch_app.domains.sources.connection_uses import find_uses as find_sources
from orch_app.domains.sources.editions import FORGET_TASK as FORGET_TREE_TASK
from orch_app.domains.sources.service import SYNC_TASK
from orch_app.integrations.ssh.workspace import sweep_leftovers
from orch_app.kit.queue import install_bell
from tasks.app import huey
from tasks.jobs import forget, run
from tasks.pipelines import advance
from tasks.schedule import tick
from tasks.sources import forget_tree, sync

TASKS = {
    "jobs.run": run,
    FORGET_TASK: forget,
    ADVANCE_TASK: advance,
    "schedule.tick": tick,
    SYNC_TASK: sync,
    FORGET_TREE_TASK: forget_tree,
}


def wire() -> None:
    """Connect the domains' doorbell with the queue, domains that watch jobs with these, and choices with forms.

    Also removes secrets that killed processes left in memory files.

    Called once by each composition root.
    """
    sweep_leftovers()
    watch_also(schedules.moves)
    install_bell(_ring, _is_alive)
    observe_ends(ring)
    choose_also("sources", SOURCES)
    find_uses_by(find_jobs, find_schedules, find_pipelines, find_sources, find_hooks)


def _ring(name: str, payload: dict[str, str]) -> None:
    TASKS[name](**payload)


def _is_alive() -> bool:
    try:
        huey.pending_count()
    except (redis.RedisError, OSError):
        return False
    return True
