"""Playbooks that touch every part of Ansible which a warm start could change; each runs plain and warm."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

Task = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A playbook, further files beside it, and what the play gets besides."""

    plays: list[dict[str, Any]]
    files: Mapping[str, str] = field(default_factory=dict)
    spec: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""

    @property
    def playbook(self) -> str:
        """The text of the playbook."""
        return self.text or yaml.safe_dump(self.plays, sort_keys=False)


def play(*tasks: Task, **words: Any) -> dict[str, Any]:
    return {"hosts": "localhost", "gather_facts": False, **words, "tasks": list(tasks)}


def case(
    *tasks: Task, files: Mapping[str, str] | None = None, spec: Mapping[str, Any] | None = None, **words: Any
) -> Case:
    return Case([play(*tasks, **words)], files or {}, spec or {})


def say(message: Any, **words: Any) -> Task:
    return {"ansible.builtin.debug": {"msg": message}, **words}


def run(*argv: str, **words: Any) -> Task:
    return {"ansible.builtin.command": {"argv": list(argv)}, **words}


def file_in_artifacts(name: str) -> str:
    return "{{ orch.artifacts_dir }}/" + name


def many_hosts(count: int = 3) -> Task:
    """Hosts that exist in the play only."""
    return {
        "ansible.builtin.add_host": {"name": "h{{ item }}", "groups": "made", "ansible_connection": "local"},
        "loop": list(range(1, count + 1)),
    }


def on_made(*tasks: Task, count: int = 3, files: Mapping[str, str] | None = None, **words: Any) -> Case:
    return Case([play(many_hosts(count)), play(*tasks, hosts="made", **words)], files or {})


VAULT = "correct horse battery staple"
FILTER = "class FilterModule:\n    def filters(self):\n        return {'shout': lambda text: text.upper() + '!'}\n"
MODULE = (
    "#!/usr/bin/python\nfrom ansible.module_utils.basic import AnsibleModule\n"
    "def main():\n    module = AnsibleModule({'name': {}}, supports_check_mode=True)\n"
    "    module.exit_json(changed=True, msg='own module for ' + module.params['name'])\n"
    "if __name__ == '__main__':\n    main()\n"
)
CRASH = MODULE.replace("module.exit_json(", "raise RuntimeError('own module crashed'); (")
LOOKUP = (
    "from ansible.plugins.lookup import LookupBase\nclass LookupModule(LookupBase):\n"
    "    def run(self, terms, variables=None, **kwargs):\n        return [term[::-1] for term in terms]\n"
)
CALLBACK_TEXT = "ansible_managed: {{ x }}\n{% for n in range(3) %}line {{ n }}\n{% endfor %}"

