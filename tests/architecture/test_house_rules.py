"""Rules about the code that no linter can hold."""

import ast
import re
from pathlib import Path

from tests.architecture.sources import ROOT, dotted, files, nodes, place

CODE = ("orch_app", "tasks")
ENVIRONMENT = {"os.environ", "os.environb", "os.getenv", "os.putenv", "os.unsetenv"}
# These end in eval in the browser, which the Content-Security-Policy forbids.
EVAL = {"toast", "call_script", "call_function", "run_script", "set_clipboard"}
VAGUE = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "base", "misc"}
# Programs that run inside a job, in a process without settings: what they know comes in their scrubbed environment.
IN_THE_JOB = {
    "orch_app/domains/jobs/execution/supervisor.py",
    "orch_app/domains/jobs/execution/callback/orch_ndjson.py",
    "orch_app/domains/jobs/execution/warm/ansible_play.py",
    "orch_app/domains/jobs/execution/warm/shim.py",
}
# The abstract provider that the design names so.
NAMED_SO_BY_DESIGN = {"orch_app/integrations/vps/base.py"}


def is_in_the_job(path: Path) -> bool:
    return str(path.relative_to(ROOT)) in IN_THE_JOB


def test_only_the_unit_of_work_commits():
    home = ROOT / "orch_app" / "kit" / "db.py"
    commits = [
        place(path, node)
        for path, node in nodes(*CODE)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"commit", "rollback"}
        and path != home
    ]
    assert commits == []


def test_the_environment_is_read_by_the_settings_only():
    home = ROOT / "orch_app" / "kit" / "settings.py"
    reads = [
        place(path, node)
        for path, node in nodes(*CODE)
        if dotted(node) in ENVIRONMENT and path != home and not is_in_the_job(path)
    ]
    imported = [
        place(path, node)
        for path, node in nodes(*CODE)
        if isinstance(node, ast.ImportFrom)
        and node.module == "os"
        and {a.name for a in node.names} & {"environ", "getenv"}
    ]
    assert reads + imported == []


def test_nothing_in_the_browser_part_ends_in_eval():
    banned = [
        place(path, node)
        for path, node in nodes("orch_app")
        if isinstance(node, ast.Attribute) and node.attr in EVAL and dotted(node).split(".")[0] in {"rx", "reflex"}
    ]
    assert banned == []


def test_imports_are_absolute():
    relative = [
        place(path, node)
        for path, node in nodes(*CODE, "tools", "tests")
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


def test_domains_never_sleep():
    sleeps = [
        place(path, node)
        for path, node in nodes("orch_app/domains")
        if dotted(node) == "time.sleep" and not is_in_the_job(path)
    ]
    assert sleeps == []


def test_modules_are_named_for_what_they_hold():
    vague = [
        str(path.relative_to(ROOT))
        for path in files(*CODE, "tools", "tests")
        if {path.stem, path.parent.name} & VAGUE and str(path.relative_to(ROOT)) not in NAMED_SO_BY_DESIGN
    ]
    assert vague == []


def test_no_test_is_skipped_or_expected_to_fail():
    skipped = re.compile(r"(^|\.)(skip|skipif|importorskip|xfail)$")
    found = [
        place(path, node)
        for path, node in nodes("tests")
        if isinstance(node, ast.Attribute) and skipped.search(dotted(node)) and dotted(node).startswith("pytest.")
    ]
    assert found == []
