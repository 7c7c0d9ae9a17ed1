"""From the settings and what a runbook declares to what a job may use, and below which isolation it is refused."""

import pytest

from orch_app.domains.jobs.execution import IsolationLevel, Limits
from orch_app.domains.jobs.preparation import limits_of, minimum_isolation
from orch_app.kit.settings import settings


@pytest.fixture(autouse=True)
def fresh_settings(monkeypatch: pytest.MonkeyPatch):
    """Settings are read once a process: here once a test."""
    monkeypatch.setenv("ORCH_MIN_ISOLATION", "rlimits")
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_what_a_runbook_does_not_declare_has_the_usual_limit() -> None:
    assert limits_of({}) == Limits()


def test_a_runbook_declares_its_limits_within_the_caps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCH_JOB_MEMORY_MB", "512")
    monkeypatch.setenv("ORCH_JOB_DISK_MB", "100")
    settings.cache_clear()
    got = limits_of({"memory_mb": 4096, "processes": 32, "log_mb": 1, "output_mb": 16, "input_kb": 1024})
    assert (got.memory_mb, got.processes, got.log_mb, got.disk_mb, got.file_mb) == (512, 32, 1, 100, 100)


@pytest.mark.parametrize(
    ("prod", "environment", "level"),
    [("landlock", "prod", "landlock"), ("landlock", "stage", "rlimits"), ("bwrap", "prod", "bwrap")],
)
def test_an_environment_may_ask_for_more_isolation(
    monkeypatch: pytest.MonkeyPatch, prod: str, environment: str, level: str
) -> None:
    monkeypatch.setenv("ORCH_MIN_ISOLATION_PROD", prod)
    settings.cache_clear()
    assert minimum_isolation(environment) is IsolationLevel(level)


def test_an_environment_cannot_ask_for_less_than_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCH_MIN_ISOLATION", "landlock")
    monkeypatch.setenv("ORCH_MIN_ISOLATION_STAGE", "rlimits")
    settings.cache_clear()
    assert minimum_isolation("stage") is IsolationLevel.LANDLOCK
