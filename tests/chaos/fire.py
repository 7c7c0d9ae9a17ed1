"""An installation under fire: real processes, killed at random instants and at named crash points, and a verdict."""

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from tests.chaos import chains
from tests.chaos.ledger import AGAIN, Talk
from tests.chaos.load import Load
from tests.chaos.parts import PATIENCE_S, Installation, Parts, installation, left_over, synchronise
from tests.chaos.rows import open_jobs
from tests.chaos.verdict import FAULTS_SHOWN, look

AT_ONCE = 8
ANSWERS_BEFORE_A_KILL = 8
RATHER = 4


@dataclass(frozen=True)
class Weather:
    """How often each runbook is chosen, what the chatty one says, and the seconds between two kills.

    `in_time_s`: how long after the last fault everything has to be over, the jobs themselves among it.
    """

    mix: Mapping[str, int]
    talk: Talk
    pause_s: tuple[float, float]
    in_time_s: int


EFFECTS = Weather({"effect": 5, AGAIN: 3, "chatty": 1, chains.CHAIN: 1}, Talk(times=3, lines=1_000), (0.05, 0.8), 60)
"""Many short jobs and many kills: what says thousands of lines takes longer than what has effects only."""

LINES = Weather({"effect": 1, AGAIN: 1, "chatty": 4, chains.CHAIN: 1}, Talk(times=8, lines=4_000), (3.0, 12.0), 180)
"""Jobs that say much, and time enough between two kills that they come to say it; a minute's work may be left over."""


@dataclass(frozen=True)
class Enough:
    """When a fire has burnt long enough: after so many seconds, or after so many kills and lines."""

    seconds: float = 1e9
    kills: int = 0
    lines: int = 0


@dataclass
class Verdict:
    """What a run came to. All but the first four and the kills must be 0 or empty."""

    backend: str
    seed: int
    seconds: float = 0.0
    jobs: int = 0
    chains: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    doubled: int = 0
    late: int = 0
    log_gaps: int = 0
    lines: int = 0
    keys_with_two_jobs: int = 0
    survivors: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def total_kills(self) -> int:
        return sum(self.kills.values())

    @property
    def named_kills(self) -> int:
        """Of those, the ones at named places."""
        return sum(count for victim, count in self.kills.items() if " at " in victim)

    def is_good(self) -> bool:
        """Whether every promise was kept."""
        wrong = (self.lost, self.doubled, self.late, self.log_gaps, self.keys_with_two_jobs, self.survivors)
        return not any(wrong) and not self.faults

    def rows(self) -> dict[str, object]:
        """For the table."""
        by_target = {f"kills of {target}": count for target, count in sorted(self.kills.items())}
        ends = {f"jobs that ended as {status}": count for status, count in sorted(self.statuses.items())}
        return {
            "back end": self.backend,
            "seed": self.seed,
            "seconds": round(self.seconds),
            "jobs": self.jobs,
            "runs of a pipeline": self.chains,
            **ends,
            "kills": self.total_kills,
            **by_target,
            "log lines that readers saw": self.lines,
            "jobs lost": self.lost,
            "jobs with doubled effects": self.doubled,
            "jobs not ended in time after the last fault": self.late,
            "jobs with a gap or a changed line in the log": self.log_gaps,
            "keys with two jobs": self.keys_with_two_jobs,
            "processes left over": self.survivors,
            "other faults": self.faults[:FAULTS_SHOWN],
        }


class Target(NamedTuple):
    """Something to kill: how often compared with the others, and how; whether it could be killed comes back."""

    odds: int
    kill: Callable[[], bool]


