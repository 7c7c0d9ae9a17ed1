"""Texts that the data holds in both languages, such as a runbook's title: the reader's one is shown."""

import reflex as rx

from orch_app.components.text import language_var


def spoken(row: rx.Var, name: str) -> rx.Var[str]:
    """`row[name]` in English, `row[name + "Pt"]` in Portuguese."""
    return rx.cond(language_var() == "en", row[name].to(str), row[f"{name}Pt"].to(str))


def spoken_of(english: rx.Var, portuguese: rx.Var) -> rx.Var:
    """One of two vars that hold the same in two languages."""
    return rx.cond(language_var() == "en", english, portuguese)
