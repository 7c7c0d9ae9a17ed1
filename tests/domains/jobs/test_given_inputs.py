"""Inputs as a file: the play reads what was checked, as the text that it is, and has them in no variable."""

import json

import pytest

from orch_app.domains.access.actor import Actor
from tests.domains.jobs.orders import launched
from tests.domains.jobs.trials import GOOD, Trials, ran, text_of

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"word": {"type": "string"}, "times": {"type": "integer", "default": 3}},
}
SAY = """
    - name: Read
      ansible.builtin.set_fact: {told: "{{ lookup('ansible.builtin.file', orch.inputs_path) | from_json }}"}
    - name: Say
      ansible.builtin.debug: {msg: "{{ told.word }} x{{ told.times }}, {{ inputs | length }} in the variable"}
"""


@pytest.mark.integration
def test_a_play_that_asks_for_a_file_reads_its_inputs_from_one(sqlite_trials: Trials, admin: Actor) -> None:
    folder = sqlite_trials.write("trial", SAY + GOOD, gives=["inputs"])
    (folder / "schema.json").write_text(json.dumps(SCHEMA))
    sqlite_trials.sync()
    job = ran(launched(admin, "trial", inputs={"word": "{{ 6 * 7 }} café"}))
    assert job.status == "SUCCESS", text_of(job)
    assert "{{ 6 * 7 }} café x3, 0 in the variable" in text_of(job)
