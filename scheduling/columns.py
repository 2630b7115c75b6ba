"""What each column of a timetable's spreadsheet takes (scheduling/sheet.py), with two rows as an example."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.clock import monday_of
from core.money import plain_amount
from scheduling.sheet import COLUMNS, REQUIRED

WORDS: dict[str, str | Promise] = {
    "class type": _("its name"),
    "instructor": _("name or e-mail address"),
    "room": _("its name, with the location where two are called alike; empty for an on-line class"),
    "day": _("a weekday starts a weekly series, a date is a single class"),
    "time": _("when it begins on the clinic’s clock"),
    "minutes": _("how long it lasts; empty: as the class type"),
    "places": _("how many can book; empty: as the class type"),
    "price": _("for one place; empty: as the class type"),
    "from": _("the first day of a weekly series; empty: today"),
    "until": _("the last day of a series; empty: it goes on"),
    "repeats": _("for other series a rule (RRULE) such as FREQ=WEEKLY;INTERVAL=2; the day is the first date then"),
    "except": _("dates without a class, with spaces between them"),
    "state": _("draft or published; empty: as you choose above"),
    "link": _("where people join an on-line class, such as https://meet.example.org/back"),
}


@dataclass(frozen=True)
class Column:
    """A column with what it takes; `weekly` and `single` are its cells in the two rows of the example."""

    name: str
    words: str | Promise
    weekly: str
    single: str

    @property
    def is_required(self) -> bool:
        return self.name in REQUIRED


def explained_columns(today: date) -> list[Column]:
    """All columns in their order."""
    weekly, single = example_rows(today)
    return [Column(name, WORDS[name], weekly.get(name, ""), single.get(name, "")) for name in COLUMNS]


def example_rows(today: date) -> tuple[dict[str, str], dict[str, str]]:
    """The cells of a weekly series and of a single class, in the weeks to come."""
    monday = monday_of(today) + timedelta(weeks=2)
    named = {"class type": "Gentle Back Care", "instructor": "Asha Lindqvist", "room": "Garden Room"}
    weekly = named | {
        "day": "Monday",
        "time": "18:00",
        "from": monday.isoformat(),
        "until": (monday + timedelta(weeks=8)).isoformat(),
        "except": (monday + timedelta(weeks=2)).isoformat(),
        "state": "published",
    }
    single = named | {
        "day": (monday + timedelta(days=2)).isoformat(),
        "time": "10:30",
        "minutes": "45",
        "places": "6",
        "price": plain_amount(1250, settings.CLINIC_CURRENCY),
        "state": "draft",
    }
    return weekly, single
