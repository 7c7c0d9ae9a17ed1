"""Health over HTTP; open to everybody, so it says nothing about who or what."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from orch_app.domains.operations.health import Check, check_all
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


def _answer(checks: dict[str, Check]) -> JSONResponse:
    well = all(check.ok for check in checks.values())
    body: dict[str, Any] = {
        "status": "ok" if well else "degraded",
        "version": VERSION,
        "checks": {name: {"ok": check.ok, "detail": check.detail} for name, check in checks.items()},
    }
    return JSONResponse(body, 200 if well else 503, {"Cache-Control": "no-store"})
