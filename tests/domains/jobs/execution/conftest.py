"""Real plays in real workspaces: every fixture here runs the code that production runs."""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from orch_app.domains.jobs.execution import (
    Batch,
    Engine,
    IsolationLevel,
    IsolationReport,
    JobFacts,
    LogLine,
    PlainEngine,
    PlayOutcome,
    PlaySpec,
    StepUpdate,
    WarmEngine,
    WarmServers,
    Workspace,
    open_workspace,
    probe,
    run_play,
)

FACTS = JobFacts("job_01", "example", "1.0.0", "apply", "stage")


@dataclass
class Told:
    """Everything a play has said and how it ended."""

    lines: list[LogLine] = field(default_factory=list)
    steps: list[StepUpdate] = field(default_factory=list)
    outcome: PlayOutcome | None = None
    output: str = ""

    def hear(self, batch: Batch) -> None:
        self.lines += batch.lines
        self.steps += batch.steps

    @property
    def text(self) -> str:
        return "\n".join(line.message for line in self.lines)

    @property
    def ended(self) -> PlayOutcome:
        assert self.outcome is not None
        return self.outcome


def report_at(level: IsolationLevel) -> IsolationReport:
    """This machine's report, as if it could do no more than the level: the weakest has no Landlock at all."""
    here = probe()
    return replace(here, level=level, landlock_abi=0 if level is IsolationLevel.RLIMITS else here.landlock_abi)


def possible_levels() -> list[IsolationLevel]:
    """The levels this machine has, strongest first."""
    found = probe()
    here = {IsolationLevel.BWRAP: bool(found.bwrap), IsolationLevel.LANDLOCK: found.landlock_abi > 0}
    return [level for level in IsolationLevel if here.get(level, True)]


@dataclass
class Plays:
    """Runs playbooks given as text; keyword arguments go to the `PlaySpec`."""

    folder: Path
    engine: Engine
    count: int = 0

    def runbook(self, text: str, files: Mapping[str, str] | None = None) -> Path:
        self.count += 1
        folder = self.folder / f"runbook-{self.count}"
        for name, content in {"playbook.yml": text, **(files or {})}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)
        return folder

    def run(
        self,
        text: str,
        *,
        level: IsolationLevel | None = None,
        cancel: threading.Event | None = None,
        kill: threading.Event | None = None,
        hear: Callable[[Batch], None] | None = None,
        spy: Callable[[Workspace], None] | None = None,
        files: Mapping[str, str] | None = None,
        **spec: Any,
    ) -> Told:
        report = report_at(level) if level else probe()
        told = Told()

        def listen(batch: Batch) -> None:
            told.hear(batch)
            if hear:
                hear(batch)

        runbook = self.runbook(text, files)
        with open_workspace(self.folder / "data", f"job_{self.count}.1", runbook, report.level) as workspace:
            play = PlaySpec(workspace, FACTS, **spec)
            told.outcome = run_play(
                play,
                on_event=listen,
                cancel=cancel or threading.Event(),
                kill=kill,
                report=report,
                engine=self.engine,
            )
            told.output = workspace.output_path.read_text() if workspace.output_path.is_file() else ""
            if spy:
                spy(workspace)
        return told


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmServers]:
    """Warm servers for all tests of a session."""
    made = WarmServers(tmp_path_factory.mktemp("warm"))
    yield made
    made.close()


@pytest.fixture(scope="module", params=["plain", "warm"])
def plays(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, servers: WarmServers) -> Plays:
    """Every play both ways: whatever starts it, the same must come out."""
    chosen = PlainEngine() if request.param == "plain" else WarmEngine(servers)
    return Plays(tmp_path_factory.mktemp("plays"), chosen)
