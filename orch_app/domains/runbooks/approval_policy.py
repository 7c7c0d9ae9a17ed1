"""Which approval each run of a runbook needs: as it says itself, or as the installation says instead.

`ORCH_APPROVALS` is for runbooks that one does not want to edit: those that come with the product, or from a source.
"""

from orch_app.domains.runbooks.models import Runbook
from orch_app.kit.settings import settings

ENVIRONMENTS = ("prod", "stage")
NONE, REQUIRED, OTHER_PERSON = "none", "required", "required_other_person"
STRENGTH = (NONE, REQUIRED, OTHER_PERSON)
"""From the weakest to the strictest."""
EVERY = "*"


def approval_asked(runbook: Runbook, environment: str) -> str:
    """One of `STRENGTH`. What is said for this very runbook holds; what is said for all can only ask for more."""
    said = dict(entry.split("=") for entry in settings().approvals)
    own = runbook.meta.get("approval", {}).get(environment, NONE)
    for_all = said.get(f"{EVERY}/{environment}", NONE)
    return said.get(f"{runbook.name}/{environment}") or max(own, for_all, key=STRENGTH.index)


def approvals_asked(runbook: Runbook) -> dict[str, str]:
    """The same by environment."""
    return {environment: approval_asked(runbook, environment) for environment in ENVIRONMENTS}
