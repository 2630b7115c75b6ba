"""Recurrence rules: built from what a form asks, and said in words. The grammar is that of RFC 5545, 3.3.10."""

import re
from collections.abc import Collection, Sequence
from datetime import date

from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format, time_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from core import clock
from scheduling.models import Series

CODES = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
ORDINALS = {
    1: gettext_lazy("first"),
    2: gettext_lazy("second"),
    3: gettext_lazy("third"),
    4: gettext_lazy("fourth"),
    5: gettext_lazy("fifth"),
    -1: gettext_lazy("last"),
}
BY_DAY = re.compile(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)")
MONTH_DAY = re.compile(r"[1-9]|[12][0-9]|3[01]")
LAST_SURE_WEEK = 4  # each month has a fourth Tuesday, not each one a fifth


def weekly_rule(weekdays: Collection[int], *, every: int = 1, times: int | None = None) -> str:
    """On these days (Monday is 0) of each `every`-th week."""
    parts = ["FREQ=WEEKLY", *([f"INTERVAL={every}"] if every > 1 else [])]
    return _joined([*parts, "BYDAY=" + ",".join(CODES[day] for day in sorted(weekdays))], times)


def monthly_rule(first: date, *, times: int | None = None) -> str:
    """On the same weekday of each month as `first`: the second Tuesday, say; after the fourth, the last."""
    week = (first.day - 1) // 7 + 1
    return _joined(["FREQ=MONTHLY", f"BYDAY={week if week <= LAST_SURE_WEEK else -1}{CODES[first.weekday()]}"], times)


def daily_rule(*, times: int | None = None) -> str:
    return _joined(["FREQ=DAILY"], times)


def _joined(parts: Sequence[str], times: int | None) -> str:
    return ";".join([*parts, *([f"COUNT={times}"] if times else [])])


def rule_in_words(recurrence: str, starts_on: date) -> str:
    """`every Tuesday`, `every 2 weeks on Monday and Thursday`, `every month on the second Tuesday`.

    How often in all is not said. A rule for which there are no words is given as it is written.
    """
    parts = dict(part.split("=", 1) for part in recurrence.upper().split(";") if "=" in part)
    parts.pop("COUNT", None)
    if parts.pop("WKST", "MO") != "MO":
        return recurrence
    frequency, every = parts.pop("FREQ", ""), int(parts.pop("INTERVAL", "1"))
    words = _FREQUENCIES[frequency](parts, every, starts_on) if frequency in _FREQUENCIES else None
    return words or recurrence


def times_of(recurrence: str) -> int | None:
    """After how many times the rule ends; days that are left out count."""
    found = re.search(r"(?:^|;)COUNT=([0-9]+)", recurrence.upper())
    return int(found[1]) if found else None


def series_in_words(series: Series) -> str:
    """`Every Tuesday at 18:00, since 5 October, until 21 December`."""
    words = _("%(rule)s at %(time)s") % {
        "rule": rule_in_words(series.recurrence, series.starts_on),
        "time": time_format(series.wall_time, "H:i"),
    }
    begun = series.starts_on <= clock.clinic_today()
    since = _("since %(day)s") if begun else _("from %(day)s on")
    sentence = [capfirst(words), since % {"day": _short(series.starts_on)}]
    if series.ends_on:
        sentence.append(_("until %(day)s") % {"day": _short(series.ends_on)})
    if times := times_of(series.recurrence):
        sentence.append(ngettext("%(count)d time", "%(count)d times", times) % {"count": times})
    return ", ".join(sentence)


def _daily(parts: dict[str, str], every: int, _starts_on: date) -> str | None:
    if parts:
        return None
    return ngettext("every day", "every %(count)d days", every) % {"count": every}


def _weekly(parts: dict[str, str], every: int, starts_on: date) -> str | None:
    found = [BY_DAY.fullmatch(part) for part in parts.get("BYDAY", CODES[starts_on.weekday()]).split(",")]
    days = [CODES.index(match[2]) for match in found if match and not match[1]]
    if parts.keys() - {"BYDAY"} or len(days) != len(found):
        return None
    if len(set(days)) == len(CODES) and every == 1:
        return _("every day")
    names = _listed([str(WEEKDAYS[day]) for day in sorted(set(days))])
    if every == 1:
        return _("every %(days)s") % {"days": names}
    return _("every %(count)d weeks on %(days)s") % {"count": every, "days": names}


def _monthly(parts: dict[str, str], every: int, starts_on: date) -> str | None:
    which = _day_of_month(parts, starts_on)
    if which is None:
        return None
    words = {"count": every, "day": which}
    return ngettext("every month on the %(day)s", "every %(count)d months on the %(day)s", every) % words


def _day_of_month(parts: dict[str, str], starts_on: date) -> str | None:
    """`second Tuesday`, `last day` or `15th`."""
    if not parts:
        return _nth(starts_on.day)
    if parts.keys() == {"BYMONTHDAY"}:
        wanted = parts["BYMONTHDAY"]
        if wanted == "-1":
            return _("last day")
        return _nth(int(wanted)) if MONTH_DAY.fullmatch(wanted) else None
    match = BY_DAY.fullmatch(parts.get("BYDAY", ""))
    position = parts.get("BYSETPOS")
    if match is None or parts.keys() - {"BYDAY", "BYSETPOS"} or bool(match[1]) == bool(position):
        return None
    number = int(match[1] or position or 0)
    if number not in ORDINALS:
        return None
    weekday = WEEKDAYS[CODES.index(match[2])]
    return _("%(ordinal)s %(weekday)s") % {"ordinal": ORDINALS[number], "weekday": weekday}


_FREQUENCIES = {"DAILY": _daily, "WEEKLY": _weekly, "MONTHLY": _monthly}


def _nth(day: int) -> str:
    return date_format(date(2000, 1, day), pgettext("day of the month, in Django's date format", "jS"))


def _listed(names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    return _("%(all_but_last)s and %(last)s") % {"all_but_last": ", ".join(names[:-1]), "last": names[-1]}


def _short(day: date) -> str:
    return date_format(day, "j F" if day.year == clock.clinic_today().year else "j F Y")
