"""More plays for both ways: each under a configuration of its own, and plays that become another user and may."""

from collections.abc import Mapping
from typing import Any

from orch_app.domains.jobs.states import Reason
from tests.domains.jobs.execution.warm.parity_plays import Case, Task, case, file_in_artifacts, on_made, play, run, say

AS_USER = """
DOCUMENTATION = '''
name: as_user
short_description: become a user by a program of one's own
options:
  become_user:
    description: who
    keyword: [{{name: become_user}}]
    vars: [{{name: ansible_become_user}}]
    default: root
'''
from ansible.plugins.become import BecomeBase


class BecomeModule(BecomeBase):
    name = 'as_user'

    def build_become_command(self, cmd, shell):
        super().build_become_command(cmd, shell)
        return ' '.join([{words}, self._build_success_command(cmd, shell)])
"""
TOLD_ONLY = AS_USER.format(words="'env', 'BECAME=' + self.get_option('become_user')")
"""In a job's sandbox nobody becomes anybody (no_new_privs): there the plugin only tells whom it would be."""
BY_SETPRIV = AS_USER.format(words="'setpriv', '--clear-groups', '--reuid=' + self.get_option('become_user')")
A_FILE = [
    {"ansible.builtin.tempfile": {"prefix": "orch."}, "register": "made"},
    {"ansible.builtin.copy": {"content": "by {{ who.stdout }}\n", "dest": "{{ made.path }}", "mode": "0640"}},
    {"ansible.builtin.stat": {"path": "{{ made.path }}"}, "register": "left"},
    say("{{ left.stat.pw_name }} {{ left.stat.mode }} {{ left.stat.size }}"),
    {"ansible.builtin.file": {"path": "{{ made.path }}", "state": "absent"}},
]
MERGED = [{"hosts": "localhost", "gather_facts": False, "vars": {"d": {"a": 1}}, "vars_files": ["more.yml"]}]


def under(variables: Mapping[str, str], *tasks: Task, **words: Any) -> Case:
    """A case under ANSIBLE_ variables: a profile of its own, and so a server of its own."""
    return case(*tasks, spec={"environment": {f"ANSIBLE_{name}": value for name, value in variables.items()}}, **words)


def gathering(mode: str, *plays: dict[str, Any]) -> Case:
    """Plays that leave it to the configuration whether facts are gathered."""
    left_open = [{key: value for key, value in one.items() if key != "gather_facts"} for one in plays]
    return Case(left_open, spec={"environment": {"ANSIBLE_GATHERING": mode}})


WRITES_TWICE = [
    {"ansible.builtin.copy": {"content": text, "dest": file_in_artifacts("f"), "mode": "0644"}}
    for text in ("one\n", "two\n")
]
KNOWS = say("{{ 'distribution' in ansible_facts }}")

