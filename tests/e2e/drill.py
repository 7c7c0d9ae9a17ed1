"""Runbooks for watching, and a pipeline of drills.

`drill` says many lines, waits, and fails when it is asked to; `narrow_door` is the same for one at a time; `power_cut`
is the same of high risk; `rewiring` leaves the plan that it is given; `trial` shows a plan, is approved by another
person, and can be rolled back; `record_desk` has a form of everything.
"""

import json
import shutil
from pathlib import Path
from typing import Any

from tests.domains.jobs.plans import tasks
from tests.domains.jobs.trials import PLAY
from tests.e2e import forms
from tests.e2e.product import ROOT

METADATA = """\
name: drill
version: "1.0.0"
title: Fire drill
title_pt: Treino de incêndio
description: Says lines, waits, and fails when it is asked to.
description_pt: Diz linhas, espera, e falha quando lhe pedem.
category: maintenance
risk: low
mutates: false
target: localhost
timeout_s: 300
"""
ONE_AT_A_TIME = """\
name: narrow_door
version: "1.0.0"
title: Narrow door
title_pt: Porta estreita
description: Lets one through at a time.
description_pt: Deixa passar um de cada vez.
category: maintenance
risk: low
mutates: false
target: localhost
timeout_s: 300
locks: ["house:{{environment}}"]
"""
OF_HIGH_RISK = """\
name: power_cut
version: "1.0.0"
title: Power cut
title_pt: Corte de energia
description: Would put out the lights.
description_pt: Apagaria as luzes.
category: maintenance
risk: high
mutates: true
target: localhost
timeout_s: 300
"""
WITH_A_PLAN = """\
name: rewiring
version: "1.0.0"
title: Rewiring
title_pt: Nova fiação
description: Says which wires it would change.
description_pt: Diz que fios mudaria.
category: maintenance
risk: low
mutates: false
target: localhost
timeout_s: 300
"""
PLANNING = """\
---
- name: Plan
  hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - name: Write the plan
      ansible.builtin.copy: {content: "{{ inputs.plan }}", dest: "{{ orch.artifacts_dir }}/plan.json", mode: "0644"}
    - name: Write the output
      orch_output: {items: [], plan_sha256: "{{ inputs.plan | hash('sha256') }}"}
"""
# The plans of tests/domains/jobs/plans.py are those of a runbook of this name.
WITH_MODES = """\
name: trial
version: "1.0.0"
title: Fuse box
title_pt: Quadro de luz
description: Shows what it would change, and can put it back.
description_pt: Mostra o que mudaria, e sabe desfazer.
category: maintenance
risk: medium
mutates: true
target: localhost
timeout_s: 300
supports: {check: true, diff: true, rollback: true}
snapshot: required
approval: {stage: required_other_person}
"""
PLAYBOOK = """\
---
- name: Prepare
  hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - name: Ring the bell
      ansible.builtin.debug:
        msg: "the \\e[33mbell\\e[0m rings"
    - name: Count
      ansible.builtin.command: {argv: [seq, "1", "300"]}
      changed_when: false
- name: Act
  hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - name: Wait
      ansible.builtin.command: {argv: [sleep, "{{ inputs.wait }}"]}
    - name: Leave the house
      ansible.builtin.assert:
        that: not inputs.fail
        fail_msg: the door is locked
    - name: Write the output
      orch_output:
        items:
          - {id: door, status: ok}
"""
HELLO = """\
---
- name: Greet
  hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - name: Write the output
      orch_output:
        items:
          - {id: "{{ inputs.records | length }}", status: ok}
"""
WAIT = {
    "title": "Wait",
    "x-title-pt": "Espera",
    "x-unit": "s",
    "x-order": 1,
    "type": "integer",
    "minimum": 0,
    "maximum": 120,
    "default": 0,
}
FAIL = {"title": "Fail", "x-title-pt": "Falhar", "x-order": 2, "type": "boolean", "default": False}
INPUTS = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "wait": WAIT,
        "fail": FAIL,
    },
}
NOTHING = {"type": "object", "additionalProperties": False, "properties": {}}
PLANS = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": False,
    "required": ["plan"],
    "properties": {"plan": {"title": "Plan", "type": "string", "maxLength": 1_000_000}},
}


def chain(name: str = "evacuation", **facts: Any) -> dict[str, Any]:
    """A pipeline of drills: one that goes well, one that fails when asked to, one that is for that case, and an end."""
    inputs = {"type": "object", "additionalProperties": False, "properties": {"fail": FAIL, "wait": WAIT}}
    drill: dict[str, Any] = {"runbook": "drill"}
    return {
        "name": name,
        "title": "Evacuation",
        "description": "Leave the house in order.",
        "inputsSchema": inputs,
        "steps": [
            drill | {"id": "alarm"},
            drill | {"id": "leave", "needs": [{"step": "alarm"}], "inputs": {"fail": "${inputs.fail}"}},
            drill | {"id": "doors", "needs": [{"step": "alarm"}], "inputs": {"wait": "${inputs.wait}"}},
            drill | {"id": "call", "needs": [{"step": "leave", "on": "failure"}]},
            drill | {"id": "count", "needs": [{"step": "leave", "on": "always"}, {"step": "doors"}], "join": "any"},
            drill | {"id": "report", "needs": [{"step": "count"}, {"step": "doors"}]},
        ],
        **facts,
    }


def add_drill(folder: Path) -> Path:
    """The product's own runbooks, those described above and one that is broken, in a new folder."""
    shutil.copytree(ROOT / "runbooks", folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name, metadata in (("drill", METADATA), ("narrow_door", ONE_AT_A_TIME), ("power_cut", OF_HIGH_RISK)):
        _write(folder / name, metadata, PLAYBOOK, INPUTS)
    _write(folder / "rewiring", WITH_A_PLAN, PLANNING, PLANS)
    _write(folder / "trial", WITH_MODES, PLAY.format(hosts="localhost") + tasks(), NOTHING)
    _write(folder / "record_desk", forms.METADATA, HELLO, forms.INPUTS)
    torn = folder / "torn"
    torn.mkdir()
    (torn / "runbook.yaml").write_text("name: torn\n", "utf-8")
    return folder


def _write(home: Path, metadata: str, playbook: str, inputs: dict[str, Any]) -> None:
    home.mkdir()
    (home / "runbook.yaml").write_text(metadata, "utf-8")
    (home / "playbook.yml").write_text(playbook, "utf-8")
    (home / "schema.json").write_text(json.dumps(inputs), "utf-8")
    (home / "output.schema.json").write_text(json.dumps({"type": "object"}), "utf-8")
    (home / "README.md").write_text("# Fire drill\n", "utf-8")
