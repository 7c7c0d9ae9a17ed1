"""The configuration and the environment of a play: everything is stated, nothing is taken over from the worker."""

import shlex
import sys
from pathlib import Path

from orch_app.domains.jobs.execution.isolation import Launch
from orch_app.domains.jobs.execution.isolation.view import SYSTEM_PATH
from orch_app.domains.jobs.execution.known_facts import LENT, FactShelf
from orch_app.domains.jobs.execution.spec import PlaySpec, SharedCode
from orch_app.domains.jobs.execution.supervisor import EVENTS_FD
from orch_app.domains.jobs.execution.workspace import write_secret

CALLBACK_FOLDER = Path(__file__).with_name("callback")
_FEWEST_FORKS, _MOST_FORKS = 5, 50
_STRATEGIES = frozenset({"linear", "free", "host_pinned", "mitogen_linear", "mitogen_free"})
_CONTROL_PERSIST_S = 60
_CONNECT_TIMEOUT_S = 15


def config_text(code: SharedCode, strategy: str, shelf: FactShelf | None = None) -> str:
    """The text of `ansible.cfg`.

    It holds no path and no value of one job alone, so that one warm server can serve all jobs of this text; what
    changes from job to job stands on the command line.
    """
    return f"""[defaults]
stdout_callback = orch_ndjson
callback_plugins = {CALLBACK_FOLDER}
collections_path = {_packages()}
{f"library = {code.modules}" if code.modules else ""}
{f"module_utils = {code.module_utils}" if code.module_utils else ""}
{f"action_plugins = {code.action_plugins}" if code.action_plugins else ""}
{f"roles_path = {code.roles}" if code.roles else ""}
strategy = {strategy if strategy in _STRATEGIES else "linear"}
{_mitogen(strategy)}
{_cached_facts(shelf)}
timeout = {_CONNECT_TIMEOUT_S}
host_key_checking = True
retry_files_enabled = False
display_args_to_stdout = False
localhost_warning = False
nocows = True
[inventory]
enable_plugins = yaml
unparsed_is_failed = True
[connection]
pipelining = True
[ssh_connection]
pipelining = True
password_mechanism = ssh_askpass
ssh_args = -C -o ControlMaster=auto -o ControlPersist={_CONTROL_PERSIST_S}s -o ServerAliveInterval=15
"""


def write_config(spec: PlaySpec) -> Path:
    """Write `ansible.cfg` beside the variables."""
    text = config_text(spec.code, spec.strategy, spec.shelf)
    path = write_secret(spec.workspace.env / "ansible.cfg", text)
    path.chmod(0o644)
    return path


def command_line(spec: PlaySpec) -> str:
    """The options of `ansible-playbook` that are this job's own."""
    chosen = {"--tags": spec.tags, "--skip-tags": spec.skip_tags}
    options = [f"--forks {forks_for(len(spec.hosts))}", *(["--check --diff"] if spec.check else [])]
    return " ".join([*options, *(f"{name} {shlex.quote(','.join(tags))}" for name, tags in chosen.items() if tags)])


def forks_for(hosts: int) -> int:
    """On how many hosts at once a play works: on all of a few, on fifty of a fleet. Most of it is waiting for them."""
    return max(_FEWEST_FORKS, min(hosts, _MOST_FORKS))


def play_environment(spec: PlaySpec, launch: Launch, config: Path) -> dict[str, str]:
    """The whole environment of the play. It begins empty: only what stands here is there."""
    workspace = spec.workspace
    return {
        **spec.environment,
        "PATH": f"{Path(sys.executable).parent}:{SYSTEM_PATH}",
        "HOME": str(workspace.home),
        "USER": launch.user,
        "LOGNAME": launch.user,
        "SHELL": "/bin/sh",
        "TMPDIR": str(_place_for_files_of_programs(spec)),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TERM": "dumb",
        "ANSIBLE_CONFIG": str(config),
        "ANSIBLE_HOME": str(workspace.home / ".ansible"),
        "ANSIBLE_LOCAL_TEMP": str(workspace.tmp),
        "ANSIBLE_NOCOLOR": "1",
        "ORCH_EVENTS_FD": str(EVENTS_FD),
    }


def _place_for_files_of_programs(spec: PlaySpec) -> Path:
    """Mitogen puts a socket there, whose path is limited to 108 bytes; with a longer one its play would never begin."""
    return spec.workspace.control if "mitogen" in spec.strategy else spec.workspace.tmp


def code_folders(spec: PlaySpec) -> tuple[Path, ...]:
    """What a play reads besides its own folders and the interpreter."""
    return (CALLBACK_FOLDER, *spec.code.folders())


def obtained(launch: Launch) -> str:
    """The isolation in a few words, for the first line of the log."""
    user = "the worker's user" if launch.uid is None else f"user {launch.uid}"
    return f"isolation: {launch.level}, as {user}, network: {launch.network}"


def _packages() -> Path:
    """The folder that holds `ansible_collections`, without importing any of it."""
    return next(Path(entry) for entry in sys.path if (Path(entry) / "ansible_collections").is_dir())


def _cached_facts(shelf: FactShelf | None) -> str:
    if shelf is None:
        return ""
    age = f"fact_caching_timeout = {shelf.max_age_s}"
    return f"gathering = smart\nfact_caching = jsonfile\nfact_caching_connection = ~/{LENT}\n{age}"


def _mitogen(strategy: str) -> str:
    return f"strategy_plugins = {_packages() / 'ansible_mitogen/plugins/strategy'}" if "mitogen" in strategy else ""
