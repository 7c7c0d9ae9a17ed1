"""Role x risk x environment: every cell is written down, the strictest wins, and working alone is for admins."""

from itertools import product
from typing import get_args

import pytest

from orch_app.domains.access.launch_matrix import MATRIX, Environment, Risk, Verdict, strictest, verdict
from orch_app.domains.access.permissions import GRANTS, Permission, Role

RISKS: tuple[Risk, ...] = get_args(Risk)
ENVIRONMENTS: tuple[Environment, ...] = get_args(Environment)
STRICTNESS = [Verdict.ALLOW, Verdict.APPROVAL, Verdict.OTHER_PERSON, Verdict.DENY]
CELLS = list(product(Role, RISKS, ENVIRONMENTS))
ALLOW, _, OTHER, DENY = STRICTNESS


def test_every_cell_is_written_down_and_no_other() -> None:
    assert set(MATRIX) == set(CELLS)
    assert len(CELLS) == 18


@pytest.mark.parametrize(
    ("role", "row"),
    [
        (Role.VIEWER, (DENY, DENY, DENY, DENY, DENY, DENY)),
        (Role.OPERATOR, (ALLOW, ALLOW, ALLOW, OTHER, OTHER, OTHER)),
        (Role.ADMIN, (ALLOW, ALLOW, ALLOW, OTHER, OTHER, OTHER)),
    ],
)
def test_the_matrix_is_the_one_that_was_decided(role: Role, row: tuple[Verdict, ...]) -> None:
    assert tuple(verdict(role, risk, environment) for risk, environment in product(RISKS, ENVIRONMENTS)) == row


def test_more_risk_is_never_treated_more_leniently() -> None:
    for role, environment in product(Role, ENVIRONMENTS):
        found = [STRICTNESS.index(MATRIX[role, risk, environment]) for risk in RISKS]
        assert found == sorted(found)


def test_production_is_never_treated_more_leniently_than_stage() -> None:
    for role, risk in product(Role, RISKS):
        assert STRICTNESS.index(MATRIX[role, risk, "prod"]) >= STRICTNESS.index(MATRIX[role, risk, "stage"])


def test_a_stronger_role_is_never_treated_more_strictly() -> None:
    for risk, environment in product(RISKS, ENVIRONMENTS):
        found = [STRICTNESS.index(MATRIX[role, risk, environment]) for role in Role]
        assert found == sorted(found, reverse=True)


@pytest.mark.parametrize("asked", STRICTNESS)
def test_the_strictest_of_matrix_and_runbook_wins(asked: Verdict) -> None:
    for role, risk, environment in CELLS:
        found = verdict(role, risk, environment, asked)
        assert STRICTNESS.index(found) == max(
            STRICTNESS.index(asked), STRICTNESS.index(MATRIX[role, risk, environment])
        )


def test_the_strictest_of_several_does_not_depend_on_their_order() -> None:
    for verdicts in product(STRICTNESS, repeat=3):
        assert strictest(*verdicts) is max(verdicts, key=STRICTNESS.index)


@pytest.mark.parametrize("asked", STRICTNESS)
def test_alone_an_admin_needs_no_second_person_and_nobody_else_gains_anything(asked: Verdict) -> None:
    own = {Verdict.OTHER_PERSON: Verdict.APPROVAL}.get(asked, asked)
    for role, risk, environment in CELLS:
        together, alone = (verdict(role, risk, environment, asked, solo=solo) for solo in (False, True))
        assert alone is (own if role is Role.ADMIN else together)


def test_who_may_not_execute_is_denied_by_the_matrix_too() -> None:
    for role, risk, environment in CELLS:
        if Permission.RUNBOOKS_EXECUTE not in GRANTS[role]:
            assert MATRIX[role, risk, environment] is Verdict.DENY
