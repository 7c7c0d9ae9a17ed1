"""A runbook folder is read as a whole, and what is wrong with it is said in one sentence."""

from dataclasses import FrozenInstanceError
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from orch_app.domains.runbooks import contract
from orch_app.domains.runbooks.contract import load_runbook, read_metadata
from orch_app.domains.runbooks.errors import RunbookBroken
from tests.domains.runbooks.folders import PLAYBOOK, SCHEMA, write_runbook


def reason(folder: Path) -> str:
    with pytest.raises(RunbookBroken) as caught:
        load_runbook(folder)
    return caught.value.reason


def test_a_good_folder_becomes_a_spec_with_every_default(tmp_path: Path) -> None:
    spec = load_runbook(write_runbook(tmp_path))

    assert (spec.name, spec.version, spec.title_pt) == ("demo", "1.2.3", "Demonstração")
    assert (spec.roles.execute, spec.approval.prod, spec.retention.failed_days) == ("operator", "none", 90)
    assert (spec.on_worker_loss, spec.strategy, spec.isolation, spec.network) == (
        "interrupt",
        "linear",
        "default",
        "none",
    )
    assert (spec.limits.input_kb, spec.rate, spec.concurrency, spec.earlier, spec.dedup) == (1024, None, None, None, "")
    assert spec.schema == SCHEMA
    assert spec.readme == "# Demo\n"
    assert spec.playbook.is_file()
    assert spec.metadata["retries"]["max"] == 0


def test_a_spec_cannot_be_changed(tmp_path: Path) -> None:
    spec = load_runbook(write_runbook(tmp_path))
    with pytest.raises(FrozenInstanceError):
        spec.risk = "high"  # pyright: ignore[reportAttributeAccessIssue]


def test_everything_that_can_be_declared_is_read(tmp_path: Path) -> None:
    folder = write_runbook(
        tmp_path,
        connections=[
            {"slot": "dns", "type": "cloudflare"},
            {"slot": "spare", "type": "ssh", "required": False, "after": "dns"},
        ],
        locks=["word:{{word}}"],
        concurrency={"limit": 2, "key": "{{environment}}", "on_full": "fail"},
        retries={"max": 3, "codes": ["rate_limited"]},
        rate={"limit": 6, "per_s": 60},
        dedup="demo:{{word}}",
        earlier={"runbook": "demo", "target": "word:{{word}}", "input": "word"},
        supports={"check": True},
        tags=["a", "b"],
    )
    spec = load_runbook(folder)

    slots = [(slot.slot, slot.required, slot.after) for slot in spec.connections]
    assert slots == [("dns", True, ""), ("spare", False, "dns")]
    assert spec.locks == ("word:{{word}}",)
    assert spec.concurrency is not None
    assert (spec.concurrency.limit, spec.concurrency.on_full) == (2, "fail")
    assert (spec.retries.max, spec.retries.codes, spec.retries.backoff) == (3, ("rate_limited",), "exponential")
    assert spec.rate is not None
    assert (spec.rate.per_s, spec.rate.key) == (60, "")
    assert spec.earlier is not None
    assert (spec.earlier.runbook, spec.earlier.target, spec.earlier.input) == ("demo", "word:{{word}}", "word")
    assert (spec.dedup, spec.supports.check, spec.supports.rollback, spec.tags) == (
        "demo:{{word}}",
        True,
        False,
        ("a", "b"),
    )


@pytest.mark.parametrize(
    ("earlier", "said"),
    [
        ({"runbook": "demo", "target": "word:{{nothing}}"}, "/earlier/target"),
        ({"runbook": "demo", "target": "word", "input": "nothing"}, "/earlier/input: there is no input nothing"),
        ({"runbook": "demo"}, "/earlier"),
    ],
)
def test_what_an_earlier_job_is_asked_by_must_be_there(tmp_path: Path, earlier: dict[str, str], said: str) -> None:
    assert said in reason(write_runbook(tmp_path, earlier=earlier))


def test_who_is_given_a_source_must_ask_for_one(tmp_path: Path) -> None:
    assert "there is no input source" in reason(write_runbook(tmp_path, gives=["source"]))


@pytest.mark.parametrize("name", ["runbook.yaml", "playbook.yml", "schema.json", "README.md"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    folder = write_runbook(tmp_path)
    (folder / name).unlink()
    assert reason(folder) == f"{name} is missing"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"title_pt": None}, "runbook.yaml /title_pt: Is required."),
        ({"risk": "severe"}, "runbook.yaml /risk: Must be one of: low, medium, high."),
        ({"version": 1.0}, "runbook.yaml /version: Must be text."),
        ({"timeout_s": 0}, "runbook.yaml /timeout_s: Must be at least 1."),
        ({"colour": "red"}, "runbook.yaml /colour: Is not a known name."),
        ({"retention": {"forever": True}}, "runbook.yaml /retention/forever: Is not a known name."),
        (
            {"connections": [{"slot": "a", "type": "ssh"}, {"slot": "a", "type": "ssh"}]},
            "runbook.yaml /connections: two connections have the same slot",
        ),
        (
            {"connections": [{"slot": "b", "type": "ssh", "after": "a"}, {"slot": "a", "type": "ssh"}]},
            "runbook.yaml /connections/0/after: no slot above is a",
        ),
    ],
)
def test_a_fault_in_the_metadata_is_said_with_its_place(tmp_path: Path, changes: dict[str, Any], expected: str) -> None:
    assert reason(write_runbook(tmp_path, **changes)) == expected


