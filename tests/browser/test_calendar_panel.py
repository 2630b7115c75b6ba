"""The panel beside the calendar: whoever comes second goes on in it, and a double click moves once."""

from datetime import time, timedelta

import pytest
from playwright.sync_api import expect

from core import clock
from scheduling.models import Slot
from tests.browser.test_calendar import OpenPage, Week, begins, entry, open_week, week

__all__ = ["week"]  # the fixture

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]


def test_who_comes_second_goes_on_in_the_panel_with_what_was_typed(week: Week, open_page: OpenPage) -> None:
    slot = week.slot(1, 9)
    page = open_week(open_page, week, expect_errors=True)
    entry(page, slot).press("Enter")
    panel = page.get_by_role("complementary", name="The chosen class")
    panel.get_by_label("Date").fill(week.day(3).isoformat())
    panel.get_by_label("Begins at").fill("14:30")
    moved = clock.instant_of(week.day(4), time(15))
    Slot.objects.filter(pk=slot.pk).update(starts_at=moved, ends_at=moved + timedelta(minutes=45), revision=1)

    panel.get_by_role("button", name="Move").press("Enter")

    alert = page.get_by_role("alert").filter(has_text="Somebody else has changed this class")
    expect(panel).to_contain_text("15:00–15:45")
    expect(panel).to_be_focused()
    expect(alert).to_be_visible()
    typed = [panel.get_by_label(name).input_value() for name in ("Date", "Begins at", "Minutes")]
    assert typed == [
        week.day(3).isoformat(),
        "14:30",
        "45",
    ]  # the minutes were not touched, so they are the others'
    assert begins(slot) == "Fri 15:00 45"

    panel.get_by_role("button", name="Move").press("Enter")

    expect(page.get_by_role("status").filter(has_text="Changed: Gentle Back Care")).to_be_visible()
    expect(alert).to_have_count(0)
    assert begins(slot) == "Thu 14:30 45"


def test_a_double_click_moves_once(week: Week, open_page: OpenPage) -> None:
    slot = week.slot(1, 9)
    page = open_week(open_page, week)
    entry(page, slot).press("Enter")
    panel = page.get_by_role("complementary", name="The chosen class")
    panel.get_by_label("Begins at").fill("14:30")

    panel.get_by_role("button", name="Move").dblclick()

    expect(page.get_by_role("status").filter(has_text="Changed: Gentle Back Care")).to_be_visible()
    slot.refresh_from_db()
    assert (begins(slot), slot.revision) == ("Tue 14:30 60", 1)
