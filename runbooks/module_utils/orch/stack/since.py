"""Keys that only newer engines know.

An older one drops them without a word, and what was planned would never be there.
"""

from __future__ import annotations

from typing import Any, Iterator, Mapping

from ansible.module_utils.orch.stack.faults import ComposeFault
from ansible.module_utils.orch.stack.interpolation import escape

START_INTERVAL, SUBPATH, OOM_SCORE = (1, 44), (1, 45), (1, 46)


def require(services: Mapping[str, dict[str, Any]], api: tuple[int, int]) -> None:
    """Raises ComposeFault with the place of every key that an engine with this version of its API does not know."""
    problems = [
        (place, f"this engine does not know it: it speaks API {_said(api)}, and {_said(needed)} is needed")
        for place, needed in _newer(services)
        if api < needed
    ]
    if problems:
        raise ComposeFault(problems)


def _newer(services: Mapping[str, dict[str, Any]]) -> Iterator[tuple[str, tuple[int, int]]]:
    for name, service in services.items():
        place = f"/services/{escape(name)}"
        if (service.get("healthcheck") or {}).get("start_interval") is not None:
            yield f"{place}/healthcheck/start_interval", START_INTERVAL
        if service.get("oom_score_adj") is not None:
            yield f"{place}/oom_score_adj", OOM_SCORE
        for number, mount in enumerate(service.get("volumes") or []):
            if isinstance(mount, dict) and (mount.get("volume") or {}).get("subpath"):
                yield f"{place}/volumes/{number}/volume/subpath", SUBPATH


def _said(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
