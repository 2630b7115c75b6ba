"""Recurrence rules, built from what a form asks and said in words."""

from datetime import UTC, date, datetime, time

import pytest
from dateutil.rrule import rrulestr

from core import clock
from scheduling.rules import daily_rule, monthly_rule, rule_in_words, series_in_words, weekly_rule
from tests.factories import SeriesFactory

TUESDAY = date(2026, 11, 10)  # the second one of the month


@pytest.mark.parametrize(
    ("recurrence", "said"),
    [
        ("FREQ=DAILY", "every day"),
        ("FREQ=DAILY;INTERVAL=3", "every 3 days"),
        ("FREQ=WEEKLY", "every Tuesday"),
        ("freq=weekly;byday=mo", "every Monday"),
        ("FREQ=WEEKLY;BYDAY=TH,MO", "every Monday and Thursday"),
        ("FREQ=WEEKLY;BYDAY=MO,TU,FR;COUNT=9", "every Monday, Tuesday and Friday"),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU", "every day"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", "every 2 weeks on Monday and Thursday"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO", "every 2 weeks on Monday and Sunday"),
        ("FREQ=WEEKLY;WKST=SU;INTERVAL=2;BYDAY=MO,SU", "every 2 weeks on Sunday and Monday"),
        ("FREQ=WEEKLY;BYDAY=MO,SU;WKST=SU", "every Monday and Sunday"),
        ("FREQ=MONTHLY", "every month on the 10th"),
        ("FREQ=MONTHLY;BYMONTHDAY=22", "every month on the 22nd"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "every month on the last day"),
        ("FREQ=MONTHLY;BYDAY=2TU", "every month on the second Tuesday"),
        ("FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2", "every month on the second Tuesday"),
        ("FREQ=MONTHLY;BYMONTHDAY=+3;WKST=SU", "every month on the 3rd"),
        ("FREQ=MONTHLY;INTERVAL=3;BYDAY=-1FR", "every 3 months on the last Friday"),
    ],
)
def test_a_rule_is_said_in_words(recurrence: str, said: str) -> None:
    assert rule_in_words(recurrence, TUESDAY) == said


@pytest.mark.parametrize(
    "recurrence",
    [
        "FREQ=MONTHLY;BYDAY=TU",
        "FREQ=MONTHLY;BYDAY=2TU,4TU",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1,3",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=-2",
        "FREQ=MONTHLY;BYMONTHDAY=1,15",
        "FREQ=MONTHLY;BYMONTHDAY=-2",
        "FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR",
        "FREQ=DAILY;BYDAY=MO",
    ],
)
def test_a_rule_without_words_is_shown_as_it_is_written(recurrence: str) -> None:
    assert rule_in_words(recurrence, TUESDAY) == recurrence


@pytest.mark.parametrize(
    ("recurrence", "days"),
    [
        (weekly_rule([3, 0], times=3), ["2026-11-12", "2026-11-16", "2026-11-19"]),
        (weekly_rule([1], every=2, times=3), ["2026-11-10", "2026-11-24", "2026-12-08"]),
        (monthly_rule(TUESDAY, times=3), ["2026-11-10", "2026-12-08", "2027-01-12"]),
        (daily_rule(times=2), ["2026-11-10", "2026-11-11"]),
    ],
)
def test_rules_have_the_days_that_were_asked_for(recurrence: str, days: list[str]) -> None:
    rule = rrulestr(recurrence, dtstart=datetime.combine(TUESDAY, time.min))

    assert [f"{day:%Y-%m-%d}" for day in rule] == days


def test_a_fifth_weekday_is_taken_for_the_last_so_that_each_month_has_one() -> None:
    assert monthly_rule(date(2026, 11, 30)) == "FREQ=MONTHLY;BYDAY=-1MO"
    assert monthly_rule(date(2026, 11, 23)) == "FREQ=MONTHLY;BYDAY=4MO"


def test_a_series_says_when_it_begins_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "reading", lambda: datetime(2026, 10, 1, 8, tzinfo=UTC))
    parts = {"class_type": None, "instructor": None, "room": None, "recurrence": "FREQ=WEEKLY;BYDAY=TU"}
    begun = SeriesFactory.build(starts_on=date(2026, 9, 1), ends_on=date(2027, 2, 2), **parts)
    coming = SeriesFactory.build(starts_on=date(2026, 10, 6), **{**parts, "recurrence": "FREQ=DAILY;COUNT=5"})

    assert series_in_words(begun) == "Every Tuesday at 18:00 (Berlin time), since 1 September, until 2 February 2027"
    assert series_in_words(coming) == "Every day at 18:00 (Berlin time), from 6 October on, 5 times"


def test_the_hour_is_that_of_the_own_zone_of_a_series() -> None:
    series = SeriesFactory.build(starts_on=date(2026, 9, 1), time_zone="America/New_York")

    assert series_in_words(series).startswith("Every Tuesday at 18:00 (New York time), since")
