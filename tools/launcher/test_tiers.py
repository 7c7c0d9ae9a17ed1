"""`./orch test`: the tiers asked for, in as few runs of pytest as they get along in, after what they need is there."""

import argparse
import os
import subprocess
from collections.abc import Iterable

from tools.launcher import apt
from tools.launcher.environment import PYTHON, ROOT, child_environment, ensure
from tools.launcher.progress import say
from tools.launcher.refusal import Refusal
from tools.launcher.up import build_screens

TIERS = ("unit", "integration", "engine", "e2e", "swarm")
NEEDS: dict[str, tuple[apt.Tool, ...]] = {
    "unit": (),
    "integration": apt.INTEGRATION,
    "engine": apt.INTEGRATION,
    "e2e": (*apt.BROWSER, *apt.INTEGRATION),
    "swarm": (*apt.ENGINE, *apt.INTEGRATION),
}
# Asked for only where the packages above did not bring it.
MORE: dict[str, tuple[apt.Tool, ...]] = {"swarm": apt.ENGINE_MORE}
# Installed where it can be had.
USEFUL: dict[str, tuple[apt.Tool, ...]] = {"e2e": apt.LIGHTER_BROWSER}
NOTHING_FOUND = 5  # pytest's exit code
KERNEL_REFUSES = 77  # ours, of the swarm tests: they said what the kernel does not allow, and tried nothing
# One has a single site for all its tests, the other whole installations and stories that only compute.
ALONE = ("swarm", "engine")
# Of tiers that have folders to themselves: thousands of other tests need not be collected for them.
FOLDERS = {
    "engine": ["tests/chaos", "tests/simulation", "tests/domains/jobs/execution/warm"],
    "swarm": ["tests/swarm"],
}
WITH_SCREENS = {"integration", "engine", "e2e", "swarm"}


def run_tests(options: argparse.Namespace) -> int:
    """Run the tiers; the exit code is pytest's own, or 2 when a tier could not run at all."""
    ensure("dev")
    wanted = TIERS if options.tier == "all" else (options.tier,)
    reasons = {tier: reason for tier in wanted if (reason := _why_not(tier))}
    if reasons and (os.environ.get("CI") == "true" or len(reasons) == len(wanted)):
        raise Refusal("; ".join(reasons.values()))
    runnable = [tier for tier in wanted if tier not in reasons]
    if WITH_SCREENS & set(runnable):
        build_screens()
    codes = [_run(tiers, options) for tiers in rounds(runnable)]
    for tier, reason in reasons.items():
        say(f"orch: the {tier} tests did not run: {reason}")
    return together(codes) or (2 if reasons else 0)


def rounds(tiers: list[str]) -> list[list[str]]:
    """Which tiers run together: those that take the whole machine run alone, or a browser waits in vain beside them.

    They come first, so that the last lines are those of the run that has nearly all tests.
    """
    others = [tier for tier in tiers if tier not in ALONE]
    return [part for part in (*([tier] for tier in ALONE if tier in tiers), others) if part]


def together(codes: Iterable[int]) -> int:
    """One exit code for several runs: the first failure. A run without such a test is none, nor is a kernel's no."""
    found = [code for code in codes if code != KERNEL_REFUSES]
    failures = [code for code in found if code not in {0, NOTHING_FOUND}]
    return failures[0] if failures else min(found, default=2)


def pytest_command(tiers: list[str], options: argparse.Namespace) -> list[str]:
    """pytest with the tiers as a mark expression; the whole matrix only when it was asked for.

    A process per core, and one more where a third of the time a test waits: for a browser, a lease, a server. Who is
    done first takes over from the others.
    """
    marks = f"({' or '.join(tiers)})" + ("" if options.full else " and not full")
    processes = (os.cpu_count() or 1) + (tiers != ["engine"])
    how = [] if tiers == ["swarm"] else ["-n", str(processes), "--dist", "worksteal"]
    names_a_place = any((ROOT / word.partition("::")[0]).exists() for word in options.pytest_args)
    where = [] if names_a_place or len(tiers) > 1 else FOLDERS.get(tiers[0], [])
    return [str(PYTHON), "-m", "pytest", "-m", marks, *how, *where, *options.pytest_args]


def _run(tiers: list[str], options: argparse.Namespace) -> int:
    code = subprocess.run(pytest_command(tiers, options), cwd=ROOT, env=child_environment(), check=False).returncode
    if code == KERNEL_REFUSES:
        say("orch: the swarm tests did not run: this kernel does not allow what Docker needs; what it is stands above")
    return code


def _why_not(tier: str) -> str:
    if tier == "swarm" and os.geteuid() != 0:
        return "the swarm tests make network namespaces and start Docker in them: run them as root"
    try:
        apt.provide(NEEDS[tier], f"the {tier} tests")
        apt.provide(MORE.get(tier, ()), f"the {tier} tests")
        apt.offer(USEFUL.get(tier, ()), f"the {tier} tests")
    except Refusal as refusal:
        return str(refusal)
    return ""
