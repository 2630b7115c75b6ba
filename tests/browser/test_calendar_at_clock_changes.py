"""The calendar on nights on which the clocks change: asks which of two equal times, refuses one that is left out."""

from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from core import clock
from scheduling.models import Slot
from tests.browser.conftest import LAPTOP
from tests.browser.test_calendar import OpenPage, Week, begins, drag, entry, open_week, point, week
from tests.browser.test_every_page import violations
from tests.factories import BookingFactory, SlotFactory

__all__ = ["week"]  # a fixture

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

HOUR = timedelta(hours=1)


def night_of_change(*, length: timedelta) -> date:
    """The next Sunday at the clinic that lasts so long, from next week on."""
    today = clock.clinic_today()
    days = (today + timedelta(days=ahead) for ahead in range(8, 400))
    return next(day for day in days if clock.day_bounds(day)[1] - clock.day_bounds(day)[0] == length)


@pytest.fixture
def sunday_of_25_hours(week: Week) -> Slot:
    """A class at 01:30 on the day before the clocks are set back; the week is that one."""
    return _on_the_eve(week, night_of_change(length=25 * HOUR))


@pytest.fixture
def sunday_of_23_hours(week: Week) -> Slot:
    """The same before the clocks are put forward."""
    return _on_the_eve(week, night_of_change(length=23 * HOUR))


def _on_the_eve(week: Week, sunday: date) -> Slot:
    week.monday = sunday - timedelta(days=6)
    start = clock.day_bounds(week.day(5))[0] + 1.5 * HOUR
    return SlotFactory(instructor=week.instructor, class_type=week.class_type, room=week.room, starts_at=start)


def drag_to_half_past_two(page: Page, week: Week) -> None:
    drag(page, point(page, week.day(5), 1.5), point(page, week.day(6), 2.5))


def which_of_two(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Which of the two?")


def utc(week: Week, hour: int) -> datetime:
    return datetime.combine(week.day(6), datetime.min.time(), UTC) + timedelta(hours=hour, minutes=30)


class TestATimeThatHappensTwice:
    @pytest.mark.parametrize(("which", "hour"), [("first", 0), ("second", 1)], ids=["first", "second"])
    def test_is_asked_about_and_the_answer_holds(
        self, week: Week, sunday_of_25_hours: Slot, open_page: OpenPage, which: str, hour: int
    ) -> None:
        page = open_week(open_page, week)

        drag_to_half_past_two(page, week)
        dialog = which_of_two(page)
        expect(dialog).to_contain_text("happens twice in Berlin, because the clocks are set back that night")
        dialog.get_by_label(f"the {which} one").check()
        dialog.get_by_role("button", name="Go on").click()

        expect(page.get_by_role("status").filter(has_text="Changed: Gentle Back Care")).to_be_visible()
        sunday_of_25_hours.refresh_from_db()
        assert sunday_of_25_hours.starts_at == utc(week, hour)

    def test_is_chosen_by_keyboard_and_nothing_is_chosen_beforehand(
        self, week: Week, sunday_of_25_hours: Slot, open_page: OpenPage
    ) -> None:
        page = open_week(open_page, week)

        entry(page, sunday_of_25_hours).press("Enter")
        panel = page.get_by_role("complementary", name="The chosen class")
        panel.get_by_label("Date").fill(week.day(6).isoformat())
        panel.get_by_label("Begins at").fill("02:30")
        panel.get_by_label("Begins at").press("Enter")
        first = which_of_two(page).get_by_label("the first one")
        expect(first).to_be_focused()
        page.keyboard.press("Enter")  # without an answer nothing is sent
        expect(which_of_two(page)).to_be_visible()
        expect(which_of_two(page).get_by_role("radio", checked=True)).to_have_count(0)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")

        expect(page.get_by_role("status").filter(has_text="Changed: Gentle Back Care")).to_be_visible()
        sunday_of_25_hours.refresh_from_db()
        assert sunday_of_25_hours.starts_at == utc(week, 1)

    @pytest.mark.parametrize("leave", ["Escape", "Leave it"], ids=["escape", "button"])
    def test_left_alone_snaps_back(self, week: Week, sunday_of_25_hours: Slot, open_page: OpenPage, leave: str) -> None:
        page = open_week(open_page, week)
        before = entry(page, sunday_of_25_hours).bounding_box()

        drag_to_half_past_two(page, week)
        expect(which_of_two(page)).to_be_visible()
        if leave == "Escape":
            page.keyboard.press("Escape")
        else:
            which_of_two(page).get_by_role("button", name=leave).click()

        expect(which_of_two(page)).to_be_hidden()
        assert entry(page, sunday_of_25_hours).bounding_box() == before
        assert begins(sunday_of_25_hours) == "Sat 01:30 60"

    def test_goes_on_to_ask_about_those_who_have_booked(
        self, week: Week, sunday_of_25_hours: Slot, open_page: OpenPage
    ) -> None:
        BookingFactory(slot=sunday_of_25_hours)
        page = open_week(open_page, week)

        drag_to_half_past_two(page, week)
        which_of_two(page).get_by_label("the second one").check()
        which_of_two(page).get_by_role("button", name="Go on").click()
        dialog = page.get_by_role("dialog", name="Change this class?")
        expect(dialog).to_contain_text("1 booked patient is told")
        dialog.get_by_role("button", name="Change it").click()

        expect(page.get_by_role("status").filter(has_text="1 patient is told.")).to_be_visible()
        sunday_of_25_hours.refresh_from_db()
        assert sunday_of_25_hours.starts_at == utc(week, 1)

    def test_is_asked_about_by_the_form_where_a_class_is_drawn(
        self, week: Week, sunday_of_25_hours: Slot, open_page: OpenPage
    ) -> None:
        page = open_week(open_page, week, expect_errors=True)  # the form comes back as a 422

        drag(page, point(page, week.day(6), 2.5), point(page, week.day(6), 3.25))
        page.get_by_label("Class type").select_option(label="Gentle Back Care")
        page.get_by_label("Room").select_option(value=str(week.room.pk))
        page.get_by_role("button", name="Publish").click()
        page.get_by_label("The second 02:30").check()
        page.get_by_role("button", name="Publish").click()

        expect(page.get_by_text("Published: Gentle Back Care")).to_be_visible()
        drawn = Slot.objects.exclude(pk=sunday_of_25_hours.pk).get()
        assert drawn.starts_at == utc(week, 1)

    def test_the_question_is_for_everyone(self, week: Week, sunday_of_25_hours: Slot, open_page: OpenPage) -> None:
        page = open_week(open_page, week, reduced_motion="reduce")

        drag_to_half_past_two(page, week)
        expect(which_of_two(page)).to_be_visible()

        assert [problem for scheme in ("light", "dark") for problem in violations(page, LAPTOP, scheme)] == []


def test_a_time_that_there_is_not_snaps_back_with_the_reason(
    week: Week, sunday_of_23_hours: Slot, open_page: OpenPage
) -> None:
    page = open_week(open_page, week, expect_errors=True)
    before = entry(page, sunday_of_23_hours).bounding_box()

    drag_to_half_past_two(page, week)

    alert = page.get_by_role("alert").filter(has_text="the clocks jump over it that night")
    expect(alert).to_contain_text("There is no 02:30 on Sunday")
    assert entry(page, sunday_of_23_hours).bounding_box() == before
    assert begins(sunday_of_23_hours) == "Sat 01:30 60"
