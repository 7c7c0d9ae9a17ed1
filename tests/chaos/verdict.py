"""What a run came to: figures for the table, and faults, which have to be 0 or empty; and what the rows say."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from orch_app.domains.jobs.states import TERMINAL
from tests.chaos.chains import faults_of, jobs_of_steps
from tests.chaos.ledger import AGAIN, Ledger, Talk
from tests.chaos.load import Load
from tests.chaos.rows import rows_of

FAULTS_SHOWN = 20
NOBODY_TALKS: Mapping[str, Talk] = MappingProxyType({})


class Told(Protocol):
    """A verdict, whichever scenario it is of."""

    def is_good(self) -> bool:
        """Whether every promise was kept."""
        ...

    def rows(self) -> dict[str, object]:
        """For the table."""
        ...


@dataclass
class Verdict:
    """One run of one scenario. A promise is kept when its value is 0 or empty."""

    scenario: str
    backend: str
    seed: int
    figures: dict[str, object] = field(default_factory=dict)
    promises: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def is_good(self) -> bool:
        return not any(self.promises.values()) and not self.faults

    def rows(self) -> dict[str, object]:
        return {
            "scenario": self.scenario,
            "back end": self.backend,
            "seed": self.seed,
            **self.figures,
            **self.promises,
            "other faults": self.faults[:FAULTS_SHOWN],
        }

    def count(self, figure: str) -> None:
        """One more of these."""
        self.figures[figure] = int(str(self.figures.get(figure, 0))) + 1

    def slowest(self, figure: str, seconds: float) -> None:
        """Keep the largest of these."""
        self.figures[figure] = max(float(str(self.figures.get(figure, 0))), round(seconds, 1))

    def refused(self, codes: Counter[str]) -> None:
        """How often people were put off, by the code of the problem that told them so."""
        self.figures |= {f"answers 503 {code}": count for code, count in sorted(codes.items())}

    def take(self, found: "Findings", lines: int = 0) -> None:
        """The jobs as `look` found them."""
        self.figures["jobs"] = found.jobs
        self.figures |= {f"jobs that ended as {status}": count for status, count in sorted(found.statuses.items())}
        if lines:
            self.figures["log lines that readers saw"] = lines
        self.promises |= {
            "jobs lost": found.lost,
            "jobs with doubled effects": found.doubled,
            "jobs with a gap or a changed line in the log": found.log_gaps,
            "keys with two jobs": found.keys_with_two_jobs,
        }
        self.faults += found.faults


class BrokenPromiseError(AssertionError):
    """What must never happen has happened once. No test that says so is tried again, see ADR 30."""


def demand_kept(promises: Mapping[str, object], faults: Sequence[str]) -> None:
    """What a test of chaos demands: every promise kept, and nothing else wrong.

    Raises:
        BrokenPromiseError: with those that were not.
    """
    broken = {name: value for name, value in promises.items() if value}
    if broken or faults:
        raise BrokenPromiseError(broken, list(faults))


Say = Callable[[Verdict], None]


def hush(_: Verdict) -> None:
    """Say nothing of how far it is."""


@dataclass
class Findings:
    """All jobs after their end, held against what was promised, what had effects and what was read."""

    jobs: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    doubled: int = 0
    log_gaps: int = 0
    keys_with_two_jobs: int = 0
    faults: list[str] = field(default_factory=list)


def look(load: Load, ledger: Ledger, talks: Mapping[str, Talk] = NOBODY_TALKS) -> Findings:
    """Hold the rows against what was promised, against the ledger, against what readers saw and what plays said."""
    jobs = {row[0]: row for row in rows_of("SELECT id, status, reason, last_seq, runbook_name FROM jobs")}
    found = Findings(len(jobs))
    found.statuses.update(f"{row[1]} {row[2]}".strip() for row in jobs.values())
    found.lost = sum(job not in jobs for job in load.promised.values())
    found.lost += sum(row[1] not in TERMINAL for row in jobs.values())
    found.keys_with_two_jobs = len(jobs) - len({*load.promised.values(), *jobs_of_steps()})
    once = [job for job, row in jobs.items() if row[4] != AGAIN]
    found.doubled = sum(ledger.effects(job) > 1 or ledger.effects(job, "end") > 1 for job in once)
    for job, row in jobs.items():
        if row[1] == "SUCCESS" and not ledger.effects(job, "end"):
            found.faults.append(f"{job} succeeded and had no effect")
        if row[4] in talks and not has_kept_what_it_said(job, talks[row[4]], is_whole=row[1] == "SUCCESS"):
            found.faults.append(f"{job} ended as {row[1]}, and its log lacks what it said or has it twice")
    found.log_gaps = sum(not has_whole_log(job, row[3], load.seen.get(job, [])) for job, row in jobs.items())
    found.faults += load.faults + faults_of(load.runs.values())
    return found


def has_kept_what_it_said(job_id: str, talk: Talk, *, is_whole: bool) -> bool:
    """Whether what the play said is in its log once and in order: all of it, or as far as it came."""
    numbers = said(job_id)
    return numbers == list(range(1, (talk.total if is_whole else len(numbers)) + 1))


def said(job_id: str) -> list[int]:
    """What a play said, by the numbers in it."""
    lines = rows_of(f"SELECT message FROM job_logs WHERE job_id = '{job_id}' ORDER BY seq")
    return [int(row[0].split()[1]) for row in lines if row[0].startswith("said ")]


def has_whole_log(job_id: str, last_seq: int, seen: Sequence[str]) -> bool:
    """Whether its lines are numbered without a gap, and what was seen is what is there."""
    stored = rows_of(f"SELECT seq, message FROM job_logs WHERE job_id = '{job_id}' ORDER BY seq")
    numbers, messages = [row[0] for row in stored], [row[1] for row in stored]
    return numbers == list(range(1, last_seq + 1)) and messages[: len(seen)] == list(seen)
