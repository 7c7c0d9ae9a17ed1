"""The stdout callback of every play: one line of JSON per event, written at once to an inherited descriptor.

Loaded by ansible-core inside the play, so it imports nothing of the product. Every event carries `n` (its number, from
1), `t` (seconds since the epoch) and `e` (its kind); results carry host, task, status, changed and duration, and of the
module's answer only what a person reads. Names of plays and tasks are repeated on no result: they came before it.
"""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

from ansible.plugins.callback import CallbackBase

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DOCUMENTATION = """
    name: orch_ndjson
    type: stdout
    short_description: NDJSON events on an inherited descriptor
    description: One line of JSON per event on the descriptor named by ORCH_EVENTS_FD.
"""

TEXT_LIMIT = 64 * 1024
"""Characters kept of one text. The reader masks secrets first and cuts shorter, so no half secret can stay."""

LINES_LIMIT = 5_000
OUTPUT_LIMIT = 512 * 1024
"""Lines and characters kept of one output of one result."""

_HIDDEN_KEYS = frozenset(
    {"ansible_facts", "changed", "deprecations", "diff", "exception", "invocation", "results", "warnings"}
)
_SHORT_KEYS = ("dest", "path", "name", "url", "cmd")
_OUTPUT_KEYS = ("stdout", "stderr", "module_stdout", "module_stderr")
_to_json = json.JSONEncoder(separators=(",", ":"), default=str).encode


class CallbackModule(CallbackBase):
    """Ansible's view of one play, as a stream."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "orch_ndjson"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._descriptor = int(os.environ["ORCH_EVENTS_FD"])  # noqa: TID251  this runs inside the play
        self._number = 0
        self._begun: dict[tuple[str, str], float] = {}
        self._announced = ""
        self._kinds: dict[str, str] = {}

    def v2_playbook_on_start(self, playbook: Any) -> None:
        self._emit("start", playbook=os.path.basename(str(playbook._file_name)))  # noqa: PTH119

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._emit("play", uuid=play._uuid, name=play.get_name().strip(), check=bool(play.check_mode))

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:  # noqa: ARG002, FBT001
        self._announce(task, "task")

    def v2_playbook_on_cleanup_task_start(self, task: Any) -> None:
        self._announce(task, "task")

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        self._announce(task, "handler")

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        self._begun[host.name, task._uuid] = time.monotonic()
        if task._uuid not in self._kinds:
            self._announce(task, "task")

    def v2_playbook_on_include(self, included_file: Any) -> None:
        name = os.path.basename(str(included_file._filename))  # noqa: PTH119
        self._emit("include", file=name, hosts=[host.name for host in included_file._hosts])

    def v2_playbook_on_no_hosts_matched(self) -> None:
        self._emit("note", text="skipping: no hosts matched", level="warning")

    def v2_playbook_on_no_hosts_remaining(self) -> None:
        self._emit("note", text="no more hosts left", level="warning")

    def v2_runner_on_ok(self, result: Any) -> None:
        self._result("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:  # noqa: FBT001, FBT002
        self._result("failed", result, ignored=bool(ignore_errors))

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._result("unreachable", result, ignored=bool(result.task.ignore_unreachable))

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._result("skipped", result)

    def v2_runner_item_on_ok(self, result: Any) -> None:
        self._result("ok", result, item=True)

    def v2_runner_item_on_failed(self, result: Any) -> None:
        self._result("failed", result, item=True)

    def v2_runner_item_on_skipped(self, result: Any) -> None:
        self._result("skipped", result, item=True)

    def v2_runner_retry(self, result: Any) -> None:
        answer = result.result
        self._emit(
            "retry",
            host=result.host.name,
            task=result.task._uuid,
            attempt=answer.get("attempts", 0),
            retries=answer.get("retries", 0),
            **self._readable(answer),
        )

    def v2_runner_on_async_poll(self, result: Any) -> None:
        answer = result.result
        self._emit("poll", host=result.host.name, task=result.task._uuid, job=answer.get("ansible_job_id", ""))

    def v2_on_file_diff(self, result: Any) -> None:
        answer = result.result
        if result.task.no_log is True or "censored" in answer:
            return
        parts = answer.get("results") if result.task.loop else [answer]
        diffs = [part["diff"] for part in parts or () if isinstance(part, dict) and part.get("diff")]
        texts = [text for diff in diffs if (text := self._get_diff(diff))]
        if texts:
            self._emit("diff", host=result.host.name, task=result.task._uuid, text=_cut("\n".join(texts)))

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._emit("stats", hosts={name: stats.summarize(name) for name in sorted(stats.processed)})

    def _announce(self, task: Any, kind: str) -> None:
        self._kinds[task._uuid] = kind
        self._emit(kind, uuid=task._uuid, name=task.get_name().strip(), action=str(task.action))

    def _result(self, status: str, result: Any, *, item: bool = False, ignored: bool = False) -> None:
        answer, task = result.result, result.task
        # After a loop the summary repeats what its items have said.
        told = not item and bool(answer.get("results")) and bool(task.loop)
        fields: dict[str, Any] = {
            "host": result.host.name,
            "task": task._uuid,
            "status": status,
            "changed": bool(answer.get("changed")),
            "duration_s": self._duration(result.host.name, task._uuid, is_over=not item),
        }
        fields |= {"item": self._label(answer)} if item else {}
        fields |= {"ignored": True} if ignored else {}
        fields |= {"told": True} if told else {**self._complaints(result), **self._readable(answer)}
        self._emit("item" if item else "result", **fields)

    def _duration(self, host: str, task: str, *, is_over: bool) -> float | None:
        begun = self._begun.pop((host, task), None) if is_over else self._begun.get((host, task))
        return round(time.monotonic() - begun, 3) if begun is not None else None

    def _label(self, answer: Mapping[str, Any]) -> str:
        return _cut(str(self._get_item_label(answer))) if "censored" not in answer else "(censored)"

    def _readable(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """What a person wants to see of a module's answer; nothing at all of a censored one."""
        if "censored" in answer:
            return {"censored": True}
        fields: dict[str, Any] = {key: _lines(answer[key]) for key in _OUTPUT_KEYS if answer.get(key)}
        if answer.get("msg") not in (None, "", "All items completed"):
            fields["msg"] = _text(answer["msg"])
        elif answer.get("skip_reason"):
            fields["msg"] = str(answer["skip_reason"])
        return fields or _glance(answer)

    def _complaints(self, result: Any) -> dict[str, Any]:
        answer = result.result
        if "censored" in answer:
            return {}
        found = {
            "warnings": [_text(text) for text in answer.get("warnings") or ()],
            "deprecations": [_text(_deprecation(entry)) for entry in answer.get("deprecations") or ()],
        }
        return {key: texts for key, texts in found.items() if texts}

    def _emit(self, kind: str, **fields: Any) -> None:
        self._number += 1
        event = {"n": self._number, "t": round(time.time(), 3), "e": kind, **fields}
        line = _to_json(event).encode() + b"\n"
        while line:
            line = line[os.write(self._descriptor, line) :]


