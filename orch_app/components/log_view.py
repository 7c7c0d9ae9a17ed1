"""LogView: a job's log of any length, live, virtual, searchable; see assets/ui/log/."""

from dataclasses import dataclass

import reflex as rx

from orch_app.components.local import Event, EventHandler, Text, UiComponent, given, no_args, one_number, ui_module


class LogView(UiComponent):
    """`LogView` of assets/ui/log/log_view.jsx."""

    library = ui_module("log/log_view.jsx")
    tag = "LogView"
    job_key: rx.Var[str]
    batch: rx.Var[dict]
    total: rx.Var[int]
    live: rx.Var[bool]
    history_url: rx.Var[str]
    counts: rx.Var[dict]
    downloads: rx.Var[list]
    empty_text: rx.Var[str]
    banner: rx.Var[str]
    go_to: rx.Var[int]
    on_line: EventHandler[one_number]
    most: rx.Var[int]
    label: rx.Var[str]
    on_gap: EventHandler[no_args]


class LogExcerpt(UiComponent):
    """`LogExcerpt` of assets/ui/log/log_line.jsx."""

    library = ui_module("log/log_line.jsx")
    tag = "LogExcerpt"
    lines: rx.Var[list]


def log_view(  # noqa: PLR0913 - the props of one large component
    *,
    job_key: Text,
    batch: rx.Var[dict],
    total: rx.Var[int],
    live: rx.Var[bool],
    history_url: Text,
    counts: rx.Var[dict] | None = None,
    downloads: list[dict[str, object]] | rx.Var[list] | None = None,
    empty_text: Text = "",
    banner: Text = "",
    go_to: rx.Var[int] | None = None,
    on_line: Event = None,
) -> rx.Component:
    """The log with search, filters, follow, permalinks and downloads.

    Args:
        job_key: the job's id; another id starts from nothing.
        batch: `{"start": seq, "lines": [{seq, ts, level, host, task, message}]}`, only the new lines. Overlaps are
            dropped and gaps are read over REST, so a state may forget a batch as soon as the next one comes.
        total: how many lines the log has (`lastSeq` of the job); what is not in a batch is read when it is looked at.
        live: more lines may come.
        history_url: `/v1/jobs/{id}/logs`.
        counts: lines per level, when the server knows them better than this reader.
        downloads: `{href, label}` or `{href, key}` entries.
        empty_text: shown while there is no line, e.g. the place in the queue.
        banner: a sentence above the lines while the feed is interrupted.
        go_to: a line number to jump to when it changes.
        on_line: hears the line that n/N jumped to.
    """
    rare = given(counts=counts, downloads=downloads, empty_text=empty_text, banner=banner, go_to=go_to, on_line=on_line)
    return LogView.create(job_key=job_key, batch=batch, total=total, live=live, history_url=history_url, **rare)


@dataclass(frozen=True)
class Heard:
    """What came of a stream: its name (another one begins from nothing), the newest lines, and how many came in all.

    The lines are as for `log_view`; a line's `host` is its source, and `hue` (1-8) the colour of it.
    """

    stream: Text
    batch: rx.Var[dict]
    total: rx.Var[int]


def log_tail(
    heard: Heard, *, most: int, label: Text, on_gap: Event, empty_text: Text = "", banner: Text = ""
) -> rx.Component:
    """The lines of several sources as they come, with the same viewer: nothing is kept but in the browser.

    Args:
        heard: the stream and what came of it.
        most: so many are kept, twice as many while the reader has paused.
        label: what the log is called.
        on_gap: hears that lines never came, so that everything has to begin again.
        empty_text: shown while there is no line.
        banner: a sentence above the lines while something is interrupted.
    """
    rare = given(empty_text=empty_text, banner=banner)
    return LogView.create(
        job_key=heard.stream,
        batch=heard.batch,
        total=heard.total,
        live=True,
        history_url="",
        most=most,
        label=label,
        on_gap=on_gap,
        **rare,
    )


def log_excerpt(lines: rx.Var[list]) -> rx.Component:
    """A few lines as they stand, for the failure box."""
    return LogExcerpt.create(lines=lines)
