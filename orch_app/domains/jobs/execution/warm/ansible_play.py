"""Ansible inside the fork-server: loaded once, then one play per fork, as `ansible-playbook` would run it.

What Ansible binds at import (defaults of classes: strategy, no_log, timeouts) is that of the profile the server was
started with; everything else is read again from the job's own environment and configuration before its play.
"""

import atexit
import contextlib
import functools
import importlib
import os
import random
import shutil
import signal
import sys
import tempfile
import traceback
import warnings
from typing import Any, NoReturn

_MODULES = (
    *("ansible.plugins.strategy.linear", "ansible.plugins.strategy.free", "ansible.executor.task_executor"),
    *("ansible.executor.module_common", "ansible.executor.stats", "ansible.executor.task_queue_manager"),
    *("ansible.executor.process.worker", "ansible.playbook.play", "ansible.playbook.role"),
    *("ansible.playbook.task_include", "ansible.playbook.included_file", "ansible.parsing.dataloader"),
    *("cryptography.hazmat.primitives.ciphers.aead", "difflib", "getpass", "grp", "http.client", "pwd", "shlex"),
    *("ssl", "urllib.request", "uuid", "zipfile"),
)
_PLUGINS = {
    "connection": ("local", "ssh"),
    "shell": ("sh",),
    "become": ("sudo", "su"),
    "cache": ("memory", "jsonfile"),
    "inventory": ("auto", "yaml", "ini", "host_list", "constructed"),
    "lookup": ("file", "env", "pipe", "template", "vars", "items", "dict", "first_found", "fileglob"),
    "action": (
        *(
            "add_host",
            "assemble",
            "assert",
            "async_status",
            "command",
            "copy",
            "debug",
            "fail",
            "fetch",
            "gather_facts",
        ),
        *("group_by", "include_vars", "normal", "package", "pause", "reboot", "script", "service", "set_fact", "shell"),
        *("template", "unarchive", "uri", "wait_for_connection"),
    ),
}
_LOADED_WHOLE = ("become", "callback", "connection", "shell", "vars")  # every play looks at all of these
_TEMPLATE = "{{ x | default(1) }} {{ l | join(',') }} {{ l is defined }} {{ l | map('string') | list | to_json }}"
_UNEXPECTED = 250


def load() -> None:
    """Import what plays need and what they would otherwise import anew, each for itself."""
    sys.argv = ["ansible-playbook"]
    importlib.import_module("ansible.cli.playbook").PlaybookCLI(["ansible-playbook", "x.yml"]).init_parser()
    plugins: Any = importlib.import_module("ansible.plugins.loader")
    plugins.init_plugin_loader()
    for name in _MODULES:
        importlib.import_module(name)
    constants: Any = importlib.import_module("ansible.constants")
    wanted = _PLUGINS | {"strategy": ("linear", "free", constants.DEFAULT_STRATEGY)}
    wanted |= {"callback": (constants.DEFAULT_STDOUT_CALLBACK,)}
    for kind, names in wanted.items():
        for name in names:
            # A plugin that does not load here will say so in the play that wants it.
            with contextlib.suppress(Exception):
                getattr(plugins, f"{kind}_loader").get(name, class_only=True)
    for kind in _LOADED_WHOLE:
        with contextlib.suppress(Exception):
            list(getattr(plugins, f"{kind}_loader").all(class_only=True))
    plugins.vars_loader._paths = None  # a play that finds none here looks for the plugins of variables itself
    _compile_a_template()
    made_here = {constants.DEFAULT_LOCAL_TMP}
    _compile_settings_once()
    # Every play makes a temporary folder of its own; those made here are nobody's.
    atexit.unregister(importlib.import_module("ansible.config.manager").cleanup_tmp_file)
    for folder in made_here | {constants.DEFAULT_LOCAL_TMP}:
        shutil.rmtree(folder, ignore_errors=True)
    warnings.filterwarnings("ignore", message="AnsibleCollectionFinder has already")


def play(argv: list[str], environment: dict[str, str]) -> NoReturn:
    """Run `ansible-playbook` with this command line and environment, and end the process with its exit code."""
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - for as long as the process lives
    sys.stdout = open(1, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(environment)
    random.seed()
    tempfile.tempdir = None
    _take_signals_as_python_does()
    code = _UNEXPECTED
    try:
        _configure_again()
        sys.argv = argv
        importlib.import_module("ansible.cli.playbook").PlaybookCLI.cli_executor(argv)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        _leave(code)


def _leave(code: int) -> NoReturn:
    """End this process as an interpreter ends; what is still in flight is shown in the play's log."""
    if sys.exc_info()[0] is not None:
        traceback.print_exc()
    end_of_process: Any = atexit
    for finish in (end_of_process._run_exitfuncs, sys.stdout.flush, sys.stderr.flush):
        with contextlib.suppress(Exception):
            finish()
    os._exit(code)


def _take_signals_as_python_does() -> None:
    """What a new interpreter sets: this one was forked, with the defaults of the system."""
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _compile_a_template() -> None:
    loader: Any = importlib.import_module("ansible.parsing.dataloader")
    template: Any = importlib.import_module("ansible.template")
    templar = template.Templar(loader=loader.DataLoader(), variables={"l": [1]})
    templar.template(template.trust_as_template(_TEMPLATE))


def _compile_settings_once() -> None:
    """Ansible compiles the template of a computed setting whenever it reads it; the servers' plays share them."""
    manager: Any = importlib.import_module("ansible.config.manager")
    shared = manager.NativeEnvironment()
    shared.from_string = functools.cache(shared.from_string)
    manager.NativeEnvironment = lambda: shared
    _configure_again()


def _configure_again() -> None:
    """Evaluate `ansible.constants` for this job's environment and configuration file.

    The folders where plugins are looked for stay the server's: those that follow the home folder are empty in both.
    """
    constants: Any = importlib.import_module("ansible.constants")
    manager: Any = importlib.import_module("ansible.config.manager")
    config = constants.config
    config._get_ini_config_value.cache_clear()  # Ansible has no public way to read its settings again
    config._parsers.clear()
    config._config_file = manager.find_ini_config_file(config.WARNINGS)
    if config._config_file:
        config._parse_config_file()
    for name, definition in config.get_configuration_definitions().items():
        if _may_differ(definition):
            constants.set_constant(name, config.get_config_value(name, variables=vars(constants)))


def _may_differ(definition: dict[str, Any]) -> bool:
    """Whether a setting may have another value than in the server, which has the same file and ANSIBLE_ variables.

    Left are paths, which follow the job's home and folders, what is computed from them, and other variables.
    """
    if (
        "path" in str(definition.get("type"))
        or definition.get("type") == "tmp"
        or "{{" in str(definition.get("default"))
    ):
        return True
    return any(entry["name"] in os.environ for entry in definition.get("env") or ())
