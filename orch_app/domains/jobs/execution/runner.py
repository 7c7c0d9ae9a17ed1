"""Runs one play through ansible-runner, behind our supervisor and inside its isolation, and says how it ended."""

import threading
from collections.abc import Callable
from typing import Any

from ansible_runner.interface import init_runner

from orch_app.domains.jobs.execution.ansible_config import (
    code_folders,
    command_line,
    obtained,
    play_environment,
    write_config,
)
from orch_app.domains.jobs.execution.connection_files import write_connections
from orch_app.domains.jobs.execution.engine import Engine, PlainEngine, Start
from orch_app.domains.jobs.execution.events import Batch, EventTranslator
from orch_app.domains.jobs.execution.extravars import orch_facts, write_extravars
from orch_app.domains.jobs.execution.group_file import write_groups
from orch_app.domains.jobs.execution.inventory_file import write_inventory
from orch_app.domains.jobs.execution.isolation import (
    IsolationLevel,
    IsolationReport,
    Launch,
    Profile,
    prepare_launch,
    probe,
)
from orch_app.domains.jobs.execution.pump import Ending, Order, Pump
from orch_app.domains.jobs.execution.spec import PlayOutcome, PlaySpec, PlayStatus, Reason
from orch_app.domains.jobs.execution.warm import WarmUnavailable
from orch_app.kit.redact import Masker

_MB = 1 << 20
_RC_ISOLATION = (125, 126, 127)
_RC_KILLED = 137
_RC_SIGNAL = 128


def run_play(
    spec: PlaySpec,
    *,
    on_event: Callable[[Batch], None],
    cancel: threading.Event,
    kill: threading.Event | None = None,
    report: IsolationReport | None = None,
    engine: Engine | None = None,
) -> PlayOutcome:
    """Run the play to its end and return how it went. Safe to call from several threads at once.

    `on_event` is called from another thread with masked lines and steps, in order, at most 50 ms after the play said
    them. If it raises, the play is ended and the error is raised here. Setting `cancel` ends the play politely first,
    after `grace_s`, or once `kill` is set too, by force. When the process that called dies, so does everything the play
    has started.

    Raises:
        IsolationUnavailable: the required isolation cannot be had.
        InputsRefused, HostRefused: the inputs or a host cannot be given to Ansible.
    """
    launch = prepare_launch(report or probe(), spec.isolation, spec.workspace.view(*code_folders(spec)))
    runner = _prepare_runner(spec, launch)
    translator = EventTranslator(Masker(spec.every_secret()).mask)
    opening = Batch()
    translator.note(obtained(launch), opening)
    on_event(opening)
    attempt = _Attempt(spec, launch, runner, translator, on_event, (cancel, kill or threading.Event()))
    chosen = engine or PlainEngine()
    ending = attempt.by(chosen)
    if ending is None:
        chosen = PlainEngine()
        ending = attempt.by(chosen)
    assert ending is not None, "a plain process refuses nothing"
    if spec.shelf:
        spec.shelf.take_back(spec.workspace, spec.hosts)
    if ending.error is not None:
        raise ending.error
    outcome = _outcome(spec, ending, translator, launch, chosen)
    closing = Batch()
    for place in ending.report.get("denied", ()):
        translator.note(f"connection refused by the rules for connections: {place}", closing)
    if outcome.limit:
        translator.complain(outcome.limit, closing)
    if closing.lines:
        on_event(closing)
    return outcome


class _Attempt:
    """One play, started by one engine or, when that cannot, by another: what was tried in vain has done nothing."""

    def __init__(
        self,
        spec: PlaySpec,
        launch: Launch,
        runner: Any,
        translator: EventTranslator,
        on_event: Callable[[Batch], None],
        orders: tuple[threading.Event, threading.Event],
    ) -> None:
        self._spec = spec
        self._launch = launch
        self._runner = runner
        self._translator = translator
        self._on_event = on_event
        self._orders = orders
        self._arguments: list[str] = runner.config.command[1:]

    def by(self, engine: Engine) -> Ending | None:
        """Run the play to its end; None when this engine could not start it, which the log then says."""
        try:
            start = engine.start(self._spec)
        except WarmUnavailable as error:
            return self._refused(engine, str(error))
        ending = self._run(start)
        why = ending.report.get("refused")
        return self._refused(engine, str(why)) if why and ending.error is None else ending

    def _refused(self, engine: Engine, why: str) -> None:
        batch = Batch()
        self._translator.note(f"the {engine.name} engine did not start the play, a plain process does: {why}", batch)
        self._on_event(batch)

    def _run(self, start: Start) -> Ending:
        spec, launch = self._spec, self._launch
        limit = spec.isolation.limits.log_mb * _MB
        pump = Pump(self._translator, self._on_event, self._orders, timeout_s=spec.timeout_s, output_limit=limit)
        self._runner.config.command = [*start.executable, *self._arguments]
        with pump:
            shielded = _is_shielded(spec, launch)
            order = Order(launch.prefix, launch.sandbox, spec.grace_s, shielded, _watch(spec), launch.guard)
            pump.send_order(order, start.server)
            config = self._runner.config
            config.input_fd, config.output_fd, config.error_fd = pump.stdio()
            self._runner.run()
        return pump.ending


