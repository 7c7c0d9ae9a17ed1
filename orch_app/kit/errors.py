"""The one family of errors that people and API clients get to see."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Problem:
    """One fault in what was sent: where (RFC 6901 pointer), which rule, and a sentence, in Portuguese too if known."""

    pointer: str
    code: str
    detail: str
    detail_pt: str = ""

    def to_wire(self) -> dict[str, str]:
        """As it is sent."""
        sent = {"pointer": self.pointer, "code": self.code, "detail": self.detail}
        return sent | ({"detailPt": self.detail_pt} if self.detail_pt else {})


@dataclass
class OrchError(Exception):
    """An answer other than success. `code` names the page under /problems; `detail` is one sentence for a person."""

    detail: str
    code: str = "error"
    errors: tuple[Problem, ...] = field(default=(), kw_only=True)
    retry_after_s: float | None = field(default=None, kw_only=True)
    status = 500
    title = "Something went wrong"

    def __post_init__(self) -> None:
        super().__init__(self.detail)


class BadRequest(OrchError):
    """The request itself cannot be read, or names a parameter that does not exist."""

    status, title = 400, "The request cannot be read"


class Unauthorized(OrchError):
    """Nobody, or an expired somebody, asks."""

    status, title = 401, "Sign in first"


@dataclass
class Forbidden(OrchError):
    """The caller is known and may not do this. Carries what was missing for the audit log."""

    permission: str = field(default="", kw_only=True)
    environment: str | None = field(default=None, kw_only=True)
    status = 403
    title = "You may not do this"


class NotFound(OrchError):
    """It does not exist, or the caller may not see it."""

    status, title = 404, "Not found"


class Conflict(OrchError):
    """The thing is in a state that forbids this."""

    status, title = 409, "Conflict"


class StaleVersion(OrchError):
    """The caller's ETag is of an older version."""

    status, title = 412, "Somebody changed it in the meantime"


class TooLarge(OrchError):
    """More bytes than are taken."""

    status, title = 413, "Too large"


class Invalid(OrchError):
    """Well-formed, and yet not acceptable; `errors` says where."""

    status, title = 422, "The input is not valid"


class TooMany(OrchError):
    """Too often; try again after `retry_after_s` seconds."""

    status, title = 429, "Too many requests"


class Unavailable(OrchError):
    """Something that we depend on is away; it may be back soon."""

    status, title = 503, "Not available at the moment"


class NotMigrated(Unavailable):
    """The database answers, and its tables are not there yet or are of another version."""
