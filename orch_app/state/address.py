"""The page's own address as the handlers read and write it: filters, the open drawer, the shown page."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode

LONGEST = 200


def parameters(state: Any, *names: str, longest: int = LONGEST) -> dict[str, str]:
    """These parameters of the address that the tab shows; what is missing, or too long, is an empty or shorter text."""
    found = parse_qs(str(state.router.url.query), max_num_fields=50)
    return {name: found.get(name, [""])[-1][:longest] for name in names}


def address(path: str, values: Mapping[str, str]) -> str:
    """The path with the values that are not empty."""
    kept = {name: value for name, value in values.items() if value}
    return f"{path}?{urlencode(kept)}" if kept else path


def page_href(path: str, asked: Mapping[str, str], cursor: str | None) -> str:
    """The address of another page of a list with the same filters; empty when there is none."""
    return address(path, {**asked, "cursor": cursor}) if cursor else ""


def asked_for(state: Any) -> str:
    """The address that the tab shows, with its filters, as a path of this very site; `/` where it would lead away."""
    url = state.router.url
    asked = f"{url.path}?{url.query}" if url.query else str(url.path)
    return asked if asked.startswith("/") and asked[1:2] not in {"/", "\\"} else "/"


def page_number(text: str) -> int:
    """A page number from the address; nonsense is the first page."""
    return max(1, min(int(text), 100_000)) if text.isdecimal() and len(text) < LONGEST else 1
