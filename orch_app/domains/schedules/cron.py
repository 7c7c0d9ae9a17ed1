"""Moments of a cron expression in a time zone, in milliseconds since 1970.

Daylight saving is treated as Debian's cron does: what falls into a gap happens right after it, what the clock shows
twice happens once, and `*` in the minute or hour field means real minutes and hours.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from orch_app.kit.errors import Problem

FIELDS = 5
LONGEST = 100
NO_PLACE = frozenset({"localtime", "Factory", "posixrules"})  # what the machine happens to be set to


def moments(expression: str, timezone: str, after_ms: int) -> Iterator[int]:
    """The moments after `after_ms`, ascending, none twice; ends when there is none within fifty years.

    Raises:
        ValueError: the expression or the zone cannot be read.
    """
    latest = after_ms
    for found in _simulated(expression, timezone, after_ms):
        at = round(found.timestamp() * 1000)
        if at > latest:  # after the hour that the clock shows twice, the simulation begins again in the first of them
            latest = at
            yield at


def next_after(expression: str, timezone: str, after_ms: int) -> int | None:
    """The first moment after `after_ms`, or None.

    Raises:
        ValueError: the expression or the zone cannot be read.
    """
    return next(moments(expression, timezone, after_ms), None)


def faults(expression: str, timezone: str) -> list[Problem]:
    """What is wrong with the expression (`/cron`) and the zone (`/timezone`)."""
    if timezone not in zones():
        said = ("There is no such time zone; say for example America/Sao_Paulo.", "Não existe este fuso horário.")
        return [Problem("/timezone", "timezone", *said)]
    said = (
        "Five fields are needed: minute hour day month weekday.",
        "São cinco campos: minuto hora dia mês dia-da-semana.",
    )
    if len(expression) > LONGEST or len(expression.split()) != FIELDS:
        return [Problem("/cron", "cron", *said)]
    try:
        first = next_after(expression, timezone, 0)
    except ValueError as error:
        return [Problem("/cron", "cron", f"{error}.", "A expressão não pode ser lida.")]
    never = ("No date ever fits this expression.", "Nenhuma data combina com esta expressão.")
    return [] if first is not None else [Problem("/cron", "never", *never)]


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    """The names of all time zones."""
    return frozenset(available_timezones()) - NO_PLACE


def to_ms(moment: datetime) -> int:
    """A point in time in milliseconds."""
    return round(moment.timestamp() * 1000)


def to_datetime(at_ms: int) -> datetime:
    """Milliseconds as a point in time, in UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def _simulated(expression: str, timezone: str, after_ms: int) -> Iterator[datetime]:
    if timezone not in zones() or len(expression.split()) != FIELDS:
        message = "the expression or the time zone is not one"
        raise ValueError(message)
    try:
        yield from CronSim(expression, to_datetime(after_ms).astimezone(ZoneInfo(timezone)))
    except (CronSimError, AssertionError) as error:  # the library asserts what it does not expect
        raise ValueError(str(error) or "Bad expression") from error
    except OverflowError:  # beyond the calendar
        return