CASES: dict[str, Case] = {
    "hello": case(say("hello")),
    "filters and tests": case(
        say("{{ [3, 1, 2] | sort | map('string') | join('-') }} {{ 'x' is match('x') }} {{ {'a': 1} | to_json }}"),
        say("{{ 'abc' | b64encode | b64decode | hash('sha256') }}"),
        say("{{ lookup('ansible.builtin.sequence', 'start=1 end=3') }}"),
    ),
    "loop with label and index": case(
        say(
            "{{ index }} {{ item.name }}",
            loop=[{"name": "a"}, {"name": "b"}],
            loop_control={"label": "{{ item.name }}", "index_var": "index"},
        )
    ),
    "nested loop": case(
        {"ansible.builtin.include_tasks": "inner.yml", "loop": [1, 2], "loop_control": {"loop_var": "outer"}},
        files={"inner.yml": yaml.safe_dump([say("{{ outer }}-{{ item }}", loop=["x", "y"])])},
    ),
    "retries until it holds": case(
        {
            "ansible.builtin.shell": "echo x >> {{ orch.artifacts_dir }}/n; wc -l < {{ orch.artifacts_dir }}/n",
            "register": "n",
            "until": "n.stdout | int > 2",
            "retries": 5,
            "delay": 0,
        }
    ),
    "retries in vain": case(run("false", register="n", until="n is succeeded", retries=2, delay=0)),
    "register and when": case(
        run("echo", "yes", register="answer"),
        say("{{ answer.stdout }}", when="answer.stdout == 'yes'"),
        say("no", when="answer.stdout == 'no'"),
    ),
    "block rescue always": case(
        {
            "block": [run("false"), say("never")],
            "rescue": [say("rescued {{ ansible_failed_task.name | default('') }}")],
            "always": [say("always")],
        }
    ),
    "handlers": case(
        run("true", notify=["one", "topic"]),
        {"ansible.builtin.meta": "flush_handlers"},
        run("true", notify="one"),
        handlers=[say("first", name="one"), say("heard", name="two", listen="topic")],
    ),
    "changed and failed by condition": case(
        run("echo", "bad", changed_when=False, failed_when="'good' in x.stdout", register="x"),
        run("echo", "good", failed_when="'good' in x.stdout", register="x"),
    ),
    "ignored errors": case(run("false", ignore_errors=True), say("on")),
    "a failed task ends the play": case(
        say("before"), {"ansible.builtin.fail": {"msg": "enough\nof this"}}, say("after")
    ),
    "an undefined variable": case(say("{{ nobody_defined_this }}")),
    "a module that is not there": case({"no.such.module": {}}),
    "a playbook that is no YAML": Case([], text="- hosts: [\n"),
    "a play without a known key": Case([], text="- hosts: localhost\n  task: []\n"),
    "a role that is not there": case(roles=["nobody"]),
    "an empty play": case(),
    "nobody matches": case(say("x"), hosts="nowhere"),
    "no_log": case(
        say("invisible-words", no_log=True), run("echo", "invisible-words", no_log=True), run("false", no_log=True)
    ),
    "no_log by the environment": case(say("invisible-words"), spec={"environment": {"ANSIBLE_NO_LOG": "1"}}),
    "environment of a task": case(
        run("/bin/sh", "-c", "echo $COLOUR $HOME", environment={"COLOUR": "blue"}),
        spec={"environment": {"COLOUR": "red"}},
    ),
    "skipped hosts hidden": case(say("x", when=False), spec={"environment": {"ANSIBLE_DISPLAY_SKIPPED_HOSTS": "0"}}),
    "tags": case(
        say("kept", tags="kept"),
        say("left", tags="left"),
        say("ever", tags="always"),
        spec={"environment": {"ANSIBLE_RUN_TAGS": "kept"}},
    ),
    "tags left out": case(say("kept"), say("left", tags="left"), spec={"environment": {"ANSIBLE_SKIP_TAGS": "left"}}),
    "check and diff": case(
        {"ansible.builtin.copy": {"content": "new\n", "dest": file_in_artifacts("a.txt")}},
        run("touch", "nothing"),
        say("{{ ansible_check_mode }}"),
        spec={"check": True},
    ),
    "check in one task": case(
        run("touch", file_in_artifacts("a"), check_mode=True), run("touch", file_in_artifacts("b"))
    ),
    "a prompt gets its default": case(
        say("{{ who }}"), vars_prompt=[{"name": "who", "default": "nobody", "private": False}]
    ),
    "a prompt without an answer": case(say("{{ who }}"), vars_prompt=[{"name": "who"}]),
    "facts": case(say("{{ ansible_facts.os_family }} {{ ansible_facts.python.version.major }}"), gather_facts=True),
    "facts by subset": case(
        {"ansible.builtin.setup": {"gather_subset": ["!all", "!min", "env"]}},
        say("{{ ansible_facts.env.HOME == lookup('env', 'HOME') }}"),
    ),
    "set_fact and stats": case(
        {"ansible.builtin.set_fact": {"x": 1, "cacheable": True}},
        {"ansible.builtin.set_stats": {"data": {"made": 2}}},
        say("{{ x }}"),
    ),
    "template": case(
        {
            "ansible.builtin.template": {"src": "t.j2", "dest": file_in_artifacts("t.txt"), "mode": "0600"},
            "vars": {"x": "ü"},
        },
        {
            "ansible.builtin.template": {"src": "t.j2", "dest": file_in_artifacts("t.txt"), "mode": "0600"},
            "vars": {"x": "ü"},
        },
        files={"templates/t.j2": CALLBACK_TEXT},
    ),
    "files": case(
        {"ansible.builtin.copy": {"content": "one\ntwo\n", "dest": file_in_artifacts("f")}},
        {"ansible.builtin.lineinfile": {"path": file_in_artifacts("f"), "line": "three"}},
        {"ansible.builtin.blockinfile": {"path": file_in_artifacts("f"), "block": "four"}},
        {"ansible.builtin.replace": {"path": file_in_artifacts("f"), "regexp": "two", "replace": "2"}},
        {"ansible.builtin.file": {"path": file_in_artifacts("g"), "state": "directory", "mode": "0700"}},
        {"ansible.builtin.slurp": {"src": file_in_artifacts("f")}, "register": "s"},
        say("{{ s.content | b64decode }}"),
    ),
    "script and stdin": case(
        {"ansible.builtin.script": "hello.sh one"},
        {"ansible.builtin.command": {"cmd": "cat", "stdin": "given"}},
        files={"hello.sh": "#!/bin/sh\necho script $1\n"},
    ),
    "vars files and group_vars": case(
        {"ansible.builtin.include_vars": "more.yml"},
        say("{{ a }} {{ b }} {{ c }}"),
        vars_files=["vars.yml"],
        files={"vars.yml": "a: 1\n", "more.yml": "b: 2\n", "group_vars/all.yml": "c: 3\n"},
    ),
    "include and import": case(
        {"ansible.builtin.import_tasks": "i.yml", "vars": {"from": "import"}},
        {"ansible.builtin.include_tasks": {"file": "i.yml"}, "vars": {"from": "include"}},
        files={"i.yml": yaml.safe_dump([say("by {{ from }}")])},
    ),
    "import of a playbook": Case(
        [{"ansible.builtin.import_playbook": "other.yml"}, play(say("own"))],
        {"other.yml": yaml.safe_dump([play(say("other"))])},
    ),
    "roles": case(
        {"ansible.builtin.include_role": {"name": "second", "tasks_from": "extra"}},
        roles=["first"],
        files={
            "roles/first/tasks/main.yml": yaml.safe_dump([say("first {{ greeting }}", notify="told")]),
            "roles/first/defaults/main.yml": "greeting: hi\n",
            "roles/first/handlers/main.yml": yaml.safe_dump([say("handled", name="told")]),
            "roles/first/meta/main.yml": "dependencies: [second]\n",
            "roles/second/tasks/main.yml": yaml.safe_dump([say("second", changed_when=True)]),
            "roles/second/tasks/extra.yml": yaml.safe_dump([say("extra")]),
        },
    ),
    "role arguments are checked": case(
        roles=[{"role": "strict", "size": "many"}],
        files={
            "roles/strict/tasks/main.yml": yaml.safe_dump([say("x")]),
            "roles/strict/meta/argument_specs.yml": yaml.safe_dump(
                {"argument_specs": {"main": {"options": {"size": {"type": "int", "required": True}}}}}
            ),
        },
    ),
    "own filter": case(say("{{ 'hey' | shout }}"), files={"filter_plugins/own.py": FILTER}),
    "own lookup": case(say("{{ lookup('backwards', 'abc') }}"), files={"lookup_plugins/backwards.py": LOOKUP}),
    "own module": case({"mine": {"name": "Ada"}}, files={"library/mine.py": MODULE}),
    "own module that crashes": case({"mine": {"name": "Ada"}}, files={"library/mine.py": CRASH}),
    "a collection": case(
        say("{{ '2001:db8::1' | ansible.utils.ipaddr('version') if false else 'no netaddr needed' }}"),
        say("{{ {'a': 1} | community.general.dict_kv('k') }}"),
        {
            "community.general.ini_file": {
                "path": file_in_artifacts("x.ini"),
                "section": "s",
                "option": "o",
                "value": "v",
            }
        },
    ),
    "asynchronous, polled": case(run("sleep", "4", **{"async": 30, "poll": 1})),
    "asynchronous, asked later": case(
        run("sh", "-c", "echo late", **{"async": 30, "poll": 0}, register="late"),
        run("sleep", "1.5"),  # it has ended when it is asked for: how often one must ask is a matter of time
        {
            "ansible.builtin.async_status": {"jid": "{{ late.ansible_job_id }}"},
            "register": "end",
            "until": "end.finished",
            "retries": 50,
            "delay": 0.2,
        },
        say("{{ end.stdout }}"),
    ),
    "vault": case(
        say("{{ word }}"),
        vars_files=["secret.yml"],
        files={"vault-password": VAULT + "\n", "secret.yml": "@vault word: opened\n"},
        spec={"environment": {"ANSIBLE_VAULT_PASSWORD_FILE": "vault-password"}},
    ),
    "vault with the wrong password": case(
        say("{{ word }}"),
        vars_files=["secret.yml"],
        files={"vault-password": "wrong\n", "secret.yml": "@vault word: opened\n"},
        spec={"environment": {"ANSIBLE_VAULT_PASSWORD_FILE": "vault-password"}},
    ),
    "become without the right": case(run("id", "-u"), become=True, become_user="daemon"),
    "become by a method of no effect": case(say("x"), become=True, become_method="ansible.builtin.sudo"),
    "delegated, once": on_made(
        say("on {{ inventory_hostname }}", delegate_to="localhost", run_once=True), say("{{ inventory_hostname }}")
    ),
    "serial": on_made(say("{{ inventory_hostname }}"), serial=2),
    "throttled": on_made(run("true", throttle=1)),
    "any error is fatal": on_made(
        run("test", "{{ inventory_hostname }}", "!=", "h2"), say("after"), any_errors_fatal=True
    ),
    "too many failures": on_made(
        run("test", "{{ inventory_hostname }}", "=", "h2"), say("after"), max_fail_percentage=30
    ),
    "one host fails, the others go on": on_made(
        run("test", "{{ inventory_hostname }}", "!=", "h2"), say("after {{ inventory_hostname }}")
    ),
    "grouped by a value": Case(
        [
            play(many_hosts()),
            play({"ansible.builtin.group_by": {"key": "g_{{ inventory_hostname }}"}}, hosts="made"),
            play(say("{{ groups['g_h1'] }}"), hosts="g_h1"),
        ]
    ),
    "end of a host and of a play": on_made(
        {"ansible.builtin.meta": "end_host", "when": "inventory_hostname == 'h1'"},
        say("left"),
        {"ansible.builtin.meta": "end_play"},
        say("never"),
    ),
    "order of hosts": on_made(say("{{ inventory_hostname }}"), order="reverse_sorted"),
    "strategy free": case(say("a"), say("b"), spec={"strategy": "free"}),
    "strategy free, several hosts": Case(
        [play(many_hosts()), play(run("true"), say("{{ inventory_hostname }}"), hosts="made", strategy="free")]
    ),
    "unreachable": Case(
        [
            play({"ansible.builtin.add_host": {"name": "gone", "ansible_host": "127.0.0.1", "ansible_port": 1}}),
            play(say("before"), run("true"), say("never"), hosts="gone"),
        ]
    ),
    "strategy host_pinned": case(say("a"), say("b"), spec={"strategy": "host_pinned"}),
    "assert": case(
        {"ansible.builtin.assert": {"that": ["1 == 1"], "quiet": True}},
        {"ansible.builtin.assert": {"that": ["1 == 2"], "fail_msg": "no"}},
    ),
    "pause": case({"ansible.builtin.pause": {"seconds": 1}}),
    "wait that ends in vain": case({"ansible.builtin.wait_for": {"path": "/no/such/file", "timeout": 1}}),
    "a lot of output": case({"ansible.builtin.command": {"argv": ["seq", "1", "2000"]}}),
    "words of the world": case(say("çãö 日本 🚀 \u2028"), run("printf", "a\\tb\\x00c")),
    "output": case(
        {"ansible.builtin.copy": {"content": "{{ {'inputs': inputs} | to_json }}", "dest": "{{ orch.output_path }}"}},
        spec={"inputs": {"a": "{{ 1 + 1 }}", "n": [1, {"b": None}]}},
    ),
}

# These again with mitogen, which starts and feeds modules in ways of its own.
WITH_MITOGEN = (
    "a collection",
    "a failed task ends the play",
    "asynchronous, polled",
    "block rescue always",
    "check and diff",
    "environment of a task",
    "facts",
    "files",
    "handlers",
    "include and import",
    "no_log",
    "one host fails, the others go on",
    "own module",
    "roles",
    "template",
    "vault",
)
