"""Timeline of a job: its plays and tasks as bars; on a phone the name stands above its bar."""

import reflex as rx

from orch_app.components.local import Event, EventHandler, UiComponent, given, one_number, ui_module


class Timeline(UiComponent):
    """`Timeline` of assets/ui/timeline.jsx."""

    library = ui_module("timeline.jsx")
    tag = "Timeline"
    steps: rx.Var[list]
    on_pick: EventHandler[one_number]


def timeline(steps: rx.Var[list], on_pick: Event = None) -> rx.Component:
    """Steps as REST has them: `{name, kind: play|task, play, status, startedAt, finishedAt, firstSeq, hosts}`.

    Args:
        steps: in order; a pending step may carry `estimateS`, seconds that it usually takes, and is drawn dashed.
        on_pick: hears the number of the log line that the pressed task begins with.
    """
    return Timeline.create(steps=steps, **given(on_pick=on_pick))
