"""Rhythms that people say, as cron expressions and back, and what an expression means."""

import re
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.schedules import answers, cron
from orch_app.domains.schedules.wire import NextRunAnswer, PreviewQuery
from orch_app.kit.errors import Invalid

WEEK = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
RHYTHMS = ("hourly", "daily", "weekly", "monthly", "cron")
Shown = dict[str, Any]
NOTHING_SAID: Shown = {"sentence": "", "sentencePt": "", "runs": []}
START: Shown = {"rhythm": "daily", "minute": "0", "time": "09:00", "weekdays": ["MON"], "day": "1", "cron": "0 9 * * *"}
_HOURLY = re.compile(r"(\d{1,2}) \* \* \* \*")
_AT = re.compile(r"(\d{1,2}) (\d{1,2}) (\d{1,2}|\*) \* (\S+)")
_DAY = re.compile(r"SUN|MON|TUE|WED|THU|FRI|SAT|[0-7]")


def expression_of(choice: Shown) -> str:
    """The expression of a rhythm; of `cron` the one that was typed."""
    hour, _, minute = str(choice["time"]).partition(":")
    at = f"{_number(minute)} {_number(hour)}"
    week = [day for day in WEEK if day in choice["weekdays"]] or list(WEEK[:1])
    return {
        "hourly": f"{_number(choice['minute'])} * * * *",
        "daily": f"{at} * * *",
        "weekly": f"{at} * * {','.join(week)}",
        "monthly": f"{at} {choice['day'] if choice['day'] == 'L' else _number(choice['day'])} * *",
    }.get(str(choice["rhythm"]), " ".join(str(choice["cron"]).split()))


def choice_of(expression: str) -> Shown:
    """The rhythm that an expression is; what is none of them is told as it is written."""
    plain = " ".join(expression.upper().split())
    raw = {**START, "rhythm": "cron", "cron": expression}
    if hourly := _HOURLY.fullmatch(plain):
        return {**raw, "rhythm": "hourly", "minute": hourly[1]}
    found = _AT.fullmatch(plain.replace(" L ", " 99 "))
    if found is None:
        return raw
    minute, hour, day, weekday = found.groups()
    raw["time"] = f"{int(hour):02}:{int(minute):02}"
    days = _days(weekday)
    if weekday == "*":
        named = "L" if day == "99" else day
        return {**raw, "rhythm": "daily"} if day == "*" else {**raw, "rhythm": "monthly", "day": named}
    return {**raw, "rhythm": "weekly", "weekdays": days} if day == "*" and days else raw


def read_meaning(session: Session, actor: Actor, expression: str, timezone: str, environment: str) -> Shown:
    """What an expression says and its next five moments: `{said, faults, faults_pt}`, faults by field."""
    try:
        wanted = PreviewQuery(cron=expression, timezone=timezone, environment=environment)  # pyright: ignore[reportArgumentType]
        found = answers.of_expression(session, actor, wanted)
    except ValidationError as error:
        names = {str(fault["loc"][0]) for fault in error.errors(include_input=False)}
        return {"said": NOTHING_SAID, "faults": dict.fromkeys(names, "…"), "faults_pt": dict.fromkeys(names, "…")}
    except Invalid as error:
        places = [(fault.pointer.strip("/"), fault.detail, fault.detail_pt or fault.detail) for fault in error.errors]
        faults = {name: english for name, english, _ in places}
        return {"said": NOTHING_SAID, "faults": faults, "faults_pt": {name: said for name, _, said in places}}
    said = {"sentence": found.sentence, "sentencePt": found.sentence_pt, "runs": show_runs(found.items)}
    return {"said": said, "faults": {}, "faults_pt": {}}


def show_runs(runs: Sequence[NextRunAnswer]) -> list[Shown]:
    """Moments to come, for a list."""
    return [{"at": run.at.isoformat(), "local": run.local_time, "blackout": run.blackout or ""} for run in runs]


def zone_of(name: str) -> ZoneInfo | None:
    """The zone of this name, if there is one."""
    return ZoneInfo(name) if name in cron.zones() else None


def _number(text: object) -> str:
    """A number as a cron field has it; what is none stays, and is refused with the expression."""
    plain = str(text).strip()
    return str(int(plain)) if plain.isdecimal() else plain or "0"


def _days(weekday: str) -> list[str]:
    if weekday == "1-5":
        return list(WEEK[:5])
    parts = weekday.split(",")
    if not all(_DAY.fullmatch(part) for part in parts):
        return []
    return [WEEK[(int(part) + 6) % 7] if part.isdecimal() else part for part in parts]