@pytest.mark.parametrize("value", [date(2026, 1, 1), {1, 2}, b"x", {5: "x"}, float("nan")])
def test_metadata_that_json_has_no_word_for_is_refused(tmp_path: Path, value: object) -> None:
    assert reason(write_runbook(tmp_path, description=value)) == (
        "runbook.yaml holds a value that JSON does not know, such as a date; put it in quotes"
    )


def test_the_name_must_be_the_folders(tmp_path: Path) -> None:
    folder = write_runbook(tmp_path).rename(tmp_path / "other")
    assert reason(folder) == "runbook.yaml /name: is 'demo' but the folder is 'other'"


def test_a_schema_that_is_no_json_is_said_with_its_line(tmp_path: Path) -> None:
    folder = write_runbook(tmp_path)
    (folder / "schema.json").write_text('{\n "type": object\n}')
    assert reason(folder).startswith("schema.json line 2 column 10")


def test_an_input_that_shall_make_a_run_graver_must_be_one(tmp_path: Path) -> None:
    rules = [{"input": "word", "is": ["x"], "risk": "high"}, {"input": "gone", "above": 1, "risk": "high"}]
    assert reason(write_runbook(tmp_path, graver=rules)) == "runbook.yaml /graver/1/input: there is no input gone"


@pytest.mark.parametrize("rule", [{}, {"is": ["x"], "above": 1}, {"is": []}, {"above": "1"}])
def test_a_rule_of_what_is_graver_says_one_thing(tmp_path: Path, rule: dict[str, Any]) -> None:
    graver = [{"input": "word", "risk": "high", **rule}]
    assert reason(write_runbook(tmp_path, graver=graver)).startswith("runbook.yaml /graver/0")


def test_a_default_that_the_schema_refuses_breaks_the_runbook(tmp_path: Path) -> None:
    schema = {**SCHEMA, "properties": {"n": {"$ref": "#/$defs/n", "default": 9}}, "$defs": {"n": {"maximum": 5}}}
    assert reason(write_runbook(tmp_path, schema=schema)) == (
        "schema.json at #/properties/n/default: Must be at most 5."
    )


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = write_runbook(tmp_path)
    (folder / "README.md").unlink()
    (folder / "README.md").symlink_to("/etc/passwd")
    assert "symbolic link" in reason(folder)


def test_any_change_of_content_changes_the_revision(tmp_path: Path) -> None:
    folder = write_runbook(tmp_path)
    first = load_runbook(folder).revision
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "x.pyc").write_text("cache")
    assert load_runbook(folder).revision == first

    (folder / "README.md").write_text("# Demo 2\n")
    second = load_runbook(folder).revision
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "module.py").write_text("")

    assert len({first, second, load_runbook(folder).revision}) == 3


def test_a_play_on_hosts_needs_a_target_that_says_so(tmp_path: Path) -> None:
    playbook = [{**PLAYBOOK[0], "hosts": "targets"}]
    assert load_runbook(write_runbook(tmp_path, "one", target="both", playbook=playbook)).target == "both"
    assert "hosts is 'targets'" in reason(write_runbook(tmp_path, "two", target="none", playbook=playbook))


def test_a_folder_is_read_again_only_when_one_of_its_files_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, read = write_runbook(tmp_path), list[Path]()

    def noted(path: Path) -> dict[str, Any]:
        read.append(path)
        return read_metadata(path)

    monkeypatch.setattr(contract, "read_metadata", noted)
    first, second = load_runbook(folder), load_runbook(folder)
    assert (first, len(read)) == (second, 1)
    (folder / "README.md").write_text("# Another\n", "utf-8")
    third = load_runbook(folder)
    assert (third.readme, third.revision == first.revision, len(read)) == ("# Another\n", False, 2)


def test_what_one_reader_does_to_its_copy_is_not_seen_by_the_next(tmp_path: Path) -> None:
    folder = write_runbook(tmp_path)
    load_runbook(folder).schema["properties"] = {}
    assert load_runbook(folder).schema["properties"] != {}


def test_files_that_change_while_they_are_read_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_runbook(tmp_path)

    def write(path: Path) -> dict[str, Any]:
        (folder / "more.txt").write_text("more", "utf-8")
        return read_metadata(path)

    monkeypatch.setattr(contract, "read_metadata", write)
    assert "changed while they were read" in reason(folder)


def test_inputs_that_are_variables_have_names_that_ansible_takes_for_one(tmp_path: Path) -> None:
    names = {"word": SCHEMA["properties"]["word"]}
    good = write_runbook(tmp_path, "good", inputs_as_variables=True, schema=SCHEMA | {"properties": names})
    assert load_runbook(good).inputs_as_variables
    for name in ("two-words", "1st", "groups", "environment"):
        schema = SCHEMA | {"properties": {name: {"type": "string"}}}
        bad = write_runbook(tmp_path / name, "bad", inputs_as_variables=True, schema=schema)
        assert "cannot be the name of a variable" in reason(bad)
        assert load_runbook(write_runbook(tmp_path / name, "nested", schema=schema)).inputs_as_variables is False


def test_inputs_are_given_as_a_file_or_as_variables_and_not_both_ways(tmp_path: Path) -> None:
    assert load_runbook(write_runbook(tmp_path, "good", gives=["inputs"])).gives == ("inputs",)
    schema = SCHEMA | {"properties": {"word": SCHEMA["properties"]["word"]}}
    both = write_runbook(tmp_path, "both", gives=["inputs"], inputs_as_variables=True, schema=schema)
    assert "given as a file" in reason(both)
