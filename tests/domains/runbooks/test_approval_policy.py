"""The installation may ask for approvals of runbooks that it does not want to edit."""

from collections.abc import Iterator

import pytest

from orch_app.domains.runbooks.approval_policy import approval_asked, approvals_asked
from orch_app.domains.runbooks.models import Runbook
from orch_app.kit.settings import settings


@pytest.fixture
def runbook() -> Runbook:
    """It wants an approval in prod, and none in stage."""
    meta = {"approval": {"prod": "required", "stage": "none"}}
    return Runbook(id="rb_1", name="deploy", path="deploy", meta=meta)  # pyright: ignore[reportCallIssue]


@pytest.fixture(autouse=True)
def _settings_anew() -> Iterator[None]:
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.parametrize(
    ("said", "prod", "stage"),
    [
        ("", "required", "none"),
        ("deploy/stage=required", "required", "required"),
        ("deploy/prod=none", "none", "none"),
        ("other/prod=none", "required", "none"),
        ("*/prod=none, */stage=required", "required", "required"),
        ("*/prod=required_other_person", "required_other_person", "none"),
        ("*/prod=required_other_person,deploy/prod=none", "none", "none"),
    ],
)
def test_what_is_said_for_a_runbook_holds_and_what_is_said_for_all_only_asks_for_more(
    monkeypatch: pytest.MonkeyPatch, runbook: Runbook, said: str, prod: str, stage: str
) -> None:
    monkeypatch.setenv("ORCH_APPROVALS", said)
    assert approvals_asked(runbook) == {"prod": prod, "stage": stage}


def test_a_runbook_that_says_nothing_asks_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORCH_APPROVALS", raising=False)
    silent = Runbook(id="rb_2", name="look", path="look", meta={})  # pyright: ignore[reportCallIssue]
    assert approval_asked(silent, "prod") == "none"
