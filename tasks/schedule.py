"""Tasks about schedules: Huey's scheduler rings every minute in each worker; what is due is decided by the database."""

from huey import crontab

from orch_app.domains.schedules.firing import fire_all_due
from tasks.app import huey

STALE_S = 50  # behind long jobs rings must not pile up: the next one says the same


@huey.periodic_task(crontab(minute="*"), name="schedule.tick", retries=0, expires=STALE_S)
def tick() -> None:
    """Fire whatever is due; several workers, and repeated or late messages, fire nothing twice."""
    fire_all_due()
