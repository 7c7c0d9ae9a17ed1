"""Notices: a refusal says by code what it is, and one for want of rights which role has them."""

import pytest

from orch_app.domains.access.permissions import Role
from orch_app.i18n import LANGUAGES, catalogue
from orch_app.state.notices import Notices
from tests.state.open_tab import OpenTab


def shown(**problem: str) -> dict[str, str]:
    """The words of the notice about a problem."""
    notices = OpenTab().state(Notices)
    Notices.event_handlers["show_problem"].fn(notices, problem)
    return {name: value for name, value in notices.items[-1].items() if name in {"key", "text", "detail"}}


def test_a_known_code_is_told_in_the_readers_language_and_another_one_as_it_came() -> None:
    assert shown(code="job_is_over", detail="Job #7 has ended.") == {"key": "problem.job_is_over"}
    assert shown(code="never_seen", detail="Something odd.") == {"text": "Something odd."}
    assert shown(code="job_is_over", about="#7 #8") == {"key": "problem.job_is_over", "detail": "#7 #8"}


@pytest.mark.parametrize("role", Role)
def test_who_lacks_a_right_is_told_which_role_has_it(role: Role) -> None:
    (key,) = shown(code="forbidden", role=role.value).values()
    assert key == f"problem.needs_{role.value}"
    assert all(key in catalogue(language) for language in LANGUAGES)
