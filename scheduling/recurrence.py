"""The recurrences that a series may have, and the days that they mean: the plain part of RFC 5545, 3.3.10."""

import re
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from dateutil.rrule import rrulestr

CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
LONGEST = 500  # characters
MONTHS = 12
SURE_MONTH_DAY = 28  # each month has it, and not each one the 29th


def _list_of(each: str) -> str:
    return f"{each}(?:,{each})*"


PART = re.compile(r"([A-Z]+)=([A-Z0-9,+-]+)")
SMALL_NUMBER = "[1-9][0-9]{0,2}"
WEEKDAY = f"(?:{'|'.join(CODES)})"
POSITION = "[+-]?[1-5]"
MONTH_DAY = "[+-]?(?:[1-9]|[12][0-9]|3[01])"
OF_EACH = {"INTERVAL": SMALL_NUMBER, "COUNT": SMALL_NUMBER, "WKST": WEEKDAY}
PARTS = {
    "DAILY": {**OF_EACH, "BYDAY": _list_of(WEEKDAY)},
    "WEEKLY": {**OF_EACH, "BYDAY": _list_of(WEEKDAY)},
    "MONTHLY": {
        **OF_EACH,
        "BYDAY": f"{_list_of(WEEKDAY)}|{_list_of(POSITION + WEEKDAY)}",  # dateutil finds no day that is both
        "BYMONTHDAY": _list_of(MONTH_DAY),
        "BYSETPOS": _list_of(POSITION),
    },
}


def parts_of(recurrence: str) -> dict[str, str] | None:
    """The parts of a plain rule by their names, in capitals; None for anything else.

    Plain is a rule of days, weeks or months without UNTIL, whose parts mean the same to every program: each part
    stands there once, and those that pick days by number only in a rule of months.
    """
    if len(recurrence) > LONGEST or not recurrence.isascii():
        return None
    found = [PART.fullmatch(part) for part in recurrence.upper().split(";")]
    parts = {match[1]: match[2] for match in found if match}
    known = {"FREQ": "[A-Z]+"} | PARTS.get(parts.get("FREQ", ""), {})
    if len(parts) < len(found) or len(known) == 1 or not parts.keys() <= known.keys():
        return None
    is_well_written = all(re.fullmatch(known[name], value) for name, value in parts.items())
    return parts if is_well_written and _always_goes_on(parts) else None


def days_of(recurrence: str, starts_on: date, first: date, last: date) -> Iterator[date]:
    """The days in [first, last] of a rule that begins on `starts_on`, in order. What is no plain rule has none."""
    if parts_of(recurrence) is None:
        return
    rule: Any = rrulestr(recurrence, dtstart=_midnight(starts_on))
    for moment in rule.xafter(_midnight(first), inc=True):
        if moment.date() > last:
            return
        yield moment.date()


def _always_goes_on(parts: dict[str, str]) -> bool:
    """Whether the rule, on whatever day it begins, soon has a day again.

    For one that has none dateutil would search up to the year 9999, which takes it seconds.
    """
    every = int(parts.get("INTERVAL", "1"))
    if parts["FREQ"] == "DAILY":
        return "BYDAY" not in parts or every % len(CODES) != 0  # every 14 days it is the same weekday
    return parts["FREQ"] == "WEEKLY" or _is_in_enough_months(parts, every)


def _is_in_enough_months(parts: dict[str, str], every: int) -> bool:
    by_day, by_position = parts.get("BYDAY", ""), parts.get("BYSETPOS", "")
    month_days = [int(day) for day in parts["BYMONTHDAY"].split(",")] if "BYMONTHDAY" in parts else []
    is_numbered = any(letter.isdigit() for letter in by_day)
    if bool(by_position) + is_numbered + bool(month_days) > 1 or (by_position and not by_day):
        return False
    is_rare = "5" in by_day + by_position or any(abs(day) > SURE_MONTH_DAY for day in month_days)
    return not is_rare or every % MONTHS != 0  # every 12 months it may always be February


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min)
