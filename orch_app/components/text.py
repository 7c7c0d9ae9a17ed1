"""Words in the reader's language, chosen in the browser: one page serves pt-BR and English without a round trip."""

import reflex as rx
from reflex.vars import VarData
from reflex_base.utils.imports import ImportVar

from orch_app.components.local import ui_module
from orch_app.i18n import require_key, require_prefix

Value = rx.Var | str | int | float

_LANGUAGE = VarData(
    imports={
        ui_module("text.js"): [
            ImportVar(tag="translate"),
            ImportVar(tag="translateDynamic"),
            ImportVar(tag="useLanguage"),
        ]
    },
    hooks={"const language = useLanguage()": None},
)


def language_var() -> rx.Var[str]:
    """The reader's language in the browser, `pt-BR` or `en`."""
    return rx.Var("language", _var_type=str, _var_data=_LANGUAGE).to(str)


def tr(key: str, **params: Value) -> rx.Var[str]:
    """Text of a catalogue key in the reader's language.

    A whole number given as `n` picks the plural form (`key.one` / `key.other`).

    Raises:
        KeyError: the key is in no catalogue; the build fails instead of showing a hole.
    """
    require_key(key)
    return _expression(f'translate(language, "{key}"', params)


def tr_dynamic(prefix: str, value: rx.Var | str, **params: Value) -> rx.Var[str]:
    """Text of `prefix + value`, where only the data knows the value: `tr_dynamic("status.", job.status)`.

    A value that the catalogue does not know is shown as it is.

    Raises:
        KeyError: no key begins with the prefix.
    """
    require_prefix(prefix)
    named = rx.Var.create(value)
    return _expression(f'translateDynamic(language, "{prefix}", {named}', params)


def _expression(opening: str, params: dict[str, Value]) -> rx.Var[str]:
    """A var formatted into a string brings its own imports and hooks along; Reflex finds them again."""
    pairs = ", ".join(f"{name}: {rx.Var.create(value)}" for name, value in params.items())
    written = f"{opening}, {{{pairs}}})" if pairs else f"{opening})"
    return rx.Var(written, _var_type=str, _var_data=_LANGUAGE).to(str)
