"""What a source is asked, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

MOST_SHOWN = 50


@dataclass(frozen=True)
class Choice:
    """One value that may be chosen, what people call it, and a word more."""

    value: str | int
    label: str
    hint: str = ""

    def mentions(self, words: list[str]) -> bool:
        """Whether every word is somewhere in it."""
        text = f"{self.value} {self.label} {self.hint}".lower()
        return all(word in text for word in words)


@dataclass(frozen=True)
class Found:
    """The choices in the order to show them. `truncated`: there are others, so a value that is not here may be good."""

    items: tuple[Choice, ...] = ()
    truncated: bool = False

    def matching(self, text: str, most: int = MOST_SHOWN) -> "Found":
        """Those that mention every word of the text, at most so many."""
        words = text.lower().split()
        fitting = tuple(choice for choice in self.items if choice.mentions(words))
        return replace(self, items=fitting[:most], truncated=self.truncated or len(fitting) > most)

    def refuses(self, value: Any) -> bool:
        """Whether this is certainly no choice."""
        return not self.truncated and all(choice.value != value for choice in self.items)


ANYTHING = Found(truncated=True)
"""Nothing to offer, and nothing to refuse."""


@dataclass(frozen=True)
class Asked:
    """The question to a source: where the order is for, its parameters, and what was typed so far."""

    environment: str
    params: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