VARIANTS: dict[str, Case] = {
    "a configuration of the runbook's own is not read": case(
        say("left out", when=False),
        say("{{ {'a': 1} | combine({'b': 2}) }}"),
        files={"ansible.cfg": "[defaults]\nstdout_callback = minimal\ndisplay_skipped_hosts = no\nstrategy = free\n"},
    ),
    "facts only when asked for": gathering("explicit", play(KNOWS)),
    "facts once for two plays": gathering("smart", play(KNOWS), play(KNOWS)),
    "facts in a cache": Case(
        [{**play(KNOWS), "gather_facts": True}, {"hosts": "localhost", "tasks": [KNOWS]}],
        spec={"facts_cache_s": 600},
    ),
    "facts without variables of their own": under(
        {"INJECT_FACT_VARS": "0"},
        say("{{ ansible_distribution | default('only among the facts') }}"),
        gather_facts=True,
    ),
    "the first error is fatal by the configuration": Case(
        on_made(run("test", "{{ inventory_hostname }}", "!=", "h2"), say("after")).plays,
        spec={"environment": {"ANSIBLE_ANY_ERRORS_FATAL": "1"}},
    ),
    "strategy by the configuration": under({"STRATEGY": "free"}, say("a"), run("true")),
    "modules by way of files": under({"PIPELINING": "0"}, run("id", "-u"), *WRITES_TWICE),
    "differences by the configuration": under({"DIFF_ALWAYS": "1"}, *WRITES_TWICE),
    "dictionaries are merged": Case(
        [{**MERGED[0], "tasks": [say("{{ d }}")]}],
        {"more.yml": "d: {b: 2}\n"},
        {"environment": {"ANSIBLE_HASH_BEHAVIOUR": "merge"}},
    ),
    "results as YAML": under({"CALLBACK_RESULT_FORMAT": "yaml"}, say({"a": [1, {"b": 2}]}), run("false")),
    "a task has no more time": under({"TASK_TIMEOUT": "1"}, run("sleep", "60", ignore_errors=True), say("after")),
    "become by a plugin of the runbook": case(
        run("printenv", "BECAME", become_user="daemon"),
        run("sh", "-c", "echo ${BECAME:-nobody else}", become=False),
        *WRITES_TWICE,
        become=True,
        become_method="as_user",
        files={"become_plugins/as_user.py": TOLD_ONLY},
    ),
    "become by the configuration": under(
        {"BECOME": "1", "BECOME_METHOD": "as_user", "BECOME_USER": "daemon"},
        run("printenv", "BECAME"),
        files={"become_plugins/as_user.py": TOLD_ONLY},
    ),
}


def on_host(*tasks: Task, files: Mapping[str, str] | None = None, **words: Any) -> Case:
    return case(*tasks, hosts="targets", files=files, spec={"localhost": False}, **words)


WHO = run("id", "-un", register="who")
BY_SU: dict[str, Any] = {"become_method": "su", "become_flags": "-s /bin/sh"}
OVER_SSH: dict[str, tuple[str, Case]] = {
    "become by su": ("daemon 0640 10", on_host(WHO, *A_FILE, become=True, become_user="daemon", **BY_SU)),
    "become and back": (
        "root 0640 8",
        on_host(
            {
                "block": [WHO, {"ansible.builtin.script": "who.sh"}],
                "become": True,
                "become_user": "nobody",
                **BY_SU,
            },
            WHO,
            *A_FILE,
            files={"who.sh": "#!/bin/sh\necho this is $(id -un)\n"},
        ),
    ),
    "become who one is": ("root 0640 8", on_host(WHO, *A_FILE, become=True, **BY_SU)),
    "become by a plugin": (
        "nobody 0640 10",
        on_host(
            WHO,
            *A_FILE,
            become=True,
            become_method="as_user",
            become_user="nobody",
            files={"become_plugins/as_user.py": BY_SETPRIV},
        ),
    ),
}
"""As root by key: what is said in the end, and the play."""


def with_password(user: str) -> tuple[str, Case]:
    """The same as one who must give a password to become somebody."""
    return f"{user} 0640 {len(user) + 4}", on_host(WHO, *A_FILE, become=True, become_user=user)


FAILS: Mapping[str, Reason] = {
    **dict.fromkeys(
        (
            "a failed task ends the play",
            "an undefined variable",
            "any error is fatal",
            "assert",
            "become without the right",
            "changed and failed by condition",
            "no_log",
            "one host fails, the others go on",
            "own module that crashes",
            "results as YAML",
            "retries in vain",
            "role arguments are checked",
            "the first error is fatal by the configuration",
            "too many failures",
            "wait that ends in vain",
        ),
        Reason.TASK_FAILED,
    ),
    **dict.fromkeys(
        (
            "a module that is not there",
            "a play without a known key",
            "a playbook that is no YAML",
            "a role that is not there",
            "vault with the wrong password",
        ),
        Reason.PLAYBOOK_ERROR,
    ),
    "unreachable": Reason.UNREACHABLE,
}
"""How those end that are to fail; all others succeed. Two that fail alike for another reason would prove nothing."""
