"""A play is run through ansible-runner: what it says, how it ends, and that it can always be ended."""

import inspect
import json
import os
import threading
import time
from pathlib import Path
from unittest.mock import patch

import pytest

from orch_app.domains.jobs.execution import (
    Batch,
    InputsRefused,
    LogLevel,
    PlayStatus,
    Reason,
    StepKind,
    StepStatus,
    Workspace,
    runner,
)
from tests.domains.jobs.execution.conftest import Plays, Told

pytestmark = pytest.mark.integration

STORY = """
- name: The story
  hosts: all
  gather_facts: false
  tasks:
    - name: Say hello
      ansible.builtin.debug: {msg: "hello {{ inputs.name }} of {{ orch.runbook }}"}
      notify: Greet again
    - name: Print lines
      ansible.builtin.command: {argv: [printf, 'one\\ntwo {{ inputs.password }}\\n']}
    - name: Loop
      ansible.builtin.debug: {msg: "item {{ item }}"}
      loop: [a, b]
      changed_when: item == "b"
      notify: Greet again
    - name: Not now
      ansible.builtin.debug: {msg: never}
      when: false
    - name: Hidden
      ansible.builtin.debug: {msg: "invisible-text"}
      no_log: true
    - name: Tolerated
      ansible.builtin.fail: {msg: that is fine}
      ignore_errors: true
    - name: Output
      ansible.builtin.copy:
        content: "{{ {'job': orch.job_id, 'inputs': inputs} | to_json }}"
        dest: "{{ orch.output_path }}"
    - name: Environment
      ansible.builtin.debug: {msg: "{{ lookup('ansible.builtin.env', 'ORCH_TEST_CANARY') | default('nothing', true) }}"}
    - ansible.builtin.meta: flush_handlers
    - name: The end
      ansible.builtin.fail: {msg: "no way\\nnot at all"}
  handlers:
    - name: Greet again
      ansible.builtin.debug: {msg: again}
"""

PAYLOADS = [
    "{{ lookup('pipe', 'touch %s') }}",
    "{%% for x in [lookup('pipe', 'touch %s')] %%}{{ x }}{%% endfor %%}",
    "{{ query('ansible.builtin.pipe', 'touch %s') }}",
    "${{ lookup('pipe', 'touch %s') }}",
]


@pytest.fixture(scope="module")
def story(plays: Plays) -> Told:
    inputs = {"name": "Ada", "password": "pass-word-1"}
    with patch.dict(os.environ, {"ORCH_TEST_CANARY": "leaked-canary"}):
        return plays.run(STORY, inputs=inputs, secrets=["pass-word-1"], spy=note_files)


def note_files(workspace: Workspace) -> None:
    assert not list((workspace.runner / "play" / "job_events").iterdir())
    command = json.loads((workspace.runner / "play" / "command").read_text())
    assert "leaked-canary" not in json.dumps(command)
    assert command["command"][0].endswith("python")
    assert command["command"][4].endswith(("supervisor.py", "shim.py"))


def test_the_outcome_names_the_task_that_failed(story: Told) -> None:
    ended = story.ended
    assert (ended.rc, ended.status, ended.reason) == (2, PlayStatus.FAILED, Reason.TASK_FAILED)
    assert ended.failure is not None
    assert (ended.failure.host, ended.failure.task, ended.failure.message) == ("localhost", "The end", "no way")
    assert ended.hosts["localhost"]["failures"] == 1
    assert ended.cpu_s > 0


def test_the_log_reads_like_a_play(story: Told) -> None:
    shown = [(str(line.level), line.message) for line in story.lines]
    for expected in (
        ("task", "PLAY [The story]"),
        ("task", "TASK [Say hello]"),
        ("ok", "ok: hello Ada of example"),
        ("changed", "changed"),
        ("output", "one"),
        ("output", "two ***"),
        ("ok", "ok: [a]: item a"),
        ("changed", "changed: [b]: item b"),
        ("skipped", "skipping: Conditional result was False"),
        ("ok", "ok: output hidden (no_log)"),
        ("warning", "failed (ignored): that is fine"),
        ("task", "HANDLER [Greet again]"),
        ("error", "fatal: FAILED! no way"),
        ("output", "not at all"),
        ("task", "RECAP"),
    ):
        assert expected in shown


def test_nothing_hidden_or_secret_is_in_the_log(story: Told) -> None:
    assert "invisible-text" not in story.text
    assert "pass-word-1" not in story.text
    assert "leaked-canary" not in story.text
    assert "ok: nothing" in story.text


