"""Which recurrences a series may have; each of them has its days soon and words, can be moved, split and exported."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from dateutil import rrule
from django.db import transaction
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from accounts import roles
from scheduling.exports import timetable_rows
from scheduling.models import Series, Slot
from scheduling.operations import CannotShift, stamp_series
from scheduling.operations.imports import preview_import
from scheduling.operations.splits import shift_rule, split_series
from scheduling.recurrence import CODES, LONGEST, days_of, parts_of
from scheduling.rules import rule_in_words
from scheduling.sheet import read_rows, write_rows
from tests.factories import SeriesFactory, UserFactory
from tests.scheduling.conftest import StandAt

TWO_YEARS = timedelta(days=730)
MOST_STEPS = 1200  # days, weeks or months that dateutil looks at for two years of days
FIRST = date(2026, 10, 1)


class TooManySteps(Exception):
    pass


@contextmanager
def steps_counted(most: int) -> Iterator[None]:
    """Let dateutil look at so many days, weeks or months. Raises TooManySteps."""
    steps = 0

    class Counting(rrule._iterinfo):
        def __getattribute__(self, name: str) -> Any:
            found = super().__getattribute__(name)
            return counted(found) if name in ("ddayset", "wdayset", "mdayset") else found

    def counted(look: Any) -> Any:
        def looked(*args: int) -> Any:
            nonlocal steps
            steps += 1
            if steps > most:
                raise TooManySteps()
            return look(*args)

        return looked

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rrule, "_iterinfo", Counting)
        yield


@st.composite
def plain_rules(draw: st.DrawFn) -> str:
    """Any rule that is accepted, in any order of its parts."""
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY"]))
    numbers = st.integers(1, 999) | st.sampled_from([1, 2, 3, 6, 7, 12, 14, 17, 24])
    positions = st.sampled_from([*range(1, 6), *range(-5, 0)]).map(str)
    days = st.sampled_from(CODES)
    values: dict[str, st.SearchStrategy[str]] = {
        "INTERVAL": numbers.map(str),
        "COUNT": numbers.map(str),
        "WKST": days,
        "BYDAY": listed(days),
    }
    if frequency == "MONTHLY":
        month_days = st.integers(1, 31) | st.integers(-31, -1)
        values["BYDAY"] = listed(days) | listed(st.builds(str.__add__, positions, days))
        values |= {"BYMONTHDAY": listed(month_days.map(str)), "BYSETPOS": listed(positions)}
    names = draw(st.lists(st.sampled_from(sorted(values)), unique=True))
    parts = [f"FREQ={frequency}", *(f"{name}={draw(values[name])}" for name in names)]
    rule = ";".join(draw(st.permutations(parts)))
    assume(parts_of(rule) is not None)
    event(" ".join(sorted({frequency, *names} - {"COUNT", "WKST"})))
    return rule


def listed(each: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(each, min_size=1, max_size=7, unique=True).map(",".join)


beginnings = st.dates(FIRST, FIRST + timedelta(days=4 * 365))


class TestEveryAcceptedRule:
    @given(rule=plain_rules(), starts_on=beginnings)
    @settings(max_examples=200, deadline=None)
    def test_has_its_days_soon(self, rule: str, starts_on: date) -> None:
        last = starts_on + TWO_YEARS

        with steps_counted(MOST_STEPS):
            days = list(days_of(rule, starts_on, starts_on, last))

        assert days == sorted(set(days))
        assert all(starts_on <= day <= last for day in days)

    @given(rule=plain_rules(), starts_on=beginnings)
    @settings(max_examples=200, deadline=None)
    def test_has_words(self, rule: str, starts_on: date) -> None:
        assert rule_in_words(rule, starts_on)

    @pytest.mark.django_db
    @given(rule=plain_rules(), starts_on=beginnings, by=st.integers(-10, 10))
    @settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_moves_with_all_its_days_unless_it_goes_by_the_month(self, rule: str, starts_on: date, by: int) -> None:
        series, shift = Series(pk=0, recurrence=rule, starts_on=starts_on), timedelta(days=by)
        days = list(series.days(starts_on, starts_on + TWO_YEARS))

        try:
            shift_rule(series=series, days=by)
        except CannotShift:
            assert "MONTHLY" in rule
            return

        assert len(series.recurrence) <= LONGEST
        moved = list(series.days(starts_on + shift, starts_on + shift + TWO_YEARS))
        assert moved == [day + shift for day in days]

    @pytest.mark.django_db
    @given(rule=plain_rules(), starts_on=beginnings, which=st.integers(0, 30))
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_is_split_without_losing_or_adding_a_day(self, rule: str, starts_on: date, which: int) -> None:
        last = starts_on + TWO_YEARS
        with transaction.atomic():
            series = SeriesFactory(recurrence=rule, starts_on=starts_on)
            days = list(series.days(starts_on, last))
            assume(days)

            later = split_series(series=series, day=days[which % len(days)])
            of_both = [day for each in {series, later} for day in each.days(starts_on, last)]

            assert sorted(of_both) == days
            transaction.set_rollback(True)

    @pytest.mark.django_db
    @given(rule=plain_rules(), starts_on=beginnings)
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_is_exported_and_read_again(self, rule: str, starts_on: date, stand_at: StandAt) -> None:
        with transaction.atomic():
            stand_at(datetime.combine(starts_on, time(6), tzinfo=UTC))
            manager = UserFactory(role=roles.MANAGER)
            series = SeriesFactory(recurrence=rule, starts_on=starts_on)
            assume(stamp_series(series=series))
            days = list(series.slots.order_by("series_day").values_list("series_day", flat=True))

            rows = read_rows(write_rows(timetable_rows(manager)))
            Slot.objects.all().delete()
            [planned] = preview_import(rows=rows, by=manager)

            assert planned.problem is None
            assert [slot.series_day for slot in planned.slots] == days
            transaction.set_rollback(True)


class TestWhatIsNoPlainRule:
    @pytest.mark.parametrize(
        "recurrence",
        [
            *("", "weekly", "FREQ=", "FREQ=HOURLY", "FREQ=YEARLY", "BYDAY=TU", "RRULE:FREQ=WEEKLY", "FREQ=WEEKLY;"),
            *("FREQ=WEEKLY;UNTIL=20270101", "FREQ=WEEKLY;BYHOUR=3", "FREQ=WEEKLY;INTERVAL=0", "FREQ=WEEKLY;COUNT=-1"),
            *("FREQ=WEEKLY;INTERVAL=1000", "FREQ=WEEKLY;INTERVAL=+2", "FREQ=WEEKLY;WKST=XX", "FREQ=WEEKLY;WKST=MO,TU"),
            # More than a rule: dateutil reads several lines, and spaces between them as well.
            *("FREQ=WEEKLY;BYDAY=TU RDATE:20300101", "FREQ=WEEKLY;BYDAY=TU\nRDATE:20300101", "FREQ=WEEKLY\n"),
            *("FREQ=WEEKLY;BYDAY=TU DTSTART:20200101", " FREQ=WEEKLY", "FREQ=DAıLY"),
            # Each part once
            *("FREQ=WEEKLY;FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO;BYDAY=TU", "FREQ=WEEKLY;COUNT=2;COUNT=9"),
            # Days by number, where there is nothing to be counted
            *("FREQ=WEEKLY;BYDAY=2TU", "FREQ=WEEKLY;BYDAY=TU(+1)", "FREQ=DAILY;BYDAY=1MO", "FREQ=WEEKLY;BYDAY=XX"),
            *("FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2", "FREQ=DAILY;BYSETPOS=2", "FREQ=WEEKLY;BYMONTHDAY=3"),
            *("FREQ=DAILY;BYMONTHDAY=3", "FREQ=WEEKLY;BYDAY=", "FREQ=WEEKLY;BYDAY=MO,", "FREQ=WEEKLY;BYDAY=,MO"),
            # No such day, or days by number of days by number
            *("FREQ=MONTHLY;BYMONTHDAY=32", "FREQ=MONTHLY;BYMONTHDAY=0", "FREQ=MONTHLY;BYDAY=6MO"),
            *("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6", "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0", "FREQ=MONTHLY;BYSETPOS=2"),
            *("FREQ=MONTHLY;BYDAY=2TU,4TU;BYSETPOS=2", "FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=2FR"),
            *("FREQ=MONTHLY;BYMONTHDAY=31;BYDAY=MO;BYSETPOS=1", "FREQ=MONTHLY;BYDAY=MO,1TU"),
            # None for ever, if they begin on the wrong day
            *("FREQ=DAILY;INTERVAL=14;BYDAY=MO", "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=30"),
            *("FREQ=MONTHLY;INTERVAL=24;BYDAY=5MO", "FREQ=MONTHLY;INTERVAL=12;BYDAY=MO;BYSETPOS=1,-5"),
            "FREQ=MONTHLY;BYMONTHDAY=" + ",".join(["1"] * LONGEST),
        ],
    )
    def test_is_not_accepted_has_no_days_and_is_shown_as_it_is_written(self, recurrence: str) -> None:
        assert parts_of(recurrence) is None
        assert list(days_of(recurrence, FIRST, FIRST, FIRST + TWO_YEARS)) == []
        assert rule_in_words(recurrence, FIRST) == recurrence

    @given(text=st.text() | st.text("FREQWKLYDAIMONTHBUS=;:,+-0123456789 \n()", max_size=60))
    @settings(max_examples=200, deadline=None)
    def test_whatever_is_stored_can_be_read(self, text: str) -> None:
        assert parts_of(text) is None or "FREQ=" in text.upper()
        assert rule_in_words(text, FIRST) == text or parts_of(text)

    @pytest.mark.parametrize("recurrence", ["FREQ=DAILY;BYSETPOS=2", "FREQ=DAILY;INTERVAL=14;BYDAY=MO"])
    def test_control_dateutil_would_search_for_the_days_of_some_for_a_very_long_time(self, recurrence: str) -> None:
        wednesday = datetime.combine(date(2026, 10, 7), time.min)
        rule: Any = rrule.rrulestr(recurrence, dtstart=wednesday)

        with steps_counted(MOST_STEPS), pytest.raises(TooManySteps):
            rule.after(wednesday + TWO_YEARS)