class Fire:
    """One run over one installation."""

    def __init__(self, made: Installation, verdict: Verdict, weather: Weather, places: Mapping[str, str]) -> None:
        self._made = made
        self._weather = weather
        self._verdict = verdict
        self._servers = made.servers
        self._down: dict[str, float] = {}
        self._dice = random.Random(verdict.seed)
        self._parts = Parts(made.data, self._dice, verdict.kills)
        self._load = Load(self._parts.url, AT_ONCE, verdict.seed, weather.mix, places=places)
        self._answers = 0
        self._spared = dict.fromkeys(made.servers, 0.0)
        self._targets = {
            "worker": Target(3, self._parts.kill_worker),
            "supervisor": Target(3, self._parts.kill_supervisor),
            "fork-server": Target(4, self._parts.kill_fork_server),
            "web": Target(3, self._kill_web),
            **{name: Target(2, partial(self._kill_server, name)) for name in made.servers},
        }

    def burn(self, enough: Enough, say: Callable[[Verdict], None]) -> None:
        """Kill until it is enough and whatever can die has died once; then all comes to its end and is judged."""
        began = time.monotonic()
        try:
            self._parts.look_after()
            self._load.start()
            self._wait_for_the_first_job()
            until = time.monotonic() + enough.seconds
            while time.monotonic() < until and not self._is(enough):
                self._strike()
                self._verdict.jobs, self._verdict.lines = len(self._load.promised), self._load.lines_seen
                say(self._verdict)
            self._calm_down()
            self._judge()
        finally:
            self._parts.is_calm = True
            self._load.stop()
            self._parts.stop()
        left = left_over(self._made.data)
        self._verdict.survivors = len(left)
        self._verdict.faults += left
        self._verdict.seconds = time.monotonic() - began

    def _wait_for_the_first_job(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not self._made.ledger.counts and time.monotonic() < deadline:
            self._parts.look_after()
            time.sleep(0.1)

    def _is(self, enough: Enough) -> bool:
        """Whether it has killed so often and readers have seen so much; before that everything has to die once."""
        if self._unharmed() or not self._verdict.named_kills:
            return False
        return self._verdict.total_kills >= enough.kills and self._load.lines_seen >= enough.lines

    def _unharmed(self) -> set[str]:
        """What has not been killed yet."""
        return set(self._targets) - set(self._verdict.kills)

    def _strike(self) -> None:
        """Kill one of what can be killed at this instant."""
        odds = {name: target.odds for name, target in self._targets.items()}
        odds |= {name: odds[name] * RATHER for name in self._unharmed()}
        while odds:
            (chosen,) = self._dice.choices(list(odds), list(odds.values()))
            if self._targets[chosen].kill():
                self._verdict.kills[chosen] += 1
                break
            del odds[chosen]
        self._look_after(self._dice.uniform(*self._weather.pause_s))

    def _kill_web(self) -> bool:
        """One that people were answered by: where nobody ever gets an answer, nothing is promised."""
        answers = sum(self._load.statuses.values())
        if answers < self._answers + ANSWERS_BEFORE_A_KILL or not self._parts.kill_web():
            return False
        self._answers = answers
        return True

    def _look_after(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while True:
            self._parts.look_after()
            for name, back_at in list(self._down.items()):
                if time.monotonic() >= back_at:
                    self._servers[name].start()
                    self._spared[name] = time.monotonic() + self._dice.uniform(1, 6)  # else nothing ever gets far
                    del self._down[name]
            if time.monotonic() >= until:
                return
            time.sleep(0.05)

    def _kill_server(self, name: str) -> bool:
        if name in self._down or time.monotonic() < self._spared[name]:
            return False
        self._servers[name].kill()
        self._down[name] = time.monotonic() + self._dice.uniform(0, 2)
        return True

    def _calm_down(self) -> None:
        """No fault any more: everything is up, and what was promised has to end."""
        for name in list(self._down):
            self._servers[name].start()
        self._down.clear()
        self._parts.calm_down()
        self._load.stop_ordering()
        calm = time.monotonic()
        while time.monotonic() < calm + PATIENCE_S:
            self._parts.look_after()
            late = open_jobs() + chains.open_runs()
            if not late and not self._load.is_busy:
                return
            if time.monotonic() > calm + self._weather.in_time_s:
                self._verdict.late = max(self._verdict.late, late)
            time.sleep(0.2)

    def _judge(self) -> None:
        verdict, found = self._verdict, look(self._load, self._made.ledger, {"chatty": self._weather.talk})
        verdict.jobs, verdict.statuses = found.jobs, found.statuses
        verdict.lost, verdict.doubled, verdict.log_gaps = found.lost, found.doubled, found.log_gaps
        verdict.keys_with_two_jobs = found.keys_with_two_jobs
        verdict.lines, verdict.chains = self._load.lines_seen, len(self._load.runs)
        verdict.faults += found.faults


def burn(
    backend: str,
    seed: int,
    enough: Enough,
    *,
    weather: Weather = EFFECTS,
    say: Callable[[Verdict], None] = lambda _: None,
) -> Verdict:
    """One run on a fresh installation, of which nothing is left."""
    verdict = Verdict(backend, seed)
    with installation(backend) as made:
        made.ledger.write_runbook(made.catalogue, name="chatty", talk=weather.talk)
        synchronise()
        Fire(made, verdict, weather, {chains.CHAIN: chains.define()}).burn(enough, say)
    return verdict
