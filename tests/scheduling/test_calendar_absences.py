"""Who is away, in the calendar: a shade in the own one, and among several a name above the day."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from core import clock
from scheduling.models import Instructor
from tests.booking.reading import words
from tests.factories import ClosureFactory, TimeOffFactory
from tests.scheduling.test_calendar import THIS_WEEK, TUESDAY_SIX, entries

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]

TUESDAY_MIDNIGHT = datetime(2026, 11, 23, 23, tzinfo=UTC)  # in Berlin


def test_shades_closures_and_the_times_off_of_the_one_whose_calendar_it_is(
    instructor: Instructor, instructors_client: Client, managers_client: Client
) -> None:
    ClosureFactory(starts_at=TUESDAY_SIX, ends_at=TUESDAY_SIX + timedelta(hours=2), reason="Works")
    TimeOffFactory(instructor=instructor, starts_at=TUESDAY_SIX, ends_at=TUESDAY_SIX + timedelta(days=1))

    own = entries(instructors_client)
    chosen = entries(managers_client, f"{THIS_WEEK}&instructor={instructor.pk}")

    shades = [{name: entry[name] for name in ("kind", "title", "start", "end", "display")} for entry in own]
    assert chosen == own
    assert shades == [
        {
            "kind": "closure",
            "title": "The whole clinic closed: Works",
            "start": "2026-11-24T18:00",
            "end": "2026-11-24T20:00",
            "display": "background",
        },
        {
            "kind": "away",
            "title": "Asha Lind is away",
            "start": "2026-11-24T18:00",
            "end": "2026-11-25T18:00",
            "display": "background",
        },
    ]


@pytest.mark.parametrize(
    ("start", "hours", "days", "when", "said"),
    [
        (TUESDAY_MIDNIGHT, 24, ("2026-11-24", "2026-11-25"), "Tuesday 24 November", ""),
        (TUESDAY_MIDNIGHT, 48, ("2026-11-24", "2026-11-26"), "Tuesday 24 November – Wednesday 25 November", ""),
        (TUESDAY_SIX, 2, ("2026-11-24", "2026-11-25"), "Tuesday 24 November, 18:00–20:00 (Berlin time)", "18:00–20:00"),
    ],
)
def test_names_among_several_who_is_away_without_shading_the_day(
    managers_client: Client, start: datetime, hours: int, days: tuple[str, str], when: str, said: str
) -> None:
    away = TimeOffFactory(instructor__user__name="Asha Lind", starts_at=start, ends_at=start + timedelta(hours=hours))

    [found] = entries(managers_client)

    assert found == {
        "id": f"away-{away.pk}",
        "title": "Asha Lind is away",
        "kind": "absent",
        "start": days[0],
        "end": days[1],
        "allDay": True,
        "when": when,
        "hours": said,
    }


def test_lists_who_is_away_with_the_hours_and_unlike_a_closure(managers_client: Client) -> None:
    ClosureFactory(starts_at=TUESDAY_SIX, ends_at=TUESDAY_SIX + timedelta(hours=2), reason="Works")
    TimeOffFactory(instructor__user__name="Asha Lind", starts_at=TUESDAY_SIX, ends_at=TUESDAY_SIX + timedelta(hours=2))

    page = managers_client.get("/teach/calendar/?view=list&day=2026-11-24")

    assert "Asha Lind is away, 18:00–20:00" in words(page)
    assert page.content.decode().count('class="agenda-stretch"') == 1
    assert page.content.decode().count('class="agenda-absent"') == 1


def test_a_whole_day_off_is_one_day_long_where_the_clocks_jump_over_the_midnight_after_it(
    managers_client: Client, settings: Settings
) -> None:
    settings.CLINIC_TIME_ZONE = "America/Santiago"
    first, after = clock.day_bounds(date(2027, 9, 4))
    TimeOffFactory(starts_at=first, ends_at=after)

    [found] = entries(managers_client, "?start=2027-08-30&end=2027-09-06")

    assert clock.clinic_time(after).time() == time(1)
    assert (found["start"], found["end"], found["hours"]) == ("2027-09-04", "2027-09-05", "")
