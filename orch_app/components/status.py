"""State as icon and word: jobs, hosts, risk, environment, and the bars that sum them up."""

import reflex as rx

from orch_app.components.icon import icon
from orch_app.components.local import Text, UiComponent, given, ui_module

_LIBRARY = ui_module("badges.jsx")


class StatusBadge(UiComponent):
    """`StatusBadge` of assets/ui/badges.jsx."""

    library = _LIBRARY
    tag = "StatusBadge"
    status: rx.Var[str]
    phase: rx.Var[str]
    plain: rx.Var[bool]


class RiskBadge(UiComponent):
    """`RiskBadge` of assets/ui/badges.jsx."""

    library = _LIBRARY
    tag = "RiskBadge"
    risk: rx.Var[str]
    plain: rx.Var[bool]


class EnvBadge(UiComponent):
    """`EnvBadge` of assets/ui/badges.jsx."""

    library = _LIBRARY
    tag = "EnvBadge"
    environment: rx.Var[str]


class HostsBar(UiComponent):
    """`HostsBar` of assets/ui/badges.jsx."""

    library = _LIBRARY
    tag = "HostsBar"
    counts: rx.Var[dict]
    words: rx.Var[bool]


class Progress(UiComponent):
    """`Progress` of assets/ui/badges.jsx."""

    library = _LIBRARY
    tag = "Progress"
    value: rx.Var[int]
    total: rx.Var[int]
    tone: rx.Var[str]
    label: rx.Var[str]


class History(UiComponent):
    """`History` of assets/ui/badges.jsx."""

    library = _LIBRARY
    tag = "History"
    statuses: rx.Var[list]
    label: rx.Var[str]


def status_badge(status: Text, phase: Text = "", *, plain: bool = False) -> rx.Component:
    """Status of a job, step, host result, host, connection or worker; `plain` drops the frame inside lists."""
    return StatusBadge.create(status=status, **given(phase=phase, plain=plain))


def risk_badge(risk: Text, *, plain: bool = False) -> rx.Component:
    """Risk of a runbook: low, medium or high."""
    return RiskBadge.create(risk=risk, **given(plain=plain))


def env_badge(environment: Text) -> rx.Component:
    """Environment `stage` or `prod`; production is outlined red wherever it appears."""
    return EnvBadge.create(environment=environment)


def chip(*children: rx.Component | Text, icon_name: str = "", mono: bool = False) -> rx.Component:
    """A small framed fact."""
    shown = [icon(icon_name, 12), *children] if icon_name else children
    return rx.el.span(*shown, class_name="chip mono" if mono else "chip")


def state_badge(word: Text, *, icon_name: str, tone: str = "") -> rx.Component:
    """A state that has a word of its own; the tone is `ok`, `warn`, `bad`, `run` or none."""
    return rx.el.span(icon(icon_name, 14), word, class_name=f"st {tone}".strip())


def hosts_bar(counts: rx.Var[dict], *, words: bool = True) -> rx.Component:
    """Counts `{ok, changed, failed, unreachable, skipped}` as words and as one bar."""
    return HostsBar.create(counts=counts, words=words)


def progress_bar(value: rx.Var[int] | int, total: rx.Var[int] | int, label: Text, tone: Text = "t") -> rx.Component:
    """One bar; the tone is `t` (ink), `ok`, `warn` or `bad`."""
    return Progress.create(value=value, total=total, tone=tone, label=label)


def history(statuses: rx.Var[list[str]], label: Text = "") -> rx.Component:
    """The last runs as small bars, oldest first."""
    return History.create(statuses=statuses, **given(label=label))
