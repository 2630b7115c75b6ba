"""Recurrence rules: built from what a form asks, and said in words."""

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
from scheduling.recurrence import CODES, parts_of

ORDINALS = {
    "1": gettext_lazy("first"),
    "2": gettext_lazy("second"),
    "3": gettext_lazy("third"),
    "4": gettext_lazy("fourth"),
    "5": gettext_lazy("fifth"),
    "-1": gettext_lazy("last"),
}
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
    parts = parts_of(recurrence)
    if parts is None:
        return recurrence
    parts.pop("COUNT", None)
    frequency, every = parts.pop("FREQ"), int(parts.pop("INTERVAL", "1"))
    week_begins = parts.pop("WKST", CODES[0])
    if frequency == "WEEKLY":
        return _weekly(parts.get("BYDAY", CODES[starts_on.weekday()]), every, week_begins)
    words = _daily(parts, every) if frequency == "DAILY" else _monthly(parts, every, starts_on)
    return words or recurrence


def times_of(recurrence: str) -> int | None:
    """After how many times the rule ends; days that are left out count."""
    found = re.search(r"(?:^|;)COUNT=([0-9]+)", recurrence.upper())
    return int(found[1]) if found else None


def series_in_words(series: Series) -> str:
    """`Every Tuesday at 18:00 (Berlin time), since 5 October, until 21 December`."""
    words = _("%(rule)s at %(time)s (%(zone)s)") % {
        "rule": rule_in_words(series.recurrence, series.starts_on),
        "time": time_format(series.wall_time, "H:i"),
        "zone": clock.zone_label(series.time_zone),
    }
    begun = series.starts_on <= clock.clinic_today()
    since = _("since %(day)s") if begun else _("from %(day)s on")
    sentence = [capfirst(words), since % {"day": _short(series.starts_on)}]
    if series.ends_on:
        sentence.append(_("until %(day)s") % {"day": _short(series.ends_on)})
    if times := times_of(series.recurrence):
        sentence.append(ngettext("%(count)d time", "%(count)d times", times) % {"count": times})
    return ", ".join(sentence)


def _daily(parts: dict[str, str], every: int) -> str | None:
    if parts:
        return None
    return ngettext("every day", "every %(count)d days", every) % {"count": every}


def _weekly(codes: str, every: int, week_begins: str) -> str:
    days = {CODES.index(code) for code in codes.split(",")}
    if every == 1:
        names = _listed([str(WEEKDAYS[day]) for day in sorted(days)])
        return _("every day") if len(days) == len(CODES) else _("every %(days)s") % {"days": names}
    first = CODES.index(week_begins)  # which days are in one week and which ones are weeks apart
    names = _listed([str(WEEKDAYS[day]) for day in sorted(days, key=lambda day: (day - first) % len(CODES))])
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
        wanted = parts["BYMONTHDAY"].removeprefix("+")
        return _("last day") if wanted == "-1" else _nth(int(wanted)) if wanted.isdigit() else None
    by_day = parts.get("BYDAY", "")
    number = (by_day[:-2] or parts.get("BYSETPOS", "")).removeprefix("+")
    if number not in ORDINALS:
        return None
    return _("%(ordinal)s %(weekday)s") % {"ordinal": ORDINALS[number], "weekday": WEEKDAYS[CODES.index(by_day[-2:])]}


def _nth(day: int) -> str:
    return date_format(date(2000, 1, day), pgettext("day of the month, in Django's date format", "jS"))


def _listed(names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    return _("%(all_but_last)s and %(last)s") % {"all_but_last": ", ".join(names[:-1]), "last": names[-1]}


def _short(day: date) -> str:
    return date_format(day, "j F" if day.year == clock.clinic_today().year else "j F Y")
