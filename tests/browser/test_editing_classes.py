"""Changing planned classes in a real browser, by keyboard only: one class, and a whole series."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from accounts import roles
from accounts.roles import assign_role
from booking.models import Booking
from core import clock
from scheduling.models import Instructor, Slot
from scheduling.operations import start_series
from tests.browser.conftest import LAPTOP, PHONE
from tests.browser.test_every_page import violations
from tests.browser.test_main_path import tab_to
from tests.factories import (
    BookingFactory,
    ClassTypeFactory,
    ClosureFactory,
    InstructorFactory,
    PatientFactory,
    RoomFactory,
    SeriesFactory,
    SlotFactory,
)

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

OpenPage = Callable[..., Page]


@pytest.fixture
def instructor(transactional_db: None) -> Instructor:
    asha: Instructor = InstructorFactory(user__name="Asha Lind")
    assign_role(asha.user, roles.INSTRUCTOR)
    return asha


@pytest.fixture
def slot(instructor: Instructor) -> Slot:
    """The first of four classes at 18:00, a week apart; Robin Beck has booked it."""
    parts = {"class_type": ClassTypeFactory(name="Gentle Back Care"), "room": RoomFactory(), "instructor": instructor}
    start_series(series=SeriesFactory.build(recurrence="FREQ=WEEKLY;COUNT=4", **parts))
    first = Slot.objects.order_by("starts_at")[0]
    BookingFactory(slot=first, patient=PatientFactory(name="Robin Beck"), made_at=clock.now() - timedelta(hours=1))
    return first


def tab_to_field(page: Page, name: str) -> None:
    """Press Tab until the focus is in the field of that name."""
    for _press in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name || ''") == name:
            return
    pytest.fail(f"no way to the field {name} by keyboard")


def heading(page: Page, words: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(words)


def open_change(page: Page, slot: Slot) -> None:
    page.goto(f"/teach/slots/{slot.pk}/")
    expect(page.get_by_text("Robin Beck")).to_be_visible()
    tab_to(page, "Change")
    page.keyboard.press("Enter")
    heading(page, "Change a class")


def begin_later(page: Page, hours: int) -> None:
    """Arrow up in the time field: its hours come first, whether the browser counts them to 12 or to 24."""
    tab_to_field(page, "wall_time")
    for _press in range(hours):
        page.keyboard.press("ArrowUp")


def faults(page: Page) -> list[str]:
    return [fault for scheme in ("light", "dark") for fault in violations(page, PHONE, scheme)]


def hours() -> list[int]:
    return [clock.clinic_time(slot.starts_at).hour for slot in Slot.objects.order_by("starts_at")]


def test_one_class_is_moved_by_keyboard(open_page: OpenPage, instructor: Instructor, slot: Slot) -> None:
    page = open_page(LAPTOP, as_user=instructor.user)
    open_change(page, slot)
    begin_later(page, 1)
    page.keyboard.press("Enter")
    heading(page, "Is this right?")
    expect(page.get_by_text("Robin Beck")).to_be_visible()
    assert hours() == [18, 18, 18, 18]
    tab_to(page, "Move this class and tell 1 person")
    page.keyboard.press("Enter")

    expect(page.get_by_text("1 person is told")).to_be_visible()
    assert hours() == [19, 18, 18, 18]


def test_a_whole_series_is_moved_by_keyboard(open_page: OpenPage, instructor: Instructor, slot: Slot) -> None:
    page = open_page(LAPTOP, as_user=instructor.user)
    open_change(page, slot)
    tab_to_field(page, "scope")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    begin_later(page, 2)
    page.keyboard.press("Enter")
    heading(page, "Is this right?")
    expect(page.get_by_role("heading", name="In 4 classes")).to_be_visible()
    tab_to(page, "Move 4 classes and tell 1 person")
    page.keyboard.press("Enter")

    expect(page.get_by_text("4 classes. 1 person is told.")).to_be_visible()
    assert hours() == [20, 20, 20, 20]


def test_a_class_is_cancelled_without_javascript_on_a_phone(
    open_page: OpenPage, instructor: Instructor, slot: Slot
) -> None:
    page = open_page(PHONE, as_user=instructor.user, java_script_enabled=False)
    page.goto(f"/teach/slots/{slot.pk}/")
    page.get_by_role("link", name="Cancel the class", exact=True).click()
    page.get_by_label("Why").fill("Burst pipe")
    page.get_by_role("button", name="Check whom it concerns").click()
    page.get_by_role("button", name="Cancel this class and tell 1 person").click()

    expect(page.get_by_text("Burst pipe")).to_be_visible()
    slot.refresh_from_db()
    assert slot.is_cancelled


def test_a_clash_comes_back_beside_the_field_with_what_was_typed(
    open_page: OpenPage, instructor: Instructor, slot: Slot
) -> None:
    SlotFactory(room=slot.room, starts_at=slot.starts_at + timedelta(hours=1), class_type__name="Steady Core")
    page = open_page(PHONE, as_user=instructor.user, expect_errors=True)  # the browser complains of the 422
    page.goto(f"/teach/slots/{slot.pk}/change/")
    page.locator("[name=wall_time]").fill("18:30")
    page.get_by_role("button", name="Check the change").click()

    expect(page.locator("#id_room_error")).to_contain_text("Steady Core")
    expect(page.locator("[name=wall_time]")).to_have_value("18:30")
    assert Booking.objects.get().slot.starts_at == slot.starts_at


def test_a_class_in_the_way_of_its_series_is_left_out_by_one_click(
    open_page: OpenPage, instructor: Instructor, slot: Slot
) -> None:
    third = Slot.objects.order_by("starts_at")[2]
    SlotFactory(room=slot.room, starts_at=third.starts_at + timedelta(hours=1), class_type__name="Steady Core")
    # The browser complains of the 422.
    page = open_page(PHONE, as_user=instructor.user, reduced_motion="reduce", expect_errors=True)
    page.goto(f"/teach/slots/{slot.pk}/change/")
    page.get_by_label("All upcoming classes").check()
    page.locator("[name=wall_time]").fill("18:30")
    page.get_by_role("button", name="Check the change").click()

    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_role("alert")).to_contain_text("1 class cannot be changed like this")
    assert faults(page) == []
    page.get_by_role("button", name="Change the others; leave these days as they are").click()
    expect(page.get_by_role("heading", name="1 class stays as it is")).to_be_visible()
    assert hours() == [18, 18, 18, 19, 18]
    assert faults(page) == []
    page.get_by_role("button", name="Move 3 classes and tell 1 person").click()

    expect(page.get_by_text("3 classes. 1 person is told.")).to_be_visible()
    of_series = Slot.objects.filter(series__isnull=False).order_by("starts_at")
    assert [clock.clinic_time(each.starts_at).minute for each in of_series] == [30, 30, 0, 30]


def test_the_drafts_of_a_week_are_published_without_javascript_by_keyboard(
    open_page: OpenPage, instructor: Instructor
) -> None:
    ten = clock.day_bounds(clock.clinic_today() + timedelta(days=15))[0] + timedelta(hours=10)
    closed, *_open = (
        SlotFactory(instructor=instructor, state=Slot.State.DRAFT, starts_at=ten + timedelta(hours=hours))
        for hours in (0, 1, 2)
    )
    ClosureFactory(starts_at=closed.starts_at, ends_at=closed.ends_at, reason="Boiler")
    page = open_page(PHONE, as_user=instructor.user, java_script_enabled=False)
    page.goto("/teach/")
    page.get_by_role("link", name="Publish 3 drafts").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("closed at that time (Boiler)")).to_be_visible()
    page.get_by_role("button", name="Publish 2 classes").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_text("2 classes are published.")).to_be_visible()
    expect(page.get_by_text("1 class cannot be published")).to_be_visible()
    assert list(Slot.objects.exclude(pk__in=Slot.objects.published())) == [closed]
