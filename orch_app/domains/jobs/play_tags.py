"""Which tasks of a playbook a job runs: by the tags that its runbook offers to whoever launches it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from orch_app.domains.runbooks.models import Runbook
from orch_app.kit.errors import Invalid, Problem

Tags = Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=50)]


@dataclass(frozen=True)
class PlayTags:
    """Tasks with one of the tags `only`, which are all tasks when it is empty, and none with one of `skip`."""

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()

    @classmethod
    def of(cls, only: Sequence[str], skip: Sequence[str]) -> "PlayTags":
        """In one order and each once, so that the same choice is always the same."""
        return cls(tuple(sorted(set(only))), tuple(sorted(set(skip))))

    @classmethod
    def from_json(cls, kept: Mapping[str, Sequence[str]]) -> "PlayTags":
        """What `to_json` has written."""
        return cls.of(kept.get("only", ()), kept.get("skip", ()))

    def to_json(self) -> dict[str, list[str]]:
        """Empty when nothing was chosen."""
        return {name: list(tags) for name, tags in (("only", self.only), ("skip", self.skip)) if tags}


ALL_TASKS = PlayTags()


def check_tags(runbook: Runbook, chosen: PlayTags) -> None:
    """Whether the runbook offers these tags.

    Raises:
        Invalid: 422 at /tags or /skipTags for each that it does not.
    """
    offered = _offered(runbook.meta)
    known = f"it offers {', '.join(offered)}" if offered else "it offers none"
    problems = tuple(
        Problem(f"/{field}", "not_allowed", f"the runbook does not offer the tag {tag}; {known}")
        for field, tags in (("tags", chosen.only), ("skipTags", chosen.skip))
        for tag in tags
        if tag not in offered
    )
    if problems:
        raise Invalid("The tags are not acceptable.", "validation", errors=problems)


def _offered(meta: Mapping[str, Any]) -> list[str]:
    return list(meta.get("play_tags", []))