def _prepare_runner(spec: PlaySpec, launch: Launch) -> Any:
    """ansible-runner's own object, with our environment in place of the worker's.

    It runs in its subprocess mode: events come over our pipe, so no terminal, no polling and no event files are needed,
    and starting a process from a thread is safe.
    """
    workspace = spec.workspace
    sources = (
        *write_inventory(workspace, spec.hosts, localhost=spec.localhost),
        *write_groups(workspace, spec.hosts, spec.groups),
    )
    connections = write_connections(workspace, spec.connections)
    variables = spec.inputs if spec.inputs_as_variables else ()
    write_extravars(workspace, spec.inputs, orch_facts(workspace, spec.facts, connections, launch), variables)
    config_file = write_config(spec)
    if spec.shelf:
        spec.shelf.lend(workspace, spec.hosts)
    if launch.uid is not None:
        workspace.give_to(launch.uid)
    runner: Any = init_runner(
        private_data_dir=str(workspace.root),
        artifact_dir=str(workspace.runner),
        ident="play",
        playbook=spec.playbook,
        inventory=[str(source) for source in sources],
        cmdline=command_line(spec),
        event_handler=lambda _: False,
        cancel_callback=lambda: False,
        suppress_env_files=True,
        quiet=True,
    )
    runner.runner_mode = "subprocess"
    runner.config.suppress_output_file = True
    runner.config.env = play_environment(spec, launch, config_file)
    return runner


def _is_shielded(spec: PlaySpec, launch: Launch) -> bool:
    """Whether the supervisor's child is the sandbox itself, which must not get the polite signal.

    With the host's processes in view there is no process namespace, and bwrap becomes the play.
    """
    return launch.level is IsolationLevel.BWRAP and spec.isolation.profile is Profile.JOB


def _watch(spec: PlaySpec) -> dict[str, Any]:
    """What the supervisor must not let the job as a whole exceed."""
    limits, place = spec.isolation.limits, spec.workspace
    return {
        "memory_kb": limits.memory_mb << 10,
        "processes": limits.processes,
        "disk_kb": limits.disk_mb << 10,
        "file_kb": limits.file_mb << 10,
        "folders": [str(folder) for folder in (place.artifacts, place.home, place.tmp, place.control)],
    }


def _sentence(spec: PlaySpec, reason: Reason | None, used: int) -> str:
    """Which limit ended the play, for its log and its page."""
    limits = spec.isolation.limits
    said = {
        Reason.TIMEOUT: f"it ran longer than the {spec.timeout_s:g} s it may take",
        Reason.OUTPUT_LIMIT: f"it printed more than the {limits.log_mb} MiB it may say",
        Reason.MEMORY_LIMIT: f"it used {used >> 10} MiB of memory, {limits.memory_mb} MiB are allowed",
        Reason.PROCESS_LIMIT: f"it ran {used} processes and threads, {limits.processes} are allowed",
        Reason.DISK_LIMIT: f"it wrote {used >> 10} MiB, {limits.disk_mb} MiB are allowed (a file: {limits.file_mb})",
    }
    return f"The job was ended: {said[reason]}." if reason and reason in said else ""


def _outcome(
    spec: PlaySpec, ending: Ending, translator: EventTranslator, launch: Launch, engine: Engine
) -> PlayOutcome:
    rc = int(ending.report.get("rc", _RC_KILLED))
    status, reason = _verdict(rc, ending, translator)
    return PlayOutcome(
        rc=rc,
        status=status,
        reason=reason,
        cpu_s=float(ending.report.get("cpu_s", 0.0)),
        max_rss_kb=int(ending.report.get("max_rss_kb", 0)),
        isolation=launch.level,
        uid=launch.uid,
        engine=engine.name,
        hosts=translator.hosts,
        failure=translator.failure,
        limit=_sentence(spec, reason, int(ending.report.get("used", 0))),
    )


def _verdict(rc: int, ending: Ending, translator: EventTranslator) -> tuple[PlayStatus, Reason | None]:
    """Ansible's exit code 4 means both unreachable hosts and a playbook that cannot be read; its counts tell which."""
    if ending.is_canceled:
        return PlayStatus.CANCELED, Reason.CANCELED
    if ending.is_timeout:
        return PlayStatus.TIMEOUT, Reason.TIMEOUT
    if ending.is_too_long:
        return PlayStatus.KILLED, Reason.OUTPUT_LIMIT
    if ending.report.get("limit"):
        return PlayStatus.KILLED, Reason(ending.report["limit"])
    if rc == 0:
        return PlayStatus.SUCCESSFUL, None
    return _failure(rc, ending, translator)


def _failure(rc: int, ending: Ending, translator: EventTranslator) -> tuple[PlayStatus, Reason]:
    if "rc" not in ending.report or rc > _RC_SIGNAL:
        return PlayStatus.KILLED, Reason.INTERRUPTED
    if any(counts["failures"] for counts in translator.hosts.values()):
        return PlayStatus.FAILED, Reason.TASK_FAILED
    if any(counts["unreachable"] for counts in translator.hosts.values()):
        return PlayStatus.FAILED, Reason.UNREACHABLE
    if rc in _RC_ISOLATION:
        return PlayStatus.FAILED, Reason.ISOLATION_FAILED
    return PlayStatus.FAILED, Reason.PLAYBOOK_ERROR
