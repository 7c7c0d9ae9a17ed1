"""What every REST route shares: camelCase bodies, problem+json, the transaction, ETags and cursors. No domain here."""

import base64
import hashlib
import json
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from sqlmodel import Session

from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import BadRequest, OrchError, StaleVersion
from orch_app.kit.json_text import is_storable

PROBLEM_TYPE = "application/problem+json"
MAX_PAGE = 200


class CamelModel(BaseModel):
    """A body: camelCase on the wire, snake_case in Python; unknown fields are refused."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", from_attributes=True)


class Answer(CamelModel):
    """A body that we send."""


class ListQuery(CamelModel):
    """Query parameters every list takes; an unknown parameter is an error, never ignored."""

    limit: int = 50
    cursor: str = ""


def _transaction() -> Iterator[Session]:
    with unit_of_work() as session:
        yield session


def _reading() -> Iterator[Session]:
    with reading() as session:
        yield session


# scope="function": the commit must come before the answer is sent, or a failing commit would be answered 2xx
Transaction = Annotated[Session, Depends(_transaction, scope="function")]
Reading = Annotated[Session, Depends(_reading, scope="function")]


def request_id(request: Request) -> str:
    """The id of this request, given by the caller or by our middleware."""
    return str(getattr(request.state, "request_id", ""))


def problem_body(error: OrchError, path: str, request_id: str) -> dict[str, Any]:
    """An error as RFC 9457 has it."""
    body: dict[str, Any] = {
        "type": f"/problems/{error.code.replace('_', '-')}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "instance": path,
        "code": error.code,
        "requestId": request_id,
    }
    return body | ({"errors": [fault.to_wire() for fault in error.errors]} if error.errors else {})


def problem(request: Request, error: OrchError) -> JSONResponse:
    """The RFC 9457 answer for an error."""
    body = problem_body(error, request.url.path, request_id(request))
    headers: dict[str, str] = {}
    if error.retry_after_s is not None:
        body["retryAfter"] = max(1, round(error.retry_after_s))
        headers["Retry-After"] = str(body["retryAfter"])
    if error.status == 401:  # noqa: PLR2004 - the status itself
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body, error.status, headers, media_type=PROBLEM_TYPE)


def encode_cursor(*values: Any) -> str:
    """An opaque place in a list."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, size: int) -> list[Any]:
    """What `encode_cursor` was given.

    Raises:
        BadRequest: it is not one of ours.
    """
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError) as error:
        raise BadRequest("The cursor is not one that this list gave.", "bad_cursor") from error
    if not isinstance(values, list) or len(values) != size or not all(_is_plain(value) for value in values):
        raise BadRequest("The cursor is not one that this list gave.", "bad_cursor")
    return values


def _is_plain(value: Any) -> bool:
    """Whether a cursor may hold it: a storable text, a number, a truth or nothing."""
    return is_storable(value) if isinstance(value, str) else not isinstance(value, dict | list)


def etag(identity: str, version: int) -> str:
    """A weak ETag for one version of one thing."""
    return f'W/"{hashlib.sha256(f"{identity}:{version}".encode()).hexdigest()[:16]}"'


def check_match(if_match: str | None, current: str) -> None:
    """Refuse a change made from an older version; no header means the caller does not care.

    Raises:
        StaleVersion: the ETag is not the current one.
    """
    if if_match and if_match.strip() not in {"*", current}:
        raise StaleVersion("Load it again and repeat the change.", "stale_version")
