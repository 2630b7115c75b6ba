"""Planning a series by keyboard alone, with one day left out because the room is taken."""

from collections.abc import Callable
from datetime import datetime, time, timedelta

import pytest
from playwright.sync_api import Page, expect

from accounts import roles
from core import clock
from scheduling.models import Series
from tests.browser.conftest import LAPTOP
from tests.factories import ClassTypeFactory, InstructorFactory, RoomFactory, SlotFactory

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

MOST_TABS = 60


def tab_to(page: Page, label: str) -> None:
    """Press Tab until the field, button or choice with these words has the focus."""
    for _nth in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate(
            """(label) => {
                const it = document.activeElement
                const words = [it.ariaLabel, ...[...(it.labels || [])].map((each) => each.innerText), it.innerText]
                return words.some((each) => each && each.trim().startsWith(label))
            }""",
            label,
        ):
            return
    raise AssertionError(f"{label} cannot be reached by Tab")


def test_a_weekly_series_is_planned_by_keyboard_and_a_clash_left_out(open_page: Callable[..., Page]) -> None:
    instructor = InstructorFactory()
    roles.assign_role(instructor.user, roles.INSTRUCTOR)
    ClassTypeFactory(name="Gentle Back Care")
    room = RoomFactory(name="Quiet Room")
    first = clock.clinic_today() + timedelta(days=4)
    clash = first + timedelta(days=14)
    SlotFactory(room=room, starts_at=clock.instant_of(clash, time(18, 30)), class_type__name="Chair Yoga")
    page = open_page(LAPTOP, as_user=instructor.user, locale="en-US")
    page.goto("/teach/series/")

    tab_to(page, "New series")
    page.keyboard.press("Enter")
    page.wait_for_url("**/teach/series/new/")
    tab_to(page, "Class type")
    page.keyboard.type("Gentle")
    tab_to(page, "Room")
    page.keyboard.type("Quiet")
    tab_to(page, "First day")
    page.keyboard.type(f"{first:%m%d%Y}")
    tab_to(page, "Begins at")
    page.keyboard.type("0600PM")
    expect(page.locator("[name=starts_on]")).to_have_value(first.isoformat())
    expect(page.locator("[name=wall_time]")).to_have_value("18:00")
    expect(page.get_by_label("Every how many weeks")).to_be_visible()
    expect(page.get_by_label("How many times")).to_be_hidden()
    tab_to(page, "Never")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    tab_to(page, "How many times")
    page.keyboard.type("4")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Check the dates")
    expect(page.get_by_text("Quiet Room").last).to_contain_text("is taken at that time: Chair Yoga")
    assert Series.objects.count() == 0
    tab_to(page, f"Leave out {clash:%A} {clash.day} {clash:%B}")
    page.keyboard.press("Space")
    tab_to(page, "Plan these classes")
    page.keyboard.press("Enter")

    expect(page.get_by_text("3 classes are planned so far.")).to_be_visible()
    series = Series.objects.get()
    assert series.skipped_days == [clash]
    starts = [clock.clinic_time(slot.starts_at) for slot in series.slots.order_by("starts_at")]
    days = [first, first + timedelta(days=7), first + timedelta(days=21)]
    assert [start.replace(tzinfo=None) for start in starts] == [datetime.combine(day, time(18)) for day in days]
