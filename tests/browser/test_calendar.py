"""The calendar: drawn, moved and resized by mouse, the same by keyboard, refused with the reason, a list on a phone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts import roles
from core import clock
from scheduling.models import ClassType, Instructor, Room, Series, Slot
from scheduling.operations import stamp_series
from tests.browser.conftest import LAPTOP, PHONE
from tests.browser.product import eventually
from tests.browser.test_every_page import violations
from tests.factories import (
    BookingFactory,
    ClassTypeFactory,
    ClosureFactory,
    InstructorFactory,
    RoomFactory,
    SeriesFactory,
    SlotFactory,
    TimeOffFactory,
)

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

OpenPage = Callable[..., Page]

BOXES = """(element) => ["", " .entry-name", " .entry-hours", " .entry-taken", " .entry-until"].map(
    (part) => (part ? element.querySelector(part) : element).getBoundingClientRect().toJSON()
)"""


@dataclass
class Week:
    """Next week at the clinic, and who teaches in it."""

    monday: date
    instructor: Instructor
    class_type: ClassType
    room: Room

    def day(self, ahead: int) -> date:
        return self.monday + timedelta(days=ahead)

    def slot(self, ahead: int, hour: int, **fields: object) -> Slot:
        """A class of an hour, so many days after the Monday."""
        values = {"class_type": self.class_type, "instructor": self.instructor, "room": self.room} | fields
        return SlotFactory(starts_at=clock.instant_of(self.day(ahead), time(hour)), **values)

    def series(self) -> Series:
        """Three Wednesdays at 10:00."""
        made = SeriesFactory(
            class_type=self.class_type,
            instructor=self.instructor,
            room=self.room,
            starts_on=self.day(2),
            ends_on=self.day(16),
            wall_time=time(10),
        )
        stamp_series(series=made)
        return made

    @property
    def address(self) -> str:
        return f"/teach/calendar/?day={self.day(1).isoformat()}"


@pytest.fixture
def week(transactional_db: None) -> Week:
    instructor = InstructorFactory()
    roles.assign_role(instructor.user, roles.INSTRUCTOR)
    today = clock.clinic_today()
    monday = today + timedelta(days=7 - today.weekday())
    return Week(monday, instructor, ClassTypeFactory(name="Gentle Back Care"), RoomFactory(name="Quiet Room"))


def open_week(open_page: OpenPage, week: Week, **options: object) -> Page:
    page = open_page(LAPTOP, as_user=week.instructor.user, **options)
    page.goto(week.address)
    expect(page.locator(".fc-timegrid")).to_be_visible()
    page.wait_for_load_state("networkidle")
    return page


def entry(page: Page, slot: Slot) -> Locator:
    return page.locator(f'#calendar-grid a[href="/teach/slots/{slot.pk}/"]')


def point(page: Page, day: date, hours: float) -> tuple[float, float]:
    """Where on the screen a moment of the grid is, in the middle of its first quarter of an hour."""
    lane = page.locator(f'.fc-timegrid-slot-lane[data-time="{int(hours):02}:{int(hours % 1 * 60):02}:00"]')
    column = page.locator(f'.fc-timegrid-col[data-date="{day.isoformat()}"]')
    across, down = column.bounding_box(), lane.bounding_box()
    assert across and down
    return across["x"] + across["width"] / 2, down["y"] + down["height"] / 2


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=12)
    page.mouse.move(*end)
    page.mouse.up()


def begins(slot: Slot) -> str:
    """The day and hour of a class on the clinic's clock, as the database has it."""
    slot.refresh_from_db()
    return f"{clock.clinic_time(slot.starts_at):%a %H:%M} {slot.minutes}"


def turns_to(slot: Slot, when: str) -> None:
    eventually(lambda: begins(slot) == when, f"{slot} to be {when}")


