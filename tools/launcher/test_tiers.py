"""`./orch test`: one run of pytest over the tiers asked for, after what they need is there."""

import argparse
import os
import subprocess

from tools.launcher import apt
from tools.launcher.environment import PYTHON, ROOT, child_environment, ensure
from tools.launcher.progress import say
from tools.launcher.refusal import Refusal
from tools.launcher.up import build_screens

TIERS = ("unit", "integration", "e2e")
NEEDS: dict[str, tuple[apt.Tool, ...]] = {
    "unit": (),
    "integration": apt.INTEGRATION,
    "e2e": (*apt.BROWSER, *apt.INTEGRATION),
}


def run_tests(options: argparse.Namespace) -> int:
    """Run the tiers; the exit code is pytest's own, or 2 when a tier could not run at all."""
    ensure("dev")
    wanted = TIERS if options.tier == "all" else (options.tier,)
    reasons = {tier: reason for tier in wanted if (reason := _why_not(tier))}
    if reasons and (os.environ.get("CI") == "true" or len(reasons) == len(wanted)):
        raise Refusal("; ".join(reasons.values()))
    runnable = [tier for tier in wanted if tier not in reasons]
    if "e2e" in runnable:
        build_screens()
    code = subprocess.run(pytest_command(runnable, options), cwd=ROOT, env=child_environment(), check=False).returncode
    for tier, reason in reasons.items():
        say(f"orch: the {tier} tests did not run: {reason}")
    return code or (2 if reasons else 0)


def pytest_command(tiers: list[str], options: argparse.Namespace) -> list[str]:
    """pytest with the tiers as a mark expression; the whole matrix only when it was asked for.

    A process per core, and one more because a third of the time a test waits: for a browser, a lease, a server. Who is
    done first takes over from the others.
    """
    marks = f"({' or '.join(tiers)})" + ("" if options.full else " and not full")
    side_by_side = ["-n", str((os.cpu_count() or 1) + 1), "--dist", "worksteal"]
    return [str(PYTHON), "-m", "pytest", "-m", marks, *side_by_side, *options.pytest_args]


def _why_not(tier: str) -> str:
    try:
        apt.provide(NEEDS[tier], f"the {tier} tests")
    except Refusal as refusal:
        return str(refusal)
    return ""
