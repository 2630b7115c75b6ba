"""Who is away, in the grid of those who plan for several: named above the day, which stays free for the others."""

from datetime import time, timedelta

import pytest
from playwright.sync_api import Page, expect

from accounts import roles
from core import clock
from scheduling.models import TimeOff
from tests.browser.conftest import LAPTOP, PHONE
from tests.browser.test_calendar import OpenPage, Week, begins, drag, entry, point, week
from tests.browser.test_every_page import violations
from tests.factories import TimeOffFactory, UserFactory

__all__ = ["week"]  # the fixture

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def away(week: Week) -> TimeOff:
    """On Wednesday and Thursday."""
    start = clock.instant_of(week.day(2), time(0))
    return TimeOffFactory(instructor__user__name="Helena Brandt", starts_at=start, ends_at=start + timedelta(days=2))


def open_as_manager(open_page: OpenPage, week: Week, query: str = "") -> Page:
    page = open_page(LAPTOP, as_user=UserFactory(role=roles.MANAGER), reduced_motion="reduce")
    page.goto(week.address + query)
    expect(page.locator(".fc-timegrid")).to_be_visible()
    page.wait_for_load_state("networkidle")
    return page


def test_among_several_is_named_above_the_day_and_shades_nothing(
    week: Week, away: TimeOff, open_page: OpenPage
) -> None:
    page = open_as_manager(open_page, week)
    days = f"{clock.format_day(week.day(2))} – {clock.format_day(week.day(3))}"

    expect(page.locator("#calendar-grid .absent")).to_have_text(f"Helena Brandt is away, {days}")
    expect(page.get_by_text("Away", exact=True)).to_be_visible()
    expect(page.locator("#calendar-grid .shade-away")).to_have_count(0)
    assert [found for scheme in ("light", "dark") for found in violations(page, LAPTOP, scheme)] == []


def test_of_one_instructor_shades_the_days_and_needs_no_row_above_them(
    week: Week, away: TimeOff, open_page: OpenPage
) -> None:
    page = open_as_manager(open_page, week, f"&instructor={away.instructor_id}")

    expect(page.locator("#calendar-grid .shade-away")).to_have_count(2)
    expect(page.locator("#calendar-grid .absent")).to_have_count(0)
    expect(page.get_by_text("Away", exact=True)).to_have_count(0)


def test_a_class_keeps_its_hour_when_it_is_dropped_where_the_names_stand(
    week: Week, away: TimeOff, open_page: OpenPage
) -> None:
    slot = week.slot(1, 9)
    page = open_as_manager(open_page, week)
    before, planned_at = begins(slot), point(page, week.day(1), 9)
    row = page.locator("#calendar-grid .absent").bounding_box()
    assert row

    drag(page, planned_at, (planned_at[0], row["y"] + row["height"] / 2))

    expect(entry(page, slot)).to_have_count(1)
    expect(page.locator("#calendar-grid .fc-daygrid-day-events .entry")).to_have_count(0)
    assert begins(slot) == before


def test_nothing_is_planned_by_drawing_where_the_names_stand(week: Week, away: TimeOff, open_page: OpenPage) -> None:
    page = open_as_manager(open_page, week)
    row = page.locator("#calendar-grid .absent").bounding_box()
    tuesday = point(page, week.day(0), 9)[0], row["y"] + row["height"] / 2 if row else 0

    drag(page, tuesday, (tuesday[0] + 150, tuesday[1]))

    assert "/teach/calendar/" in page.url
    drag(page, point(page, week.day(0), 9), point(page, week.day(0), 10))
    page.wait_for_url("**/teach/slots/new/**")


def test_of_some_hours_says_which(week: Week, open_page: OpenPage) -> None:
    start = clock.instant_of(week.day(2), time(14))
    TimeOffFactory(instructor__user__name="Helena Brandt", starts_at=start, ends_at=start + timedelta(hours=3))
    page = open_as_manager(open_page, week)

    expect(page.get_by_text("Helena Brandt is away", exact=True)).to_be_visible()
    expect(page.locator("#calendar-grid .absent-hours")).to_have_text(", 14:00–17:00")
    expect(page.locator("#calendar-grid .absent .sr-only")).to_have_text(
        f", {clock.format_day(week.day(2))}, 14:00–17:00 (Berlin time)"
    )


def test_on_a_phone_stands_in_the_list_of_each_day(week: Week, away: TimeOff, open_page: OpenPage) -> None:
    page = open_page(PHONE, as_user=UserFactory(role=roles.MANAGER))
    page.goto(week.address)

    expect(page.locator(".agenda-absent")).to_have_text(["Helena Brandt is away"] * 2)
    assert [found for scheme in ("light", "dark") for found in violations(page, PHONE, scheme)] == []
