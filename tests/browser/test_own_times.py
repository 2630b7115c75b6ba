"""Who is in another zone than the clinic is told so, and sees their own time beside each class, as on its own day."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from core import clock
from scheduling.models import Slot
from tests.browser.conftest import LAPTOP, PHONE
from tests.factories import SlotFactory

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

OpenPage = Callable[..., Page]
NARROW = {"width": 320, "height": 640}
WATCH_SHIFTS = """
    window.shifts = 0
    new PerformanceObserver((seen) => {
        for (const entry of seen.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value
    }).observe({type: "layout-shift", buffered: true})
"""
ZONE = "All times are Berlin time."
BESIDE = "your own time stands beside each class."
CHANGING = f"{ZONE} Where you are it is another time, and the difference changes in these weeks; {BESIDE}"


def slot_on(day: date, hour: int = 18, **fields: object) -> Slot:
    made: Slot = SlotFactory(starts_at=clock.instant_of(day, time(hour)), **fields)
    return made


def offset(zone: str, moment: datetime) -> timedelta:
    ahead = moment.astimezone(ZoneInfo(zone)).utcoffset()
    assert ahead is not None
    return ahead


def hours_later(zone: str, moment: datetime) -> timedelta:
    return offset(zone, moment) - offset("Europe/Berlin", moment)


def own_hours(zone: str, slot: Slot) -> str:
    """As the page writes them: with the weekday where it is another one than at the clinic."""
    start, end = (moment.astimezone(ZoneInfo(zone)) for moment in (slot.starts_at, slot.ends_at))
    day = "" if start.date() == clock.clinic_time(slot.starts_at).date() else f"{start:%a} "
    return f"{day}{start:%H:%M}–{end:%H:%M} your time"


def clock_change() -> date:
    """The first day from the day after tomorrow on, on which the clinic's clocks are changed."""
    day = clock.clinic_today() + timedelta(days=2)
    while offset("Europe/Berlin", clock.day_bounds(day)[0]) == offset("Europe/Berlin", clock.day_bounds(day)[1]):
        day += timedelta(days=1)
    return day


def lead(page: Page) -> str:
    return " ".join(page.locator(".page-header .lead").inner_text().split())


def own_times(page: Page) -> list[str]:
    return page.locator(".timetable-days .own-time").all_inner_texts()


@pytest.mark.parametrize("address", ["/timetable/", "/timetable/?view=week"])
@pytest.mark.parametrize("viewport", [PHONE, LAPTOP, NARROW], ids=["phone", "laptop", "narrow"])
def test_who_is_elsewhere_is_told_so_and_nothing_moves(
    open_page: OpenPage, viewport: dict[str, int], address: str
) -> None:
    first = clock.clinic_today() + timedelta(days=2)
    slots = [slot_on(first, 23, capacity=1, taken=1), slot_on(first + timedelta(days=1), 9)]
    page = open_page(viewport, timezone_id="Asia/Dubai")
    page.add_init_script(WATCH_SHIFTS)

    page.goto(address)

    expect(page.get_by_text("Where you are it is")).to_be_visible()
    assert own_times(page) == [own_hours("Asia/Dubai", slot) for slot in slots]
    expect(page.locator(".timetable-next")).to_contain_text(own_hours("Asia/Dubai", slots[1]))
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.shifts") == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("Asia/Tokyo", "{hours} hours later"),
        ("America/New_York", "{hours} hours earlier"),
        ("Asia/Kathmandu", "{hours} hours 45 minutes later"),
        ("Europe/London", "1 hour earlier"),
    ],
)
def test_the_difference_is_that_of_the_days_shown_and_not_of_today(open_page: OpenPage, zone: str, said: str) -> None:
    # three weeks later America's clocks have changed as well: the difference stays the same for the whole fortnight
    day = clock_change() + timedelta(days=21)
    slot = slot_on(day)
    hours = abs(hours_later(zone, slot.starts_at)) // timedelta(hours=1)
    page = open_page(LAPTOP, timezone_id=zone)

    page.goto(f"/timetable/?from={day}")

    assert lead(page) == f"{ZONE} Where you are it is {said.format(hours=hours)}; {BESIDE}"
    assert own_times(page) == [own_hours(zone, slot)]


def test_around_a_clock_change_each_class_has_the_own_time_of_its_own_day(open_page: OpenPage) -> None:
    change = clock_change()
    before, after = slot_on(change - timedelta(days=1)), slot_on(change)
    assert hours_later("Asia/Tokyo", before.starts_at) != hours_later("Asia/Tokyo", after.starts_at)  # control
    page = open_page(LAPTOP, timezone_id="Asia/Tokyo")

    page.goto(f"/timetable/?from={change - timedelta(days=1)}")

    assert lead(page) == CHANGING
    assert own_times(page) == [own_hours("Asia/Tokyo", before), own_hours("Asia/Tokyo", after)]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Europe/Paris"])
def test_who_shares_the_clinics_clock_sees_one_time_only_even_when_it_changes(open_page: OpenPage, zone: str) -> None:
    change = clock_change()
    slot_on(change - timedelta(days=1))
    slot_on(change)
    page = open_page(PHONE, timezone_id=zone)

    page.goto(f"/timetable/?from={change - timedelta(days=1)}")
    page.wait_for_load_state("networkidle")

    assert lead(page) == ZONE
    assert own_times(page) == []
    expect(page.get_by_text("Berlin time")).to_have_count(1)


def test_who_filters_elsewhere_still_sees_their_own_times(open_page: OpenPage) -> None:
    slot = slot_on(clock.clinic_today() + timedelta(days=2), class_type__level="gentle")
    page = open_page(LAPTOP, timezone_id="Asia/Dubai")
    page.goto("/timetable/")

    page.get_by_label("Level").select_option("Gentle")

    expect(page).to_have_url("/timetable/?level=gentle")
    expect(page.locator(".timetable-days .own-time")).to_have_text([own_hours("Asia/Dubai", slot)])


def test_without_script_the_zone_is_named(open_page: OpenPage) -> None:
    slot_on(clock.clinic_today() + timedelta(days=2))
    page = open_page(PHONE, timezone_id="Asia/Tokyo", java_script_enabled=False)

    page.goto("/timetable/")

    assert lead(page) == ZONE
