"""End a host the way an earlier, ignored task of it ended, once the output of all hosts has been written."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """`orch_settle: {result: <registered name>}`: ok, failed or unreachable like that result, with its message."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _VALID_ARGS = frozenset({"result"})

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Answer the earlier result's end; nothing is run anywhere."""
        answer = super().run(tmp, task_vars)
        earlier = (task_vars or {}).get(self._task.args["result"]) or {}
        answer["changed"] = False
        answer["msg"] = str(earlier.get("msg") or "the host answered")
        if earlier.get("unreachable"):
            answer["unreachable"] = True
        elif not earlier or earlier.get("failed"):
            answer["failed"] = True
        return answer
