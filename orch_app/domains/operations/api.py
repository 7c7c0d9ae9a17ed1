"""Health over HTTP, open to everybody, so it says nothing about who or what; and metrics for those with the token."""

import hmac
import ipaddress
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from orch_app.domains.operations.health import Check, check_all
from orch_app.domains.operations.metrics import exposition
from orch_app.kit.errors import Forbidden, Unauthorized
from orch_app.kit.settings import settings
from orch_app.kit.version import VERSION

router = APIRouter(tags=["health"])


@router.get("/health", operation_id="health")
def health() -> JSONResponse:
    """200 when every part is well, 503 otherwise, with each part's state."""
    return _answer(check_all())


@router.get("/health/web", operation_id="health_web")
async def health_web() -> JSONResponse:
    """200 whenever the web process answers, whatever befell the others."""
    return _answer({})


@router.get("/health/worker", operation_id="health_worker")
def health_worker() -> JSONResponse:
    """The same for the workers alone."""
    return _answer({"workers": check_all()["workers"]})


@router.get("/metrics", operation_id="metrics", response_class=Response)
def metrics(request: Request) -> Response:
    """Everything that is counted and measured, in Prometheus' text format."""
    _let_scraper_pass(request)
    return Response(exposition(), media_type=CONTENT_TYPE_PLAIN_0_0_4, headers={"Cache-Control": "no-store"})


def _let_scraper_pass(request: Request) -> None:
    """Whoever has the token; without one only this machine, and nobody for whom a proxy asks."""
    token = settings().metrics_token
    if token:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), token.encode()):
            raise Unauthorized("Say the token of ORCH_METRICS_TOKEN as `Authorization: Bearer`.", "unauthorized")
        return
    client = request.client.host if request.client else ""
    if getattr(request.state, "was_forwarded", False) or not _is_loopback(client):
        raise Forbidden("Without ORCH_METRICS_TOKEN only this machine itself may read the metrics.", "forbidden")


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _answer(checks: dict[str, Check]) -> JSONResponse:
    well = all(check.ok for check in checks.values())
    body: dict[str, Any] = {
        "status": "ok" if well else "degraded",
        "version": VERSION,
        "checks": {name: {"ok": check.ok, "detail": check.detail} for name, check in checks.items()},
    }
    return JSONResponse(body, 200 if well else 503, {"Cache-Control": "no-store"})
