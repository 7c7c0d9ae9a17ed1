"""A cron expression as a person would say it, in each language of the catalogue."""

from orch_app.i18n import text

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
MOST_TIMES = 6
EVERY = "*"


def sentence(expression: str, language: str) -> str:
    """For example "Monday to Friday at 09:00". What has no such words is told field by field."""
    minute, hour, day, month, weekday = expression.upper().split()
    parts = [_days(day, weekday, language), _months(month, language), _times(minute, hour, language)]
    is_of_the_clock = minute.startswith(EVERY) or hour.startswith(EVERY)
    if is_of_the_clock and parts[0] == text(language, "cron.daily"):
        parts = [parts[2], parts[1]]
    said = " ".join(part for part in parts if part)
    return said[:1].upper() + said[1:]


def _times(minute: str, hour: str, language: str) -> str:
    minutes, hours = _numbers(minute), _numbers(hour)
    if minutes and hours and len(minutes) * len(hours) <= MOST_TIMES:
        times = [f"{one:02}:{other:02}" for one in sorted(hours) for other in sorted(minutes)]
        return text(language, "cron.at", times=_listed(times, language))
    if hour == EVERY and not minutes:
        return _minutes(minute, language)
    if hour == EVERY or (step := _step(hour)) is None:
        return (
            text(language, "cron.every_hour")
            if (minute, hour) == ("0", EVERY)
            else _spelled_time(minute, hour, language)
        )
    hours_word = text(language, "cron.every_hours", count=step)
    return hours_word if minute == "0" else f"{hours_word} {_minutes(minute, language)}"


def _spelled_time(minute: str, hour: str, language: str) -> str:
    first, dash, last = hour.partition("-")
    if dash and first.isdecimal() and last.isdecimal():
        span = {"first": f"{int(first):02}:00", "last": f"{int(last):02}:59"}
        return f"{_minutes(minute, language)} {text(language, 'cron.between', **span)}"
    of = "cron.of_every_hour" if hour == EVERY else "cron.of_hours"
    return _minutes(minute, language) + text(language, of, hours=_spelled(hour, language))


def _minutes(minute: str, language: str) -> str:
    if minute == EVERY:
        return text(language, "cron.every_minute")
    if (step := _step(minute)) is not None:
        return text(language, "cron.every_minutes", count=step)
    return text(language, "cron.at_minute", minutes=_spelled(minute, language))


def _days(day: str, weekday: str, language: str) -> str:
    if day == EVERY and weekday == EVERY:
        return text(language, "cron.daily")
    in_month, in_week = _in_month(day, language), _in_week(weekday, language)
    if EVERY in (day, weekday):
        return in_week if day == EVERY else in_month
    joint = "cron.both" if day.startswith(EVERY) or weekday.startswith(EVERY) else "cron.either"
    return text(language, joint, day=in_month, weekday=in_week)


def _in_month(day: str, language: str) -> str:
    if day in {"L", "LW"}:
        return text(language, "cron.last_day" if day == "L" else "cron.last_workday")
    if (step := _step(day)) is not None:
        return text(language, "cron.every_days", count=step)
    return text(language, "cron.on_days", days=_spelled(day, language))


def _in_week(weekday: str, language: str) -> str:
    named = [_weekday(part, language) for part in weekday.split(",")]
    return text(language, "cron.on_weekdays", days=_listed(named, language))


def _weekday(part: str, language: str) -> str:
    if "#" in part:
        which, _, place = part.partition("#")
        return text(language, "cron.nth", day=_name(which, DAYS, "cron.day.", language), place=place)
    if part.endswith("L"):
        return text(language, "cron.last", day=_name(part[:-1], DAYS, "cron.day.", language))
    return _range(part, DAYS, "cron.day.", language)


def _months(month: str, language: str) -> str:
    if month == EVERY:
        return ""
    named = [_range(part, MONTHS, "cron.month.", language) for part in month.split(",")]
    return text(language, "cron.in_months", months=_listed(named, language))


def _range(part: str, names: tuple[str, ...], prefix: str, language: str) -> str:
    first, dash, last = part.partition("-")
    if not dash or "/" in part:
        return _name(part, names, prefix, language)
    ends = {"first": _name(first, names, prefix, language), "last": _name(last, names, prefix, language)}
    return text(language, "cron.range", **ends)


def _name(word: str, names: tuple[str, ...], prefix: str, language: str) -> str:
    """The name of a day or a month; what is neither a name nor a number stays as it is."""
    if word.isdecimal():
        number = int(word) - 1 if names is MONTHS else int(word) % len(DAYS)
        word = names[number] if 0 <= number < len(names) else word
    return text(language, prefix + word.lower()) if word in names else word


def _numbers(field: str) -> list[int]:
    """The numbers of a plain list, or none."""
    parts = field.split(",")
    return [int(part) for part in parts] if all(part.isdecimal() for part in parts) else []


def _step(field: str) -> int | None:
    return int(field[2:]) if field.startswith("*/") and field[2:].isdecimal() else None


def _spelled(field: str, language: str) -> str:
    parts = [
        text(language, "cron.range", first=first, last=last) if dash and "/" not in last else part
        for part, (first, dash, last) in ((part, part.partition("-")) for part in field.split(","))
    ]
    return _listed(parts, language)


def _listed(parts: list[str], language: str) -> str:
    if len(parts) == 1:
        return parts[0]
    return text(language, "cron.and", rest=", ".join(parts[:-1]), last=parts[-1])
