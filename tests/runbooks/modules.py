"""Our Ansible modules and their shared code, imported the way Ansible would on a host."""

import importlib
import importlib.util
from pathlib import Path
from typing import Any

import ansible.module_utils

RUNBOOKS = Path(__file__).parents[2] / "runbooks"


def shared(name: str) -> Any:
    """`runbooks/module_utils/orch/<name>.py` under the name the modules import it by."""
    folder = str(RUNBOOKS / "module_utils")
    if folder not in ansible.module_utils.__path__:
        ansible.module_utils.__path__.append(folder)
    return importlib.import_module(f"ansible.module_utils.orch.{name}")


def library(name: str) -> Any:
    """`runbooks/library/<name>.py`."""
    shared("files")
    return _load(f"orch_library_{name}", RUNBOOKS / "library" / f"{name}.py")


def action(name: str) -> Any:
    """`runbooks/action_plugins/<name>.py`."""
    return _load(f"orch_action_{name}", RUNBOOKS / "action_plugins" / f"{name}.py")


def _load(name: str, path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
