"""The bridge to our own React code: every file of `assets/ui/` is named here once."""

from typing import Any

import reflex as rx
from reflex.vars import VarData
from reflex_base.utils.imports import ImportVar

Props = dict[str, Any]


def ui_module(file: str) -> str:
    """Import path of a file of `assets/ui/`, as the bundler knows it."""
    return f"$/public/ui/{file}"


def call_ui(file: str, function: str, *arguments: object) -> rx.Var[str]:
    """A browser expression that calls a pure function of `assets/ui/<file>` and yields text.

    Args:
        file: file name below `assets/ui/`.
        function: name it exports.
        *arguments: vars or plain values, in order.
    """
    values = [rx.Var.create(argument) for argument in arguments]
    data = VarData.merge(
        VarData(imports={ui_module(file): [ImportVar(tag=function)]}), *(value._get_all_var_data() for value in values)
    )
    written = ", ".join(str(value) for value in values)
    return rx.Var(f"{function}({written})", _var_type=str, _var_data=data).to(str)


class UiComponent(rx.Component):
    """Base of the components that `assets/ui/` draws. Children and props go straight through."""

    def _exclude_props(self) -> list[str]:
        return []
