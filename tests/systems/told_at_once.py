"""What fails is named when it fails: a run that is ended from outside would take every name with it."""

import pytest


class ToldAtOnce:
    """A plugin of the process that writes to the terminal."""

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self._terminal = terminal

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One line for a test that failed, or failed and is tried again, and what it said first."""
        if report.outcome not in {"passed", "skipped"}:
            crash = getattr(report.longrepr, "reprcrash", None)
            said = getattr(crash, "message", report.longreprtext).strip().partition("\n")[0]
            self._terminal.ensure_newline()
            self._terminal.line(f"{report.outcome.upper()} {report.nodeid} ({report.when}): {said}")
