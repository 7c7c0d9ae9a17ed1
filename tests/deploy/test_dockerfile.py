"""The image: pinned base, locked packages, no root, a first process that reaps, nothing of the builder's machine."""

import re
import subprocess

import pytest

from orch_app.kit.settings import ROOT, Settings

TEXT = (ROOT / "Dockerfile").read_text("utf-8")
IGNORED = [line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line and line[0] != "#"]
BUILT_ELSEWHERE = {".web/build", ".web/orch-ui.json", "wheels"}


def steps() -> list[tuple[str, str]]:
    """Instructions with their arguments; continued lines are one, comments are gone."""
    plain = "\n".join(line for line in TEXT.splitlines() if not line.lstrip().startswith("#"))
    lines = re.sub(r"\\\n\s*", " ", plain).splitlines()
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines if line.strip())]


def last_stage() -> list[tuple[str, str]]:
    found = steps()
    start = max(place for place, (word, _) in enumerate(found) if word == "FROM")
    return found[start:]


def of(word: str, among: list[tuple[str, str]] | None = None) -> list[str]:
    return [rest for name, rest in (steps() if among is None else among) if name == word]


def test_every_stage_stands_on_a_version_or_on_an_earlier_stage() -> None:
    stages = {rest.split(" AS ")[1] for rest in of("FROM") if " AS " in rest}
    bases = {rest.split(" AS ")[0] for rest in of("FROM")}
    assert bases <= {"${BASE}", *stages}
    assert re.fullmatch(r"BASE=debian:\d+\.\d+-slim", of("ARG")[0])
    assert "latest" not in TEXT


def test_the_container_is_not_root_and_its_first_process_reaps() -> None:
    assert of("USER", last_stage()) == ["10001:10001"]
    assert of("ENTRYPOINT", last_stage()) == ['["/usr/bin/tini", "--", "/opt/jarvis/orch"]']
    assert of("CMD", last_stage()) == ['["web"]']
    assert of("STOPSIGNAL", last_stage()) == ["SIGTERM"]
    assert len(of("HEALTHCHECK", last_stage())) == 1


def test_a_step_that_fails_ends_the_build() -> None:
    for command in of("RUN"):
        assert command.startswith("set -eu; "), command
        assert not re.search(r"\|\| *true|curl|wget|chmod 777|sudo", command), command
    assert of("ADD") == []


def test_what_apt_needed_does_not_stay() -> None:
    installing = [command for command in of("RUN") if "apt-get install" in command]
    assert len(installing) == 1
    assert "--no-install-recommends" in installing[0]
    assert "rm -rf /var/lib/apt/lists/*" in installing[0]


def test_packages_come_from_the_lock_by_the_launchers_own_hand() -> None:
    assert "requirements.lock" in " ".join(of("COPY"))
    assert any("./orch install --no-screens" in command for command in of("RUN"))
    assert not any("pip install" in command for command in of("RUN"))


def test_no_secret_and_no_registry_is_written_into_the_image() -> None:
    settings = {f"ORCH_{name.upper()}" for name in Settings.model_fields}
    given = {pair.split("=")[0] for line in of("ENV") for pair in line.split()}
    assert {name for name in given if name.startswith("ORCH_")} <= settings - {"ORCH_DATABASE_URL", "ORCH_REDIS_URL"}
    assert all("=" not in argument for argument in of("ARG")[1:])


def test_only_listed_files_reach_the_builder() -> None:
    assert IGNORED[0] == "*"
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    listed = listing.stdout.splitlines()
    wanted = {line[1:] for line in IGNORED if line[0] == "!"}
    unknown = {name for name in wanted if not any(path == name or path.startswith(f"{name}/") for path in listed)}
    assert unknown == BUILT_ELSEWHERE
    assert wanted & {"var", ".git", ".venv", "tests", "docs"} == set()


@pytest.mark.parametrize("part", ["orch_app", "tasks", "tools", "alembic", "alembic.ini", "runbooks", "reflex.lock"])
def test_what_runs_in_a_container_is_in_the_image(part: str) -> None:
    assert f"!{part}" in IGNORED
