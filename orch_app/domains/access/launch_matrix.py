"""Role x risk x environment: may this role run a runbook of this risk there? Written down as data, tested as data."""

from enum import StrEnum
from typing import Literal

from orch_app.domains.access.permissions import Role

Risk = Literal["low", "medium", "high"]
Environment = Literal["stage", "prod"]


class Verdict(StrEnum):
    """What the matrix says, from lenient to strict; an approval may come from whoever asked, or from others only."""

    ALLOW = "allow"
    APPROVAL = "approval"
    OTHER_PERSON = "other_person"
    DENY = "deny"


_ALLOW, _OTHER, _DENY = Verdict.ALLOW, Verdict.OTHER_PERSON, Verdict.DENY

MATRIX: dict[tuple[Role, Risk, Environment], Verdict] = {
    (Role.VIEWER, "low", "stage"): _DENY,
    (Role.VIEWER, "low", "prod"): _DENY,
    (Role.VIEWER, "medium", "stage"): _DENY,
    (Role.VIEWER, "medium", "prod"): _DENY,
    (Role.VIEWER, "high", "stage"): _DENY,
    (Role.VIEWER, "high", "prod"): _DENY,
    (Role.OPERATOR, "low", "stage"): _ALLOW,
    (Role.OPERATOR, "low", "prod"): _ALLOW,
    (Role.OPERATOR, "medium", "stage"): _ALLOW,
    (Role.OPERATOR, "medium", "prod"): _OTHER,
    (Role.OPERATOR, "high", "stage"): _OTHER,
    (Role.OPERATOR, "high", "prod"): _OTHER,
    (Role.ADMIN, "low", "stage"): _ALLOW,
    (Role.ADMIN, "low", "prod"): _ALLOW,
    (Role.ADMIN, "medium", "stage"): _ALLOW,
    (Role.ADMIN, "medium", "prod"): _OTHER,
    (Role.ADMIN, "high", "stage"): _OTHER,
    (Role.ADMIN, "high", "prod"): _OTHER,
}


def is_grave(risk: str, environment: str) -> bool:
    """Whether a person is asked to type the name of what is to run; scripts are not asked."""
    return (risk, environment) == ("high", "prod")


_STRICTNESS = list(Verdict)


def strictest(*verdicts: Verdict) -> Verdict:
    """The strictest of runbook, environment and role wins."""
    return max(verdicts, key=_STRICTNESS.index)


def verdict(
    role: Role, risk: Risk, environment: Environment, runbook: Verdict = Verdict.ALLOW, *, solo: bool = False
) -> Verdict:
    """What running means for this role; `runbook` is what the runbook itself asks for in that environment.

    `solo` says that this is an admin beside whom there is no other, and that the setting lets such a one go ahead: what
    role, risk and environment ask of a second person is asked of nobody, and what the runbook asks, of this admin.
    """
    found = MATRIX[role, risk, environment]
    if solo and role is Role.ADMIN:
        found = Verdict.ALLOW if found is Verdict.OTHER_PERSON else found
        runbook = Verdict.APPROVAL if runbook is Verdict.OTHER_PERSON else runbook
    return strictest(found, runbook)