def test_lines_carry_host_and_task(story: Told) -> None:
    line = next(line for line in story.lines if line.message == "one")
    assert (line.host, line.task) == ("localhost", "Print lines")


def test_steps_begin_and_end_with_their_results(story: Told) -> None:
    last = {step.name: step for step in story.steps}
    assert last["The story"].kind is StepKind.PLAY
    assert last["Greet again"].kind is StepKind.HANDLER
    assert last["Loop"].status is StepStatus.CHANGED
    assert last["Tolerated"].status is StepStatus.IGNORED
    assert last["The end"].status is StepStatus.FAILED
    assert all(step.finished_at is not None for step in last.values())
    hosts = [step.host for step in story.steps if step.name == "Print lines" and step.host]
    assert [(host.host, host.status, host.changed) for host in hosts] == [("localhost", StepStatus.CHANGED, True)]


def test_the_play_writes_its_output(story: Told) -> None:
    assert json.loads(story.output)["job"] == "job_01"


def test_ansible_runner_is_what_runs_the_play() -> None:
    assert "init_runner(" in inspect.getsource(runner)
    assert "ansible_runner" in inspect.getsource(runner)


def test_no_input_is_ever_executed(plays: Plays, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    traces = [tmp_path / f"trace-{number}" for number in range(len(PAYLOADS) * 3)]
    values = iter(payload % trace for payload, trace in zip(PAYLOADS * 3, traces, strict=True))
    inputs = {
        "text": next(values),
        "list": [next(values) for _ in PAYLOADS],
        "deep": {next(values): {"key": next(values)}, "more": [{"x": next(values)}]},
        "rest": list(values),
    }
    book = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.debug: {var: inputs}
    - ansible.builtin.debug: {msg: "{{ inputs.text }} {{ inputs.list | join(' ') }} {{ inputs.deep }}"}
    - ansible.builtin.debug: {msg: "{{ item }}"}
      loop: "{{ inputs.list }}"
    - ansible.builtin.set_fact: {copied: "{{ inputs.deep }}", again: "{{ inputs.text }}"}
    - ansible.builtin.debug: {msg: "{{ copied }} {{ again }} {{ inputs.rest | to_json }}"}
    - ansible.builtin.command: {argv: [echo, "{{ inputs.text }}", "{{ again }}"]}
"""
    told = plays.run(book, inputs=inputs)
    assert told.ended.status is PlayStatus.SUCCESSFUL, told.text
    assert not [trace for trace in traces if trace.exists()]
    assert "lookup('pipe'" in told.text


@pytest.mark.parametrize(
    "inputs", [{"ansible_host": "x"}, {"a": [{"Ansible_become": 1}]}, {"vars": 1}, {"x": "\ud800"}]
)
def test_names_that_ansible_obeys_are_refused(plays: Plays, inputs: dict[str, object]) -> None:
    with pytest.raises(InputsRefused):
        plays.run("- hosts: all\n", inputs=inputs)


@pytest.mark.parametrize(
    ("book", "words"),
    [
        ("- hosts: all\n  tasks:\n    - no_such_module: {}\n", "no_such_module"),
        ("- hosts: [\n", "YAML"),
    ],
)
def test_a_playbook_that_cannot_be_read_explains_itself(plays: Plays, book: str, words: str) -> None:
    told = plays.run(book)
    assert (told.ended.status, told.ended.reason) == (PlayStatus.FAILED, Reason.PLAYBOOK_ERROR)
    assert any(words in line.message for line in told.lines if line.level is LogLevel.ERROR)
    assert told.ended.failure is not None


def test_a_play_that_is_missing_explains_itself(plays: Plays) -> None:
    told = plays.run("- hosts: all\n", playbook="absent.yml")
    assert told.ended.reason is Reason.PLAYBOOK_ERROR
    assert any("absent.yml" in line.message for line in told.lines if line.level is LogLevel.ERROR)


# Nobody else's: the same test may run with the other engine in another process at the same time.
LEFT, BEHIND, WAITED, STAYING = (f"{seconds}.{os.getpid()}" for seconds in (3211, 3212, 3213, 3214))
WAITS = f"""
- hosts: all
  gather_facts: false
  tasks:
    - name: Leave something behind
      ansible.builtin.command: {{argv: [setsid, -f, sleep, "{LEFT}"]}}
    - name: In the background
      ansible.builtin.command: {{argv: [sleep, "{BEHIND}"]}}
      async: 3000
      poll: 0
    - name: Wait
      ansible.builtin.command: {{argv: [sleep, "{WAITED}"]}}
"""


def sleepers(*seconds: str) -> list[int]:
    """Processes on this machine that sleep for one of the given times."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else []
        except OSError:
            continue
        if words[:1] == [b"sleep"] and words[1].decode() in seconds:
            found.append(int(entry.name))
    return found


def test_cancel_ends_everything_the_play_has_started(plays: Plays) -> None:
    cancel = threading.Event()

    def stop_at_wait(batch: Batch) -> None:
        if any(step.name == "Wait" for step in batch.steps):
            threading.Timer(0.5, cancel.set).start()

    told = plays.run(WAITS, cancel=cancel, hear=stop_at_wait)
    assert (told.ended.status, told.ended.reason) == (PlayStatus.CANCELED, Reason.CANCELED)
    assert not sleepers(LEFT, BEHIND, WAITED)
    assert [step for step in told.steps if step.name == "Wait"][-1].finished_at is not None


STUBBORN = f"""
- hosts: all
  gather_facts: false
  tasks:
    - name: Wait
      ansible.builtin.command: {{argv: [sh, -c, "trap '' TERM; sleep {STAYING}; sleep {STAYING}"]}}
"""


def test_what_does_not_heed_a_cancel_is_ended_by_force_long_before_its_grace_is_over(plays: Plays) -> None:
    cancel, kill = threading.Event(), threading.Event()

    def stop_at_wait(batch: Batch) -> None:
        if any(step.name == "Wait" for step in batch.steps):
            cancel.set()
            threading.Timer(2, kill.set).start()

    told = plays.run(STUBBORN, cancel=cancel, kill=kill, hear=stop_at_wait, grace_s=3600.0)
    assert told.ended.status is PlayStatus.CANCELED
    assert not sleepers(STAYING)


def test_a_cancel_that_was_there_before_the_play_ends_it_at_once(plays: Plays) -> None:
    cancel = threading.Event()
    cancel.set()
    assert plays.run(WAITS, cancel=cancel).ended.status is PlayStatus.CANCELED


def test_a_play_that_takes_too_long_is_ended(plays: Plays) -> None:
    book = "- hosts: all\n  gather_facts: false\n  tasks:\n    - ansible.builtin.pause: {seconds: 600}\n"
    told = plays.run(book, timeout_s=3)
    assert (told.ended.status, told.ended.reason) == (PlayStatus.TIMEOUT, Reason.TIMEOUT)


def test_a_flood_is_ended_at_its_limit(plays: Plays) -> None:
    book = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.debug: {msg: "{{ 'x' * 60000 }}"}
      loop: "{{ range(200) | list }}"
"""
    from orch_app.domains.jobs.execution import IsolationRequest, Limits

    told = plays.run(book, isolation=IsolationRequest(limits=Limits(log_mb=1)))
    assert told.ended.reason is Reason.OUTPUT_LIMIT


def test_an_error_of_the_reader_ends_the_play_and_is_raised(plays: Plays) -> None:
    def fail(batch: Batch) -> None:
        if any(step.name == "Wait" for step in batch.steps):
            raise LookupError("the lease is lost")

    with pytest.raises(LookupError, match="lease"):
        plays.run(WAITS, hear=fail)
    assert not sleepers(LEFT, BEHIND, WAITED)


def test_several_plays_run_at_once_in_one_process(plays: Plays) -> None:
    book = "- hosts: all\n  gather_facts: false\n  tasks:\n    - ansible.builtin.debug: {msg: 'I am {{ inputs.n }}'}\n"
    told: dict[int, Told] = {}

    def run(number: int) -> None:
        folder = plays.folder / f"own-{number}"
        folder.mkdir()
        told[number] = Plays(folder, plays.engine).run(book, inputs={"n": number})

    threads = [threading.Thread(target=run, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(3):
        assert f"I am {number}" in told[number].text
        assert told[number].ended.status is PlayStatus.SUCCESSFUL


def test_lines_arrive_while_the_play_runs(plays: Plays) -> None:
    """The first task's lines are here before the second has ended."""
    seen: list[float] = []
    book = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.debug: {msg: first}
    - ansible.builtin.pause: {seconds: 2}
"""
    told = plays.run(
        book, hear=lambda batch: seen.extend(time.time() for line in batch.lines if "first" in line.message)
    )
    end = next(line.at for line in told.lines if line.message == "RECAP")
    assert seen[0] < end
