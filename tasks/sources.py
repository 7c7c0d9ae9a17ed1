"""Tasks about sources of runbooks."""

from orch_app.domains.sources.editions import forget
from orch_app.domains.sources.syncing import sync_all_due
from tasks.app import huey


@huey.task(name="sources.sync", retries=0)
def sync() -> None:
    """Fetch the sources that are due; a repeated, replayed or late message finds none."""
    sync_all_due()


def forget_tree(edition_id: str) -> None:
    """Remove the files of an edition that is gone; done at once by whoever removed it."""
    forget(edition_id)
