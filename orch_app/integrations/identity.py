"""Who a secret is to its system and what it may do there: what every look at a connection answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from orch_app.kit.breaker import Breaker
from orch_app.kit.upstream import Reach, Upstream


@dataclass(frozen=True)
class Identity:
    """`who` is a line for a person; `granted` and `missing` are rights in the vendor's words, as far as it tells."""

    who: str
    granted: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def question(name: str, reach: Reach, headers: Mapping[str, str], explain: Callable[[Any], str]) -> Upstream:
    """A client for one look. Whoever tests a connection wants to know how it is now: no breaker stands before it."""
    return Upstream(name, reach, headers, explain=explain, breaker=Breaker())