class TestByMouse:
    def test_drawing_opens_the_form_with_day_time_and_length(self, week: Week, open_page: OpenPage) -> None:
        page = open_week(open_page, week)

        drag(page, point(page, week.day(3), 9), point(page, week.day(3), 10))  # to the end of that half hour

        expect(page.get_by_role("heading", name="New class")).to_be_visible()
        assert page.get_by_label("Date").input_value() == week.day(3).isoformat()
        assert page.get_by_label("Begins at").input_value() in ("09:00", "09:00:00")
        assert page.get_by_label("Minutes").input_value() in ("75", "90")

    def test_a_mere_click_plans_nothing(self, week: Week, open_page: OpenPage) -> None:
        page = open_week(open_page, week)

        page.mouse.click(*point(page, week.day(3), 9))

        expect(page).to_have_url(f"{week.address}")

    def test_a_class_is_moved(self, week: Week, open_page: OpenPage) -> None:
        slot = week.slot(1, 9)
        page = open_week(open_page, week)

        drag(page, point(page, week.day(1), 9), point(page, week.day(3), 11))

        expect(page.get_by_role("status").filter(has_text="Changed: Gentle Back Care")).to_be_visible()
        assert begins(slot) == "Thu 11:00 60"
        expect(entry(page, slot)).to_contain_text("11:00–12:00")

    def test_a_class_is_made_longer(self, week: Week, open_page: OpenPage) -> None:
        slot = week.slot(1, 9)
        page = open_week(open_page, week)
        entry(page, slot).hover()
        box = entry(page, slot).bounding_box()
        assert box

        drag(page, (box["x"] + box["width"] / 2, box["y"] + box["height"] - 2), point(page, week.day(1), 10.5))

        turns_to(slot, "Tue 09:00 105")

    @pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Los_Angeles"])
    def test_hours_are_the_clinics_wherever_the_browser_is(self, week: Week, open_page: OpenPage, zone: str) -> None:
        slot = week.slot(1, 9)
        page = open_week(open_page, week, timezone_id=zone)
        expect(entry(page, slot)).to_contain_text("09:00–10:00")

        drag(page, point(page, week.day(1), 9), point(page, week.day(2), 12))

        turns_to(slot, "Wed 12:00 60")

    def test_a_clash_is_refused_with_its_reason_and_snaps_back(self, week: Week, open_page: OpenPage) -> None:
        slot, other = week.slot(1, 9), week.slot(3, 11, class_type__name="Steady Core", class_type=ClassTypeFactory())
        page = open_week(open_page, week, expect_errors=True)
        before = entry(page, slot).bounding_box()

        drag(page, point(page, week.day(1), 9), point(page, week.day(3), 11))

        alert = page.get_by_role("alert").filter(has_text="is taken at that time")
        expect(alert).to_contain_text(other.class_type.name)
        assert entry(page, slot).bounding_box() == before
        assert begins(slot) == "Tue 09:00 60"

    def test_who_comes_second_is_told_and_sees_what_the_first_did(self, week: Week, open_page: OpenPage) -> None:
        slot = week.slot(1, 9)
        page = open_week(open_page, week, expect_errors=True)
        moved = clock.instant_of(week.day(4), time(15))
        Slot.objects.filter(pk=slot.pk).update(starts_at=moved, ends_at=moved + timedelta(hours=1), revision=1)

        drag(page, point(page, week.day(1), 9), point(page, week.day(3), 11))

        expect(page.get_by_role("alert").filter(has_text="Somebody else has changed this class")).to_be_visible()
        expect(entry(page, slot)).to_contain_text("15:00–16:00")
        assert begins(slot) == "Fri 15:00 60"

    def test_where_people_have_booked_it_asks_first(self, week: Week, open_page: OpenPage) -> None:
        slot = week.slot(1, 9)
        BookingFactory(slot=slot)
        page = open_week(open_page, week)

        drag(page, point(page, week.day(1), 9), point(page, week.day(3), 11))
        dialog = page.get_by_role("dialog", name="Change this class?")
        expect(dialog).to_contain_text("1 booked patient is told")
        dialog.get_by_role("button", name="Leave it").click()

        expect(entry(page, slot)).to_contain_text("09:00–10:00")
        assert begins(slot) == "Tue 09:00 60"

        drag(page, point(page, week.day(1), 9), point(page, week.day(3), 11))
        dialog.get_by_role("button", name="Change it").click()

        expect(page.get_by_role("status").filter(has_text="1 patient is told.")).to_be_visible()
        assert begins(slot) == "Thu 11:00 60"

    @pytest.mark.parametrize(
        ("scope", "hours"),
        [
            ("Only this class", ["10", "13", "10"]),
            ("This and the following classes", ["10", "13", "13"]),
            ("All upcoming classes of the series", ["13", "13", "13"]),
        ],
    )
    def test_of_a_series_it_asks_which(self, week: Week, open_page: OpenPage, scope: str, hours: list[str]) -> None:
        series = week.series()
        page = open_week(open_page, week)
        page.get_by_role("link", name="Later").click()
        expect(page.locator(".fc-event").first).to_be_visible()
        page.wait_for_load_state("networkidle")

        drag(page, point(page, week.day(9), 10), point(page, week.day(9), 13))
        dialog = page.get_by_role("dialog", name="Change this class?")
        dialog.get_by_label(scope).check()
        dialog.get_by_role("button", name="Change it").click()

        expect(page.get_by_role("status").filter(has_text="Changed: Gentle Back Care")).to_be_visible()
        slots = Slot.objects.filter(instructor=series.instructor).order_by("starts_at")
        assert [f"{clock.clinic_time(slot.starts_at):%H}" for slot in slots] == hours


