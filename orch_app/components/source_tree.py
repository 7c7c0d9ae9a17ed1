"""The tree of everything that has a log, to choose from; see assets/ui/sources.jsx."""

import reflex as rx

from orch_app.components.local import Text, UiComponent, ui_module


class SourceTree(UiComponent):
    """`SourceTree` of assets/ui/sources.jsx."""

    library = ui_module("sources.jsx")
    tag = "SourceTree"
    nodes: rx.Var[list]
    chosen: rx.Var[list]
    heard: rx.Var[list]
    param: rx.Var[str]
    label: rx.Var[str]


def source_tree(
    nodes: rx.Var[list], *, chosen: rx.Var[list], heard: rx.Var[list], param: str, label: Text
) -> rx.Component:
    """Nodes `{key, label, kind, tone, children}` with check boxes; what is ticked goes into a parameter of the address.

    `heard` are `{leaf, hue, trouble}`: the colour of each leaf's lines, and what keeps it from being heard. A ticked
    branch means all that is in it, also later.
    """
    return SourceTree.create(nodes=nodes, chosen=chosen, heard=heard, param=param, label=label)
