"""What a warm server does to Ansible's modules: they come out the same, and cost less."""

import json
import subprocess
import sys

import pytest

from orch_app.domains.jobs.execution.warm import modules

BUILD = """
import datetime, hashlib, importlib.util, io, json, pathlib, sys, zipfile
sys.argv = ["ansible-playbook"]
import ansible.modules
from ansible._internal._ansiballz._builder import ExtensionManager
from ansible.errors import AnsibleError
from ansible.executor import module_common
from ansible.plugins.loader import init_plugin_loader
init_plugin_loader()
parsed = []
parse = module_common._compile_module_ast
module_common._compile_module_ast = lambda name, content: parsed.append(name) or parse(name, content)

def payload(name, content):
    made = io.BytesIO()
    moment = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    with zipfile.ZipFile(made, "w") as target:
        full = f"ansible.modules.{name}"
        module_common.recursive_finder(name, full, content, target, moment, ExtensionManager.create({}))
    return hashlib.sha256(made.getvalue()).hexdigest()

folder = pathlib.Path(ansible.modules.__path__[0])
sources = {name: (folder / f"{name}.py").read_bytes() for name in ("command", "copy", "file", "setup", "stat")}
plain = {name: payload(name, content) for name, content in sources.items()}
spec = importlib.util.spec_from_file_location("modules", sys.argv_of_test[0])
modules = importlib.util.module_from_spec(spec)
spec.loader.exec_module(modules)
modules.quicken()
for _ in modules.lessons():
    pass
parsed.clear()
quick = {name: payload(name, content) for name, content in sources.items()}
again = list(parsed)
changed = payload("command", sources["command"] + b"\\nimport ansible.module_utils.urls\\n")
try:
    fault = payload("broken", b"def (")
except AnsibleError as error:
    fault = str(error)
print(json.dumps({"plain": plain, "quick": quick, "again": again, "changed": changed, "fault": fault}))
"""


@pytest.fixture(scope="module")
def built() -> dict[str, object]:
    """Payloads as Ansible makes them, and as it does once it was quickened, in a process of their own."""
    program = BUILD.replace("sys.argv_of_test[0]", repr(modules.__file__))
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return json.loads(told.stdout)


def test_what_is_sent_to_a_host_is_the_same_to_the_byte(built: dict[str, object]) -> None:
    assert built["quick"] == built["plain"]


def test_nothing_that_a_server_has_looked_at_is_parsed_again(built: dict[str, object]) -> None:
    assert built["again"] == []


def test_a_module_with_another_content_is_looked_at(built: dict[str, object]) -> None:
    plain = built["plain"]
    assert isinstance(plain, dict)
    assert built["changed"] not in plain.values()


def test_a_module_that_is_no_python_is_refused_as_ever(built: dict[str, object]) -> None:
    assert "Unable to compile 'broken'" in str(built["fault"])