class TestByKeyboard:
    def test_a_class_is_opened_and_moved(self, week: Week, open_page: OpenPage) -> None:
        slot = week.slot(1, 9)
        page = open_week(open_page, week)
        expect(entry(page, slot)).to_have_accessible_name(_words(week, slot))

        entry(page, slot).focus()
        page.keyboard.press("Enter")
        panel = page.get_by_role("complementary", name="The chosen class")
        expect(panel).to_be_focused()
        expect(panel).to_contain_text("0 of 8")
        expect(panel.get_by_role("link", name="Change")).to_have_attribute("href", f"/teach/slots/{slot.pk}/change/")
        expect(panel.get_by_role("link", name="Cancel")).to_have_attribute("href", f"/teach/slots/{slot.pk}/cancel/")
        panel.get_by_label("Date").fill(week.day(3).isoformat())
        panel.get_by_label("Begins at").fill("14:30")
        panel.get_by_label("Minutes").fill("45")
        panel.get_by_label("Minutes").press("Enter")

        expect(page.get_by_role("status").filter(has_text="Changed: Gentle Back Care")).to_be_visible()
        expect(entry(page, slot)).to_contain_text("14:30–15:15")
        assert begins(slot) == "Thu 14:30 45"

    def test_escape_closes_the_panel_and_leads_back(self, week: Week, open_page: OpenPage) -> None:
        slot = week.slot(1, 9)
        page = open_week(open_page, week)

        entry(page, slot).press("Enter")
        expect(page.get_by_role("complementary", name="The chosen class")).to_be_focused()
        page.keyboard.press("Escape")

        expect(page.get_by_role("complementary", name="The chosen class")).to_be_hidden()
        expect(entry(page, slot)).to_be_focused()

    def test_a_refused_move_leaves_the_panel_with_what_was_typed(self, week: Week, open_page: OpenPage) -> None:
        slot, _other = week.slot(1, 9), week.slot(3, 11)
        page = open_week(open_page, week, expect_errors=True)

        entry(page, slot).press("Enter")
        panel = page.get_by_role("complementary", name="The chosen class")
        panel.get_by_label("Date").fill(week.day(3).isoformat())
        panel.get_by_label("Begins at").fill("11:30")
        panel.get_by_role("button", name="Move").press("Enter")

        expect(page.get_by_role("alert").filter(has_text="is taken at that time")).to_be_visible()
        assert panel.get_by_label("Begins at").input_value() == "11:30"

    def test_days_and_views_are_changed_in_the_address_too(self, week: Week, open_page: OpenPage) -> None:
        slot = week.slot(8, 9)
        page = open_week(open_page, week)

        page.get_by_role("link", name="Later").press("Enter")
        expect(entry(page, slot)).to_be_visible()
        expect(page).to_have_url(f"/teach/calendar/?view=week&day={week.day(7).isoformat()}")
        expect(page.get_by_role("link", name="Later")).to_have_attribute(
            "href", f"/teach/calendar/?view=week&day={week.day(14).isoformat()}"
        )
        expect(page.get_by_role("link", name="Later")).to_be_focused()

        page.get_by_role("link", name="Day", exact=True).press("Enter")
        expect(page.locator(".fc-timegrid-col[data-date]")).to_have_count(1)
        expect(page.get_by_role("heading", level=2)).to_have_text(f"{week.day(7):%A %-d %B %Y}")
        expect(page.get_by_role("link", name="New class")).to_have_attribute(
            "href", f"/teach/slots/new/?day={week.day(7).isoformat()}"
        )

        page.go_back()
        expect(page.locator(".fc-timegrid-col[data-date]")).to_have_count(7)
        page.go_back()
        expect(entry(page, slot)).to_have_count(0)