def _glance(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Of an answer without words: everything if its action wants to be seen, else what it was about."""
    if answer.get("_ansible_verbose_always"):
        shown = {key: value for key, value in answer.items() if _is_shown(key)}
        return {"shown": _text(shown)} if shown else {}
    short = next((answer[key] for key in _SHORT_KEYS if isinstance(answer.get(key), str)), "")
    return {"short": _cut(short)} if short else {}


def _is_shown(key: str) -> bool:
    return key not in _HIDDEN_KEYS and not key.startswith("_ansible")


def _deprecation(entry: Any) -> Any:
    return entry.get("msg", "") if isinstance(entry, dict) else entry


def _text(value: Any) -> str:
    if isinstance(value, str):
        return _cut(value)
    return _cut(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def _lines(value: Any) -> list[str]:
    """Output as lines, with one line at the end that says so when lines were left out."""
    lines = value.splitlines() if isinstance(value, str) else [str(line) for line in _iterable(value)]
    kept: list[str] = []
    left = OUTPUT_LIMIT
    for line in lines[:LINES_LIMIT]:
        kept.append(_cut(line))
        left -= len(kept[-1])
        if left < 0:
            break
    if len(lines) > len(kept):
        kept.append(f"[{len(lines) - len(kept)} more lines left out]")
    return kept


def _iterable(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list | tuple) else [value]


def _cut(text: str, limit: int = TEXT_LIMIT) -> str:
    return text if len(text) <= limit else text[:limit] + "…"
