"""Short messages over any screen: what was done, what was refused."""

from typing import Any

import reflex as rx

from orch_app.i18n import DEFAULT_LANGUAGE, catalogue
from orch_app.kit.ids import new_id
from orch_app.state.exposure import public

KEPT = 4


class Notices(rx.State):
    """The messages of one tab, newest last, as `toast_area` draws them."""

    items: list[dict[str, Any]] = []

    @rx.event
    @public("writes to the caller's own tab")
    def show_problem(self, problem: dict[str, Any]) -> None:
        """Add a refusal; `about` names the things that it is about, `role` the one that would be needed."""
        role = f"needs_{problem['role']}" if problem.get("role") else ""
        key, detail = f"problem.{role or problem.get('code', '')}"[:100], str(problem.get("detail", ""))[:500]
        about = {"detail": str(problem["about"])[:500]} if problem.get("about") else {}
        self._add("error", ({"key": key} if key in catalogue(DEFAULT_LANGUAGE) else {"text": detail}) | about)

    @rx.event
    @public("writes to the caller's own tab")
    def show_done(self, code: str) -> None:
        """Add the confirmation whose words the catalogue has under `done.<code>`."""
        self._add("success", {"key": f"done.{code}"[:100]})

    @rx.event
    @public("writes to the caller's own tab")
    def show_count(self, code: str, n: int) -> None:
        """Add the confirmation that this was done to so many things: `done.<code>` with its plural forms."""
        self._add("success", {"key": f"done.{code}"[:100], "params": {"n": int(n)}})

    @rx.event
    @public("writes to the caller's own tab")
    def dismiss(self, identity: str) -> None:
        """Take one away."""
        self.items = [item for item in self.items if item["id"] != identity]

    def _add(self, kind: str, words: dict[str, Any]) -> None:
        self.items = [*self.items, {"id": new_id("note"), "kind": kind, **words}][-KEPT:]