def test_of_a_short_class_in_a_narrow_column_name_beginning_and_occupancy_are_seen(
    week: Week, open_page: OpenPage
) -> None:
    short = week.slot(1, 9, ends_at=clock.instant_of(week.day(1), time(9, 30)))
    page = open_week(open_page, week)
    wide = entry(page, short).inner_text()

    entry(page, short).press("Enter")
    expect(page.get_by_role("complementary", name="The chosen class")).to_be_visible()
    box, *parts, until = entry(page, short).evaluate(BOXES)  # all at one moment: the page may be scrolling

    assert "09:00–09:30" in wide
    assert until["width"] <= 1
    assert all(part["bottom"] <= box["bottom"] + 1 for part in parts)
    name, hours, taken = (part["y"] for part in parts)
    assert name < hours == taken


def test_a_phone_shows_a_list(week: Week, open_page: OpenPage) -> None:
    slot = week.slot(1, 9)
    page = open_page(PHONE, as_user=week.instructor.user)

    page.goto(week.address)
    page.wait_for_load_state("networkidle")

    expect(page.locator(".fc")).to_have_count(0)
    expect(page.get_by_role("heading", name=f"{week.day(1):%A %-d %B}")).to_be_visible()
    page.get_by_role("link", name="Gentle Back Care").click()
    expect(page.get_by_role("heading", name="Gentle Back Care", level=1)).to_be_visible()
    assert f"/teach/slots/{slot.pk}/" in page.url


def test_a_screen_turned_upright_shows_the_list_without_loading_again(week: Week, open_page: OpenPage) -> None:
    early = week.slot(1, 5)
    page = open_week(open_page, week)
    expect(entry(page, early)).to_be_visible()
    page.evaluate("window.isTheSame = true")

    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.wait_for_load_state("networkidle")

    expect(page.locator(".agenda-slot").get_by_role("link", name="Gentle Back Care")).to_be_visible()
    assert page.evaluate("window.isTheSame") is True


def test_without_script_the_list_stands_on_a_laptop_too(week: Week, open_page: OpenPage) -> None:
    week.slot(1, 9)
    page = open_page(LAPTOP, as_user=week.instructor.user, java_script_enabled=False)

    page.goto(week.address)

    expect(page.get_by_role("link", name="Gentle Back Care")).to_be_visible()
    page.get_by_role("link", name="As a table").click()
    page.get_by_role("link", name="Calendar", exact=True).click()
    expect(page.get_by_role("heading", name="Calendar", level=1)).to_be_visible()


def test_it_is_for_everyone_with_everything_in_it(week: Week, open_page: OpenPage) -> None:
    slots = [week.slot(1, 9), week.slot(1, 11, state=Slot.State.DRAFT), week.slot(2, 9, state=Slot.State.CANCELLED)]
    for hour in range(9, 17):
        week.slot(4, hour, class_type=ClassTypeFactory())
    _shades(week)
    page = open_week(open_page, week, reduced_motion="reduce")

    problems = [problem for scheme in ("light", "dark") for problem in violations(page, LAPTOP, scheme)]
    entry(page, slots[0]).press("Enter")
    expect(page.get_by_role("complementary", name="The chosen class")).to_be_visible()
    problems += [problem for scheme in ("light", "dark") for problem in violations(page, LAPTOP, scheme)]
    phone = open_page(PHONE, as_user=week.instructor.user)
    phone.goto(week.address)
    problems += [problem for scheme in ("light", "dark") for problem in violations(phone, PHONE, scheme)]

    assert problems == []
    assert page.evaluate("document.documentElement.scrollWidth") <= LAPTOP["width"]


def _shades(week: Week) -> None:
    start = clock.instant_of(week.day(3), time(9))
    ClosureFactory(starts_at=start, ends_at=start + timedelta(hours=8), reason="Works")
    start = clock.instant_of(week.day(5), time(0))
    TimeOffFactory(instructor=week.instructor, starts_at=start, ends_at=start + timedelta(days=2))


def _words(week: Week, slot: Slot) -> str:
    day = clock.format_day(week.day(1))
    return f"{day}, 0 of 8 places taken, 09:00–10:00 Gentle Back Care {slot.room} {slot.instructor.name}"
