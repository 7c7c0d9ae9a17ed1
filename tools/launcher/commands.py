"""The words after `./orch`: what the launcher does itself, and what it hands to the program in the environment."""

import argparse
import difflib
import os
import sys
from collections.abc import Sequence

from tools.launcher.environment import PYTHON, ROOT, child_environment, ensure
from tools.launcher.progress import say
from tools.launcher.refusal import Failure, Refusal

HELP = """\
JARVIS: runs Ansible runbooks on your machines, watched live in the browser or over REST.

usage: ./orch COMMAND [OPTIONS]

Run it
  up          set up what is missing, then run web and worker until Ctrl-C
  web         run the web part alone (beside PostgreSQL and Redis)
  worker      run one worker alone; several may run; `worker drain` lets one finish
  health      ask a running installation how it is; --json for programs
  install     set up what is missing and stop, e.g. while an image is built

Look after it
  admin       users from the command line, e.g. the first admin of a headless set-up
  migrate     bring the database to this version; a copy of it is kept
  setup-url   print the one-time address that creates the first admin
  runbooks    check runbooks before they are used
  sources     runbooks from folders and repositories: list, sync, diff, trust
  openapi     print the description of the REST API

Work on it
  test        run the tests: unit, integration, engine, e2e, swarm or all
  check       lint, format, types, imports, dependencies and shape of the code
  bench       measure: api, dns, fleet, job, job-grown, log, start, throughput or throughput-grown
  simulate    what can befall jobs, in virtual time: thousands of stories, each repeated by its seed
  chaos       break a throw-away installation under load in one of seven ways, and count what was lost

Examples
  ./orch up                                        everything on http://127.0.0.1:8000, data in ./var
  ./orch up --host 0.0.0.0 --port 80 --data-dir /srv/jarvis
  printf %s "$PASSWORD" | ./orch admin create --email me@example.org --role admin --password-stdin
  ./orch health --json
  ./orch runbooks validate runbooks/host_report
  ./orch test unit -k claims                       everything behind the tier goes to pytest
  ./orch check --fix

`./orch COMMAND --help` tells more. Settings are ORCH_* variables: docs/reference/settings.md.
Exit codes: 0 done, 1 tried and failed, 2 cannot be done like this (one sentence says why).
"""
WEB, WORKER = "web", "worker"
OF_THE_PROGRAM = {
    *(WEB, WORKER, "health", "admin", "migrate", "setup-url"),
    *("runbooks", "sources", "openapi", "bench"),
}
OWN = {"up", "install", "test", "check", "help"}
NEEDS_DEV = {"bench"}  # drives a browser, as the tests do
OF_THE_TESTS = {"simulate": "tests.simulation", "chaos": "tests.chaos"}


def main(argv: Sequence[str]) -> int:
    """Run one command; what ends it early is said in one sentence."""
    try:
        return _dispatch(list(argv))
    except Refusal as refusal:
        say(f"orch: {refusal}")
        return 2
    except Failure as failure:
        if failure.detail:
            say(failure.detail)
        say(f"orch: {failure}")
        return 1
    except KeyboardInterrupt:
        say("orch: interrupted")
        return 130


def _dispatch(argv: list[str]) -> int:
    # Each command imports its own modules: a start must not pay for the others.
    command, rest = (argv[0], argv[1:]) if argv else ("help", [])
    match command:
        case "help" | "-h" | "--help":
            sys.stdout.write(HELP)
            return 0
        case "up" | "install":
            from tools.launcher.up import install, up  # noqa: PLC0415

            return up(_up_options(rest)) if command == "up" else install(_install_options(rest))
        case "health" if rest[:1] in ([WEB], [WORKER]):
            from tools.launcher.vitals import tell  # noqa: PLC0415

            return tell(rest[0])
        case "test":
            from tools.launcher.test_tiers import run_tests  # noqa: PLC0415

            return run_tests(_test_options(rest))
        case "check":
            from tools.launcher.checks import run_checks  # noqa: PLC0415

            return run_checks(fix=_check_options(rest).fix)
        case _ if command not in OF_THE_PROGRAM | set(OF_THE_TESTS):
            raise Refusal(_unknown(command))
        case _:
            ensure("dev" if command in {*NEEDS_DEV, *OF_THE_TESTS} else "runtime")
            return _become(OF_THE_TESTS.get(command, "orch_app.cli"), rest if command in OF_THE_TESTS else argv)


def _unknown(command: str) -> str:
    """Told before anything is installed for it."""
    near = difflib.get_close_matches(command, sorted(OWN | OF_THE_PROGRAM | set(OF_THE_TESTS)), n=1)
    meant = f"; did you mean {near[0]}?" if near else "."
    return f"there is no command {command!r}{meant} `./orch --help` lists them"


def _become(module: str, argv: list[str]) -> int:
    """Become the program in the environment; relative paths keep meaning the caller's folder."""
    env = {"ORCH_DATA_DIR": str(ROOT / "var")} | child_environment() | {"PYTHONPATH": str(ROOT)}
    os.execve(PYTHON, [str(PYTHON), "-m", module, *argv], env)  # noqa: S606 - our own interpreter


def _up_options(rest: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("./orch up", description="Set up what is missing, then run web and worker.")
    parser.add_argument("--host", help="address to bind (default 127.0.0.1, or ORCH_HOST)")
    parser.add_argument("--port", help="port to bind (default 8000, or ORCH_PORT)")
    parser.add_argument("--data-dir", help="database, keys, artifacts and logs (default ./var, or ORCH_DATA_DIR)")
    parser.add_argument("--workers", type=int, metavar="N", help="jobs that run at the same time (ORCH_WORKER_SLOTS)")
    return parser.parse_args(rest)


def _install_options(rest: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("./orch install", description="Set up what is missing and stop.")
    parser.add_argument("--no-screens", action="store_true", help="the Python packages only")
    return parser.parse_args(rest)


def _test_options(rest: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "./orch test",
        description="Run the tests.",
        epilog="Everything else is handed to pytest, e.g. -k NAME or a file.",
    )
    parser.add_argument(
        "tier", nargs="?", default="all", choices=["unit", "integration", "engine", "e2e", "swarm", "all"]
    )
    parser.add_argument("--full", action="store_true", help="the whole theme x language x size matrix of the screens")
    if rest and rest[0].startswith("-") and rest[0] not in {"-h", "--help", "--full"}:
        rest = ["all", *rest]
    known, others = parser.parse_known_args(rest)
    known.pytest_args = others
    return known


def _check_options(rest: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("./orch check", description="Everything CI asks of the code, without running it.")
    parser.add_argument("--fix", action="store_true", help="let ruff mend and format first")
    return parser.parse_args(rest)
