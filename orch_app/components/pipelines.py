"""The graph of a pipeline and the editor of its definition."""

import reflex as rx

from orch_app.components.local import EventHandler, Text, UiComponent, one_object, one_text, ui_module


class PipelineGraph(UiComponent):
    """`PipelineGraph` of assets/ui/pipeline_graph.jsx."""

    library = ui_module("pipeline_graph.jsx")
    tag = "PipelineGraph"
    steps: rx.Var[list]
    label: rx.Var[str]


class PipelineEditor(UiComponent):
    """`PipelineEditor` of assets/ui/pipeline_editor.jsx."""

    library = ui_module("pipeline_editor.jsx")
    tag = "PipelineEditor"
    document: rx.Var[dict]
    revision: rx.Var[int]
    catalogue: rx.Var[dict]
    faults: rx.Var[list]
    text: rx.Var[str]
    text_fault: rx.Var[str]
    on_change: EventHandler[one_object]
    on_text: EventHandler[one_object]
    on_import: EventHandler[one_text]


def pipeline_graph(steps: rx.Var[list], label: Text) -> rx.Component:
    """Steps with lines between them; below each other on a phone, and one list for who hears the page.

    Args:
        steps: `{id, needs: [{step, on}], join, status, phase, state, title, titlePt, jobHref, jobNumber, startedAt,
            lengthS, detail}` in the order of the definition.
        label: what the picture shows.
    """
    return PipelineGraph.create(steps=steps, label=label)


def pipeline_editor(
    document: rx.Var[dict], revision: rx.Var[int], catalogue: rx.Var[dict], **more: object
) -> rx.Component:
    """A definition, edited as steps or as text.

    Args:
        document: what the editor begins with, again whenever `revision` grows.
        revision: see document.
        catalogue: `{runbooks, hosts, connections}` that a step may name.
        more: `faults`, `{pointer, detail, detailPt}` of the last attempt to save; `text`, the document as YAML when
            `on_text` has asked for it, and `text_fault`, why it could not be taken; `on_change(document)` hears each
            change, `on_text(document)` what is to be written as text, `on_import(text)` what is to become the document.
    """
    return PipelineEditor.create(document=document, revision=revision, catalogue=catalogue, **more)
