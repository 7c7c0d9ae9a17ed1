"""Settings: the documented defaults are the real ones, lists are written with commas, and origins are our own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from orch_app.kit.settings import ROOT, Settings, sentence, settings

PAGE = ROOT / "docs" / "reference" / "settings.md"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"ORCH_{name.upper()}", raising=False)


def made(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return Settings()  # pyright: ignore[reportCallIssue]


def documented() -> dict[str, list[str]]:
    """Default and meaning of each variable on the reference page."""
    rows = [
        line.strip().strip("|").split(" | ") for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")
    ]
    return {row[0].strip(" `"): [cell.strip(" `") for cell in row[1:]] for row in rows}


def as_written(value: object) -> str:
    """A default as people write it into an environment file."""
    if value is None or value == []:
        return ""
    if isinstance(value, Path):
        return f"./{value.relative_to(ROOT)}" if value.is_relative_to(ROOT) else str(value)
    return value if isinstance(value, str) else json.dumps(value)


def test_the_page_has_the_real_defaults_and_the_same_words() -> None:
    pages = documented()
    assert len(pages) > 30
    for name, field in Settings.model_fields.items():
        default, meaning = pages[f"ORCH_{name.upper()}"]
        assert default == as_written(field.get_default(call_default_factory=True)).removesuffix(".0"), name
        assert meaning == field.description, name


def test_the_defaults_are_for_one_machine_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    found = made(monkeypatch)
    assert (found.host, found.is_embedded, found.redis_url) == ("127.0.0.1", True, "")
    assert found.db_url == f"sqlite:///{Path.cwd() / 'var' / 'orch.db'}"
    assert found.keys_path == Path.cwd() / "var" / "keys" / "master.key"
    assert found.artifacts_folder == Path.cwd() / "var" / "artifacts"


def test_artifacts_are_in_a_folder_of_all_nodes_or_in_a_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    assert made(monkeypatch, ORCH_ARTIFACTS_URL="file:///srv/a%20b").artifacts_folder == Path("/srv/a b")
    bucket = {"ORCH_ARTIFACTS_URL": "s3://bucket/prefix", "ORCH_ARTIFACTS_CREDENTIALS_FILE": "/run/secrets/s3"}
    assert made(monkeypatch, **bucket).artifacts_folder is None


def test_a_bucket_without_a_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError) as refused:
        made(monkeypatch, ORCH_ARTIFACTS_URL="s3://bucket")
    assert sentence(refused.value).startswith("ORCH_ARTIFACTS_CREDENTIALS_FILE cannot be used: a bucket needs")


def test_a_value_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://u:p@db/orch\n")
    (tmp_path / "slots").write_text("7")
    files = {"ORCH_DATABASE_URL_FILE": str(tmp_path / "url"), "ORCH_WORKER_SLOTS_FILE": str(tmp_path / "slots")}
    found = made(monkeypatch, **files)
    assert (found.database_url, found.worker_slots) == ("postgresql://u:p@db/orch", 7)


def test_the_key_file_is_a_file_and_no_file_that_names_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = made(monkeypatch, ORCH_KEY_FILE=str(tmp_path / "master.key"))
    assert found.keys_path == tmp_path / "master.key"


def test_a_file_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(ValidationError) as refused:
        made(monkeypatch, ORCH_REDIS_URL_FILE=str(tmp_path / "nothing"))
    why = f"the file {tmp_path}/nothing cannot be read (No such file or directory)"
    assert sentence(refused.value) == f"ORCH_REDIS_URL cannot be used: {why}."


def test_a_value_is_not_given_twice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(ValidationError) as refused:
        made(monkeypatch, ORCH_REDIS_URL="redis://u:hunter2@queue", ORCH_REDIS_URL_FILE=str(tmp_path / "url"))
    assert sentence(refused.value) == "ORCH_REDIS_URL cannot be used: ORCH_REDIS_URL_FILE is set as well."


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("10.0.0.0/8", ["10.0.0.0/8"]),
        ("10.0.0.0/8,192.168.0.0/16", ["10.0.0.0/8", "192.168.0.0/16"]),
        (" 10.0.0.1 , ,10.0.0.2,", ["10.0.0.1", "10.0.0.2"]),
    ],
)
def test_lists_are_written_with_commas(monkeypatch: pytest.MonkeyPatch, text: str, parts: list[str]) -> None:
    found = made(monkeypatch, ORCH_EGRESS_ALLOW=text, ORCH_TRUSTED_PROXIES=text)
    assert (found.egress_allow, found.trusted_proxies) == (parts, parts)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_is_spoken_to_with_the_driver_that_is_here(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    found = made(monkeypatch, ORCH_DATABASE_URL=f"{scheme}://u:p%40ss@db.example:6432/orch?sslmode=require")
    assert found.db_url == "postgresql+psycopg://u:p%40ss@db.example:6432/orch?sslmode=require"
    assert not found.is_embedded


@pytest.mark.parametrize(
    ("variables", "origins"),
    [
        ({}, ["http://127.0.0.1:8000", "http://localhost:8000"]),
        ({"ORCH_PORT": "9000"}, ["http://127.0.0.1:9000", "http://localhost:9000"]),
        ({"ORCH_HOST": "10.0.0.5"}, ["http://10.0.0.5:8000"]),
        (
            {"ORCH_HOST": "10.0.0.5", "ORCH_PUBLIC_URL": "https://jarvis.example/"},
            ["http://10.0.0.5:8000", "https://jarvis.example"],
        ),
    ],
)
def test_pages_of_the_bound_and_the_public_address_are_ours(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], origins: list[str]
) -> None:
    assert made(monkeypatch, **variables).origins == origins


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ORCH_EGRESS_ALLOW", "10.0.0.0/8,10.0.0.300"),
        ("ORCH_EGRESS_ALLOW", "10.0.0.0/33"),
        ("ORCH_EGRESS_ALLOW", "10.0.0.1:ssh"),
        ("ORCH_EGRESS_ALLOW", "10.0.0.1:70000"),
        ("ORCH_EGRESS_ALLOW", "https://db.internal"),
        ("ORCH_ARTIFACTS_URL", "/srv/artifacts"),
        ("ORCH_ARTIFACTS_URL", "file://srv/artifacts"),
        ("ORCH_ARTIFACTS_URL", "ftp://host/folder"),
        ("ORCH_ARTIFACTS_URL", "s3:///prefix"),
        ("ORCH_PORT", "0"),
        ("ORCH_PORT", "70000"),
        ("ORCH_PORT", "http"),
        ("ORCH_WORKER_SLOTS", "0"),
        ("ORCH_LEASE_S", "0"),
        ("ORCH_ENGINE", "hot"),
        ("ORCH_MIN_ISOLATION", "none"),
        ("ORCH_LOG_LEVEL", "chatty"),
        ("ORCH_SOLO_ADMIN", "perhaps"),
        ("ORCH_APPROVALS", "swarm_deploy=required"),
        ("ORCH_APPROVALS", "swarm_deploy/prod=perhaps"),
        ("ORCH_JOB_UID", "0"),
        ("ORCH_ACCESS_TOKEN_S", "86400"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with pytest.raises(ValidationError) as refused:
        made(monkeypatch, **{name: value})
    assert [fault["loc"] for fault in refused.value.errors()] == [(name.removeprefix("ORCH_").lower(),)]


def test_settings_do_not_change_while_the_program_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        made(monkeypatch).port = 9000  # pyright: ignore[reportAttributeAccessIssue]
    assert settings() is settings()


def test_folders_do_not_depend_on_where_one_goes_later(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    found = made(monkeypatch, ORCH_DATA_DIR="here", ORCH_RUNBOOKS_DIR="~/books", HOME="/home/ada")
    monkeypatch.chdir("/")
    assert (found.data_dir, found.runbooks_dir) == (tmp_path / "here", Path("/home/ada/books"))


@pytest.mark.parametrize("command", ["worker", "web", "migrate"])
def test_a_program_whose_settings_cannot_be_used_says_so_in_one_sentence(command: str, tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "ORCH_DATA_DIR": str(tmp_path), "ORCH_EGRESS_ALLOW": "10.0.0.0/8, my network"}
    done = subprocess.run(
        [sys.executable, "-m", "orch_app.cli", command], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("ORCH_EGRESS_ALLOW cannot be used: 'my network' is no entry")
    assert done.stderr.count("\n") == 1


def test_a_fault_never_repeats_a_value_that_may_be_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError) as refused:
        made(monkeypatch, ORCH_PORT="hunter2")
    assert sentence(refused.value).startswith("ORCH_PORT cannot be used: ")
    assert "hunter2" not in sentence(refused.value)
