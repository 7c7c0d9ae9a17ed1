"""Hosts and groups of an inventory, as the product keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping

HOST, GROUP = "host", "group"
Variables = Mapping[str, Any]


@dataclass(frozen=True)
class Host:
    """A machine. None means that the inventory says nothing: what is there stays, or the usual is taken.

    `labels` are added to those that the host has.
    """

    name: str
    address: str
    port: int | None = None
    user: str | None = None
    python: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    variables: Variables = field(default_factory=dict)


@dataclass(frozen=True)
class Group:
    """Hosts that stand in the group itself, groups below it, and variables for all of them."""

    name: str
    children: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    variables: Variables = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """What an inventory holds, by name."""

    hosts: Mapping[str, Host]
    groups: Mapping[str, Group]
