"""`./orch COMMAND`: every command that needs the program itself. `up`, `test` and `check` belong to the launcher."""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError
from typer.core import TyperGroup

from orch_app.kit.errors import NotMigrated, OrchError, Unavailable
from orch_app.kit.settings import ROOT, sentence, settings

if TYPE_CHECKING:
    from sqlmodel import Session

    from orch_app.domains.access.actor import Actor
    from orch_app.domains.jobs.workers import WorkerView

    Order = Callable[[Session, Actor, str], WorkerView]

REFUSED = 2
FAILED = 1


class Refusing(TyperGroup):
    """Commands whose refusals are one sentence: exit code 1 where trying again may help, 2 where it would not."""

    def main(self, *args: Any, **options: Any) -> Any:
        """Run the command, and say what the program refuses."""
        try:
            return super().main(*args, **options)
        except OrchError as error:
            _say_fault(" ".join([error.detail, "; ".join(fault.detail for fault in error.errors)]).strip())
            is_away = isinstance(error, Unavailable) and not isinstance(error, NotMigrated)
            sys.exit(FAILED if is_away else REFUSED)


app = typer.Typer(
    name="orch",
    cls=Refusing,
    help="JARVIS: runbooks as jobs, watched live.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
admin = typer.Typer(help="Accounts, without a browser.", no_args_is_help=True)
runbooks = typer.Typer(help="The runbooks folder.", no_args_is_help=True)
sources = typer.Typer(help="Runbooks from folders and repositories.", no_args_is_help=True)
workers = typer.Typer()
app.add_typer(admin, name="admin")
app.add_typer(runbooks, name="runbooks")
app.add_typer(sources, name="sources")
app.add_typer(workers, name="worker")

AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON, for scripts.")]
WorkerName = Annotated[str, typer.Argument(help="Name or id of a worker, as /workers shows it.", metavar="[NAME]")]
SourceName = Annotated[str, typer.Argument(help="Name of a source.")]
WAIT_STEP_S = 0.2
MOST_SOURCES = 200
MIGRATE_PATIENCE_S = 60.0


def _say(text: str) -> None:
    typer.echo(text)


def _say_fault(text: str) -> None:
    typer.echo(text, err=True)


def _refuse(text: str) -> typer.Exit:
    _say_fault(text)
    return typer.Exit(REFUSED)


@app.command()
def web() -> None:
    """Start the web process (UI and REST) alone."""
    from tools.launcher.web import web_command  # noqa: PLC0415 - only this command needs it

    _await_database()
    command, environment = web_command(settings().host, settings().port)
    os.execvpe(command[0], command, environment)  # noqa: S606 - our own argument list


@workers.callback(invoke_without_command=True)
def worker(context: typer.Context) -> None:
    """Start one worker alone; several may run. With `drain` or `resume`: tell running ones."""
    if context.invoked_subcommand:
        return
    from orch_app.kit.logging import set_up_logging  # noqa: PLC0415 - a worker's imports take a second
    from tasks.worker import run_worker  # noqa: PLC0415

    set_up_logging("worker")
    _await_database()
    run_worker()


def _await_database() -> None:
    """In a stack all parts start at once, so this one may come before its database, or before that is migrated.

    The embedded one is nobody else's to make: who waited for it would wait for ever.
    """
    if settings().is_embedded:
        _require_embedded()
        return
    from orch_app.kit.migrations import wait_until_migrated  # noqa: PLC0415 - alembic is slow to import

    if not wait_until_migrated():
        _say_fault("The database was not there, or not migrated, in time: is `./orch migrate` run?")
        raise typer.Exit(1)


def _require_embedded() -> None:
    from orch_app.kit.db import NO_TABLES  # noqa: PLC0415 - `web` and `worker` only
    from tools.launcher.schema import is_current  # noqa: PLC0415

    if not is_current(settings().sqlite_path, ROOT / "alembic" / "versions"):
        raise NotMigrated(NO_TABLES, "database_not_migrated")


@workers.command(name="drain")
def worker_drain(
    name: WorkerName = "",
    *,
    every: Annotated[bool, typer.Option("--all", help="Every worker.")] = False,
    wait_s: Annotated[float, typer.Option("--wait", help="Seconds to wait until nothing runs there any more.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Let workers take no more jobs; what they run they finish. Exit 1 when that lasts longer than `--wait`."""
    from orch_app.domains.jobs import workers as domain  # noqa: PLC0415 - models take a moment

    told = _tell_workers(domain.drain, name, every=every)
    deadline = time.monotonic() + wait_s
    while not all(map(domain.has_finished, told)) and time.monotonic() < deadline:
        time.sleep(WAIT_STEP_S)
        told = _look_again(told)
    _show_workers(told, as_json=as_json)
    raise typer.Exit(1 if wait_s and not all(map(domain.has_finished, told)) else 0)


@workers.command(name="resume")
def worker_resume(
    name: WorkerName = "",
    *,
    every: Annotated[bool, typer.Option("--all", help="Every worker.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let drained workers take jobs again."""
    from orch_app.domains.jobs import workers as domain  # noqa: PLC0415

    _show_workers(_tell_workers(domain.resume, name, every=every), as_json=as_json)


def _tell_workers(order: "Order", name: str, *, every: bool) -> "list[WorkerView]":
    from orch_app.domains.access.actor import COMMAND_LINE  # noqa: PLC0415
    from orch_app.domains.jobs.workers import find  # noqa: PLC0415
    from orch_app.kit.db import unit_of_work  # noqa: PLC0415

    if bool(name) == every:
        raise _refuse("Name one worker, or say --all for every one.")
    with unit_of_work() as session:
        found = find(session, COMMAND_LINE, name)
        if name and not found:
            there = ", ".join(view.worker.name for view in find(session, COMMAND_LINE, "")) or "none"
            raise _refuse(f"There is no living worker {name}; there are: {there}.")
        return [order(session, COMMAND_LINE, view.worker.id) for view in found]


def _look_again(told: "list[WorkerView]") -> "list[WorkerView]":
    from orch_app.domains.access.actor import COMMAND_LINE  # noqa: PLC0415
    from orch_app.domains.jobs.workers import list_all  # noqa: PLC0415
    from orch_app.kit.db import reading  # noqa: PLC0415

    ids = {view.worker.id for view in told}
    with reading() as session:
        return [view for view in list_all(session, COMMAND_LINE) if view.worker.id in ids]


def _show_workers(told: "list[WorkerView]", *, as_json: bool) -> None:
    if as_json:
        facts = [
            {
                "id": view.worker.id,
                "name": view.worker.name,
                "state": view.state.value,
                "wanted": view.worker.wanted,
                "jobs": [job.id for job in view.jobs],
            }
            for view in told
        ]
        _say(json.dumps(facts))
    for view in [] if as_json else told:
        _say(f"{view.worker.name:24} wanted {view.worker.wanted:6} {view.state.value:9} runs {len(view.jobs)}")
    if not told and not as_json:
        _say("no worker lives")


@app.command()
def migrate() -> None:
    """Bring the database to this program's schema; SQLite is copied aside first."""
    from orch_app.kit import migrations  # noqa: PLC0415 - alembic is slow to import

    settings().data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not settings().is_embedded and not migrations.wait_until_it_answers(MIGRATE_PATIENCE_S):
        _say_fault("The database does not answer.")
        raise typer.Exit(1)
    try:
        applied = migrations.migrate()
    except migrations.NewerDataError as error:
        raise _refuse(f"The data folder is newer than this program: {error}.") from error
    _say(f"database: {', '.join(applied)} applied" if applied else "database: nothing to do")


@app.command(name="setup-url")
def setup_url(
    *, if_needed: Annotated[bool, typer.Option("--if-needed", help="Say nothing when there is a user.")] = False
) -> None:
    """Print a one-time address for creating the first admin."""
    from orch_app.domains.accounts.service import issue_setup_token  # noqa: PLC0415
    from orch_app.kit.db import unit_of_work  # noqa: PLC0415
    from tools.launcher.address import Address  # noqa: PLC0415

    with unit_of_work() as session:
        token = issue_setup_token(session)
    if token is None:
        if if_needed:
            return
        raise _refuse("There is a user already: setting up is over. Use `./orch admin create` instead.")
    base = settings().public_url.rstrip("/") or Address(settings().host, settings().port).url
    _say(f"{base}/setup#token={token}")


@app.command()
def health(*, as_json: AsJson = False) -> None:
    """Ask database, queue, disk and workers how they are; exit 1 when one is not well."""
    from orch_app.domains.operations.health import check_all  # noqa: PLC0415
    from orch_app.wiring import wire  # noqa: PLC0415

    wire()
    checks = check_all()
    well = all(check.ok for check in checks.values())
    if as_json:
        facts = {name: {"ok": check.ok, "detail": check.detail} for name, check in checks.items()}
        _say(json.dumps({"status": "ok" if well else "degraded", "checks": facts}))
    else:
        for name, check in checks.items():
            _say(f"{'ok ' if check.ok else 'BAD'}  {name:8} {check.detail}")
    raise typer.Exit(0 if well else 1)


@admin.command(name="create")
def admin_create(
    email: Annotated[str, typer.Option(help="Address the person signs in with.")],
    role: Annotated[str, typer.Option(help="admin, operator or viewer.")] = "admin",
    name: Annotated[str, typer.Option(help="Name shown to others.")] = "",
    *,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")],
) -> None:
    """Create a user. The password is read from standard input, so that it never is in the process list."""
    from orch_app.domains.access.actor import COMMAND_LINE  # noqa: PLC0415
    from orch_app.domains.accounts.service import create_user  # noqa: PLC0415
    from orch_app.kit.db import unit_of_work  # noqa: PLC0415

    if not password_stdin:
        raise _refuse("Give the password on standard input with --password-stdin.")
    password = sys.stdin.readline().rstrip("\n")
    with unit_of_work() as session:
        user = create_user(session, COMMAND_LINE, email=email, role=role, password=password, name=name)
        created = f"created {user.email} as {role}"
    _say(created)


@runbooks.command(name="validate")
def runbooks_validate(
    path: Annotated[Path | None, typer.Argument(help="A runbook's folder, or a folder of runbooks.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Check runbooks and say what is wrong with which; exit 1 when one is broken."""
    from orch_app.domains.runbooks.catalogue import BrokenRunbook, read_folder, read_one  # noqa: PLC0415

    folder = path or settings().runbooks_dir
    if not folder.is_dir():
        raise _refuse(f"There is no folder {folder}.")
    found = [read_one(folder)] if (folder / "runbook.yaml").exists() else read_folder(folder)
    reasons = {item.name: item.reason if isinstance(item, BrokenRunbook) else "" for item in found}
    if as_json:
        _say(json.dumps([{"name": name, "ok": not why, "reason": why} for name, why in reasons.items()]))
    else:
        for name, why in reasons.items():
            _say(f"{'BROKEN' if why else 'ok    '}  {name}{f': {why}' if why else ''}")
        _say(f"{len(reasons)} runbooks, {sum(map(bool, reasons.values()))} broken")
    raise typer.Exit(1 if any(reasons.values()) else 0)


@sources.command(name="list")
def sources_list(*, as_json: AsJson = False) -> None:
    """Show every source, what was fetched last, and which edition is trusted."""
    from orch_app.domains.access.actor import COMMAND_LINE  # noqa: PLC0415 - models take a moment
    from orch_app.domains.sources import queries  # noqa: PLC0415
    from orch_app.domains.sources.wire import SourcesQuery  # noqa: PLC0415
    from orch_app.kit.db import reading  # noqa: PLC0415

    with reading() as session:
        page = queries.list_sources(session, COMMAND_LINE, SourcesQuery(limit=MOST_SOURCES))
        found = queries.show(session, COMMAND_LINE, page.items)
    if as_json:
        _say(json.dumps([one.model_dump(mode="json", by_alias=True) for one in found]))
    for one in [] if as_json else found:
        editions = [edition.id if edition else "none" for edition in (one.newest, one.trusted)]
        _say(f"{one.name:24} {one.state:8} newest {editions[0]:30} trusted {editions[1]:30} {one.fault}".rstrip())
    if not found and not as_json:
        _say("there is no source")


@sources.command(name="sync")
def sources_sync(name: SourceName) -> None:
    """Have a worker fetch a source now."""
    from orch_app.domains.access.actor import COMMAND_LINE  # noqa: PLC0415
    from orch_app.domains.sources import queries, service  # noqa: PLC0415
    from orch_app.kit.db import unit_of_work  # noqa: PLC0415
    from orch_app.wiring import wire  # noqa: PLC0415

    wire()
    with unit_of_work() as session:
        service.request_sync(session, COMMAND_LINE, queries.find_by_name(session, COMMAND_LINE, name).id)
    _say(f"{name} is due; a worker fetches it")


@sources.command(name="diff")
def sources_diff(
    name: SourceName,
    edition: Annotated[str, typer.Argument(help="Id of an edition; the newest if none is named.")] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Show what trusting an edition would change in the files that run."""
    from dataclasses import asdict  # noqa: PLC0415

    from orch_app.domains.access.actor import COMMAND_LINE  # noqa: PLC0415
    from orch_app.domains.sources import queries, trusting  # noqa: PLC0415
    from orch_app.kit.db import reading  # noqa: PLC0415

    with reading() as session:
        source = queries.find_by_name(session, COMMAND_LINE, name)
    if not (edition or source.newest_id):
        raise _refuse(f"Nothing was fetched from {name} yet.")
    found, _ = trusting.compare(COMMAND_LINE, source.id, edition or source.newest_id or "")
    if as_json:
        _say(json.dumps(asdict(found)))
    for one in [] if as_json else found.files:
        _say(one.diff or f"{one.path}: {one.change} ({one.note})")
    if found.truncated and not as_json:
        _say("not everything is shown")


@sources.command(name="trust")
def sources_trust(
    name: SourceName, edition: Annotated[str, typer.Argument(help="Id of the edition that was looked at.")]
) -> None:
    """Put the runbooks of an edition into the catalogue."""
    from orch_app.domains.access.actor import COMMAND_LINE  # noqa: PLC0415
    from orch_app.domains.sources import queries, trusting  # noqa: PLC0415
    from orch_app.kit.db import reading  # noqa: PLC0415

    with reading() as session:
        source = queries.find_by_name(session, COMMAND_LINE, name)
    report = trusting.trust(COMMAND_LINE, source.id, edition)
    for word in ("added", "changed", "removed", "broken", "taken"):
        _say(f"{word:8} {', '.join(getattr(report, word)) or '-'}")


@app.command()
def openapi() -> None:
    """Print the description of the REST API (OpenAPI 3.1), as docs/reference/openapi.json keeps it."""
    from orch_app import api  # noqa: PLC0415 - only this command needs the routes of all domains
    from orch_app.api import documents  # noqa: PLC0415

    typer.echo(documents.text(api.build()), nl=False)


@app.command()
def bench(
    name: Annotated[
        str, typer.Argument(help="api, dns, fleet, job, job-grown, log, start, throughput or throughput-grown.")
    ],
    *,
    as_json: AsJson = False,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer rounds, for a first look.")] = False,
) -> None:
    """Measure the product on this machine; ratios count, not seconds."""
    from bench.run import BENCHES, run_bench  # noqa: PLC0415 - benches need packages of the test environment

    if name not in BENCHES:
        raise _refuse(f"There is no bench {name}; there are {', '.join(sorted(BENCHES))}.")
    figures = run_bench(name, quick=quick)
    _say(json.dumps(figures) if as_json else "\n".join(f"{key:40} {value}" for key, value in figures.items()))


def main() -> None:
    """Run one command; settings that cannot be used are one sentence and exit code 2, whichever command it was."""
    try:
        settings()
    except ValidationError as error:
        _say_fault(sentence(error))
        sys.exit(REFUSED)
    app()


if __name__ == "__main__":
    main()
