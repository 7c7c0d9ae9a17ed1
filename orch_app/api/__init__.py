"""The REST side of the web process: the routers of all domains, one renderer of errors, and what surrounds it all."""

import re

from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute
from starlette.types import ASGIApp

from orch_app.api import documents, faults, parameters, problem_pages, renderer, unrouted
from orch_app.api.ending import Ending
from orch_app.api.measuring import Measuring
from orch_app.api.tab_frames import Accepts
from orch_app.api.tabs import TabDoor
from orch_app.domains.accounts import api as accounts
from orch_app.domains.containers import api as containers
from orch_app.domains.hooks import api as hooks
from orch_app.domains.inventory import api as inventory
from orch_app.domains.inventory import groups_api as inventory_groups
from orch_app.domains.jobs import api as jobs
from orch_app.domains.jobs import approvals_api as jobs_approvals
from orch_app.domains.jobs import fleet_api as jobs_fleet
from orch_app.domains.jobs import live_api as jobs_live
from orch_app.domains.jobs import workers_api as jobs_workers
from orch_app.domains.operations import api as operations
from orch_app.domains.pipelines import api as pipelines
from orch_app.domains.runbooks import api as runbooks
from orch_app.domains.runbooks import presets_api as runbook_presets
from orch_app.domains.schedules import api as schedules
from orch_app.domains.sources import api as sources
from orch_app.kit.version import VERSION

ROUTERS = (
    accounts,
    inventory,
    inventory_groups,
    containers,
    runbooks,
    runbook_presets,
    sources,
    jobs,
    jobs_approvals,
    jobs_fleet,
    jobs_live,
    jobs_workers,
    pipelines,
    schedules,
    hooks,
    operations,
)
LARGER_BODIES = {re.compile(r"/v1/runbooks/[^/]+/(execute|preview|choices/.+)"): 5 * 1024 * 1024}


def build() -> FastAPI:
    """The API, without what surrounds it; the composition root mounts the screens into it and then calls `wrap`."""
    app = FastAPI(
        title="JARVIS",
        version=VERSION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_function_name,
        dependencies=[Depends(parameters.known_only)],
    )
    for module in ROUTERS:
        app.include_router(module.router)
    documents.install(app)
    problem_pages.install(app)
    renderer.install(app)
    unrouted.install(app)
    return app


def wrap(app: ASGIApp, accepts: Accepts = lambda _name, _payload: False) -> ASGIApp:
    """The whole web process, screens included, with request ids, headers, origin and body checks around it.

    `accepts` tells which events, with which arguments, the tabs of the screens may send. What never ends by itself is
    ended when the process stops.
    """
    return Ending(faults.wrap(TabDoor(Measuring(app), accepts), LARGER_BODIES))


def _function_name(route: APIRoute) -> str:
    return route.name
