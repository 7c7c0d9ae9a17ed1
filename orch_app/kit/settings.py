"""The one place where settings are read: environment variables that begin with ORCH_, frozen after the first look.

A value may stand in a file instead, named by the variable with `_FILE` behind it: secrets do not belong into the
environment, where `docker inspect` and every child process show them.
"""

import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import InitErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from orch_app.kit.allow_list import parse_entry

ROOT = Path(__file__).parents[2]
Level = Literal["bwrap", "landlock", "rlimits"]
_APPROVAL = re.compile(r"([a-z][a-z0-9_-]{1,62}|\*)/(prod|stage)=(none|required|required_other_person)")


class _ValuesInFiles(PydanticBaseSettingsSource):
    """The setting ORCH_X from the file that ORCH_X_FILE names, without the white space around it."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - pydantic's
        """The text of the file; nothing when no file is named.

        Raises:
            pydantic.ValidationError: the file cannot be read, or the value is given twice.
        """
        name = f"ORCH_{field_name.upper()}"
        path = os.environ.get(f"{name}_FILE")
        if not path:
            return None, field_name, False
        if os.environ.get(name):
            raise _refusal(field_name, f"{name}_FILE is set as well")
        try:
            return Path(path).read_text("utf-8").strip(), field_name, False
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", "") or "it is no text"
            raise _refusal(field_name, f"the file {path} cannot be read ({why})") from error

    def __call__(self) -> dict[str, Any]:
        """Every setting that stands in a file."""
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


def _refusal(field_name: str, message: str) -> ValidationError:
    """As if pydantic had found it, so that it is said in the same way."""
    error = PydanticCustomError("file", "{message}", {"message": message})
    details = InitErrorDetails(type=error, loc=(field_name,), input=None)
    return ValidationError.from_exception_data("Settings", [details])


class Settings(BaseSettings):
    """Every setting of the product. Each field is the variable `ORCH_<FIELD IN CAPITALS>`."""

    model_config = SettingsConfigDict(env_prefix="ORCH_", frozen=True, extra="ignore")

    data_dir: Path = Field(Path("var"), description="Folder for the database, keys, artifacts and logs.")
    database_url: str = Field("", description="PostgreSQL URL; empty means SQLite inside the data folder.")
    redis_url: str = Field("", description="Redis URL with user and password; empty means the queue lives in SQLite.")
    host: str = Field("127.0.0.1", description="Address the web process binds.")
    port: int = Field(8000, ge=1, le=65535, description="Port the web process binds.")
    public_url: str = Field("", description="Address people use; its origin is allowed on the websocket.")
    trusted_proxies: Annotated[list[str], NoDecode] = Field(
        default_factory=list, description="Addresses whose X-Forwarded-* headers are believed, separated by commas."
    )
    key_file: Path | None = Field(None, description="Master key file; default `<data_dir>/keys/master.key`.")
    runbooks_dir: Path = Field(ROOT / "runbooks", description="Folder of the trusted runbooks.")
    source_folders: Annotated[list[Path], NoDecode] = Field(
        default_factory=list, description="Folders below which sources of runbooks may lie, by commas; none without it."
    )
    artifacts_url: str = Field(
        "", description="Store of job artifacts: file:///folder or s3://bucket/prefix; default `<data_dir>/artifacts`."
    )
    artifacts_endpoint: str = Field("", description="Address of an S3-compatible service that is not Amazon's.")
    artifacts_region: str = Field("us-east-1", description="Region of the bucket.")
    artifacts_credentials_file: Path | None = Field(
        None, validate_default=True, description="File with the bucket's key, in the form of AWS tools."
    )
    worker_slots: int = Field(4, ge=1, le=64, description="Jobs that one worker runs at the same time.")
    worker_name: str = Field("", description="Name of this worker; default is the host's name and a number.")
    lease_s: float = Field(30.0, ge=1, description="Seconds a claim lives without a heartbeat.")
    heartbeat_s: float = Field(5.0, gt=0, description="Seconds between two heartbeats of a worker.")
    sweep_s: float = Field(10.0, gt=0, description="Seconds between two sweeps for forgotten and expired jobs.")
    grace_s: float = Field(6.0, ge=0, description="Seconds that running jobs get to finish when a worker stops.")
    cancel_grace_s: float = Field(10.0, ge=0, description="Seconds between TERM and KILL when a job is cancelled.")
    engine: Literal["warm", "plain"] = Field(
        "warm", description="How playbooks start: forked from a process that has loaded Ansible, or one process a job."
    )
    warm_servers: int = Field(3, ge=1, le=16, description="Processes with Ansible loaded that one worker keeps.")
    warm_jobs: int = Field(500, ge=1, description="Jobs after which such a process is replaced.")
    warm_rss_mb: int = Field(512, ge=64, description="Memory (MiB) beyond which such a process is replaced.")
    min_isolation: Level = Field("rlimits", description="Jobs are refused below this isolation level.")
    min_isolation_prod: Level | None = Field(None, description="The same for jobs in prod, where it is stronger.")
    min_isolation_stage: Level | None = Field(None, description="The same for jobs in stage, where it is stronger.")
    job_memory_mb: int = Field(8192, ge=128, description="Most memory (MiB) that a runbook may declare for a job.")
    job_processes: int = Field(2048, ge=16, description="Most processes and threads that a runbook may declare.")
    job_log_mb: int = Field(256, ge=1, description="Most log (MiB) that a runbook may declare.")
    job_disk_mb: int = Field(16384, ge=16, description="Most files (MiB) that a runbook may declare for a job.")
    job_time_s: int = Field(86400, ge=1, description="Longest time (seconds) that a runbook may declare for a job.")
    job_uid: int = Field(
        61000,
        ge=1,
        description="First of the user ids that jobs get, one a slot, when the worker is root.",
    )
    egress_allow: Annotated[list[str], NoDecode] = Field(
        default_factory=list, description="Private networks (CIDR) that connections and tests may reach, by commas."
    )
    access_token_s: int = Field(900, ge=60, le=3600, description="Life of an access token in seconds.")
    refresh_token_s: int = Field(14 * 86400, ge=3600, description="Life of a refresh token family in seconds.")
    session_s: int = Field(12 * 3600, ge=300, description="Life of a browser session in seconds.")
    session_remember_s: int = Field(30 * 86400, ge=3600, description="The same when `remember me` was ticked.")
    setup_token_s: int = Field(1800, ge=60, description="Life of the one-time setup token in seconds.")
    login_limit: str = Field("5/15minutes", description="Refused logins allowed per account and address.")
    execute_limit: str = Field("600/minute", description="Jobs that one user may start.")
    hook_limit: str = Field("60/minute", description="Messages that one inbound webhook takes.")
    api_limit: str = Field("1200/minute", description="REST calls that one caller may make.")
    login_connections: int = Field(
        50, ge=1, description="Websockets and streams that one login keeps open at one web process, a tab being one."
    )
    address_connections: int = Field(
        500, ge=1, description="The same for one address, behind which there may be a whole office."
    )
    solo_admin: bool = Field(
        default=True,
        description="While no other admin is active: an admin may run what else a second person must approve.",
    )
    approvals: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="Approvals that the installation asks for, by commas: `swarm_deploy/prod=required_other_person`.",
    )
    approval_hours: float = Field(
        24, gt=0, le=24 * 90, description="How long a job waits for its approval before it ends, in hours."
    )
    metrics_token: str = Field("", description="Token that /metrics asks for; without one only this machine may read.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least severe line logged.")
    log_rows_days: int = Field(
        7, ge=0, description="Days after which a job's log is read from its file, not from rows."
    )
    min_free_mb: int = Field(200, ge=0, description="With less disk (MiB) free, new jobs are refused and others wait.")
    crash_at: str = Field("", description="For tests only: the named place where the process kills itself.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Values from files beside those from the environment."""
        return init_settings, env_settings, _ValuesInFiles(settings_cls), dotenv_settings, file_secret_settings

    @field_validator("trusted_proxies", "egress_allow", "source_folders", "approvals", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """Accept `a,b` as people write it in an environment file."""
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("egress_allow")
    @classmethod
    def _readable(cls, value: list[str]) -> list[str]:
        """An entry that nobody can read would open nothing, and nobody would know why."""
        for entry in value:
            try:
                parse_entry(entry)
            except ValueError as error:
                message = (
                    f"{entry!r} is no entry: write 10.0.0.0/8, 10.1.2.3, 10.1.2.3:22, [fd00::1]:22 or db.internal:22"
                )
                raise ValueError(message) from error
        return value

    @field_validator("approvals")
    @classmethod
    def _understood(cls, value: list[str]) -> list[str]:
        for entry in value:
            if not _APPROVAL.fullmatch(entry):
                message = f"{entry!r} is no rule: write runbook/prod=required_other_person, or */stage=required for all"
                raise ValueError(message)
        return value

    @field_validator("artifacts_url")
    @classmethod
    def _storable(cls, value: str) -> str:
        """Files go to a folder of all nodes, or to a bucket; a folder is written with all of its path."""
        parts = urlsplit(value)
        if value and not (parts.scheme == "s3" and parts.netloc) and not (parts.scheme == "file" and not parts.netloc):
            raise ValueError("write file:///srv/artifacts or s3://bucket/prefix")
        return value

    @field_validator("artifacts_credentials_file")
    @classmethod
    def _present(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is None and str(info.data.get("artifacts_url", "")).startswith("s3:"):
            raise ValueError("a bucket needs a file with its key")
        return value

    @field_validator("data_dir", "runbooks_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @property
    def is_embedded(self) -> bool:
        """Alone on SQLite, with no server beside it."""
        return not self.database_url

    @property
    def sqlite_path(self) -> Path:
        return self.data_dir / "orch.db"

    @property
    def db_url(self) -> str:
        """URL for SQLAlchemy, with the psycopg driver named for PostgreSQL."""
        if not self.database_url:
            return f"sqlite:///{self.sqlite_path}"
        return "postgresql+psycopg://" + self.database_url.split("://", 1)[1]

    @property
    def keys_path(self) -> Path:
        return self.key_file or self.data_dir / "keys" / "master.key"

    @property
    def artifacts_folder(self) -> Path | None:
        """Where artifacts lie on this machine; None when they are in a bucket."""
        if not self.artifacts_url:
            return self.data_dir / "artifacts"
        parts = urlsplit(self.artifacts_url)
        return Path(unquote(parts.path)) if parts.scheme == "file" else None

    @property
    def origins(self) -> list[str]:
        """Origins a browser may speak from: the public address and the bound one."""
        hosts = {self.host, "localhost", "127.0.0.1"} if self.host in {"0.0.0.0", "127.0.0.1", "::"} else {self.host}  # noqa: S104
        bound = {f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}" for host in hosts}
        return sorted(bound | ({self.public_url.rstrip("/")} if self.public_url else set()))


def sentence(error: ValidationError) -> str:
    """What is wrong with the settings, in one sentence that names the variable and does not repeat its secret parts."""
    fault = error.errors(include_input=False, include_url=False)[0]
    name = "_".join(("ORCH", *(str(part).upper() for part in fault["loc"][:1])))
    return f"{name} cannot be used: {fault['msg'].removeprefix('Value error, ')}."


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process.

    Raises:
        pydantic.ValidationError: a variable has a value that cannot be used.
    """
    return Settings()  # pyright: ignore[reportCallIssue]
