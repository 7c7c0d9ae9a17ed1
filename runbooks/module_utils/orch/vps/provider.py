"""What a provider of servers has to be able to do. One for each vendor; `run` knows only this."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Mapping

from ansible.module_utils.orch.vps.ordered import Offer, Order, Resource, Standing


class Provider(ABC):
    """Every method raises UpstreamError where the vendor's API fails, and Unfit where the order does not fit it."""

    name: str

    @property
    @abstractmethod
    def calls(self) -> int:
        """How many requests were sent."""

    @abstractmethod
    def code_of(self, error: Any) -> str:
        """The failure code for what the API said."""

    @abstractmethod
    def offer(self, order: Order, *, is_there: bool) -> Offer:
        """What it costs. Without the server being there already, there has to be one left at the place."""

    @abstractmethod
    def wanted(self, order: Order) -> list[Resource]:
        """All that the order means, in the order in which it is made."""

    @abstractmethod
    def found(self, name: str) -> dict[str, dict[str, Any]]:
        """What is there of a server of this name: the resources by their ids, in the words of `wanted`."""

    @abstractmethod
    def owners(self, name: str) -> dict[str, str]:
        """Which job made the server of this name and what belongs to it, by their ids; empty for a stranger's."""

    @abstractmethod
    def standing(self, name: str) -> Standing | None:
        """The server itself; None where there is none."""

    @abstractmethod
    def make(self, resource: Resource, order: Order, labels: Mapping[str, str], user_data: str) -> None:
        """Make one resource and wait until it stands."""

    @abstractmethod
    def delete(self, kind: str, name: str) -> None:
        """Delete one resource and wait until it is gone; one that is gone already is no matter."""
