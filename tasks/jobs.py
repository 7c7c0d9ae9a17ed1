"""Tasks about jobs."""

from orch_app.domains.jobs.removal import forget_files
from orch_app.domains.jobs.run import run_job
from tasks.app import huey


@huey.task(name="jobs.run", retries=0)
def run(job_id: str) -> None:
    """Run the job if it still waits; a repeated, replayed or late message does nothing."""
    run_job(job_id)


def forget(job_id: str) -> None:
    """Remove the files of a deleted job; done at once by whoever deleted it, not queued behind hundreds of jobs."""
    forget_files(job_id)
