"""The pages that only an answer to a form shows, and those of a clinic in which nothing is planned yet.

They are held to what every page must be (test_every_page.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from accounts import roles
from accounts.models import User
from core import clock
from scheduling.models import ClassType, Instructor, Room, Slot, SubstituteRequest
from tests.browser.conftest import PHONE
from tests.browser.test_every_page import WATCH_SHIFTS, fits_320_pixels, violations_on_all_screens
from tests.factories import (
    CertificateFactory,
    ClassTypeFactory,
    ClosureFactory,
    InstructorFactory,
    QualificationFactory,
    RoomFactory,
    SlotFactory,
    SubstituteRequestFactory,
    UserFactory,
)

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]


@dataclass
class Clinic:
    """Gentle Back Care in the Quiet Room, where somebody teaches a class next Tuesday at 18:00."""

    instructor: Instructor
    manager: User
    class_type: ClassType
    room: Room
    taken: Slot
    wanted: SubstituteRequest
    folder: Path

    @property
    def tuesday(self) -> date:
        return clock.clinic_time(self.taken.starts_at).date()

    def file(self, *rows: str) -> Path:
        """A timetable to import, with the given rows."""
        path = self.folder / "timetable.csv"
        path.write_text("\n".join(["class type,instructor,room,day,time,until", *rows]) + "\n")
        return path


@pytest.fixture
def clinic(transactional_db: None, tmp_path: Path) -> Clinic:
    instructor, manager = InstructorFactory(user__name="Asha Lind"), UserFactory()
    roles.assign_role(instructor.user, roles.INSTRUCTOR)
    roles.assign_role(manager, roles.MANAGER)
    room, class_type = RoomFactory(name="Quiet Room", size=12), ClassTypeFactory(name="Gentle Back Care", capacity=8)
    today = clock.clinic_today()
    tuesday = today + timedelta(days=8 - today.weekday())
    starts_at = clock.instant_of(tuesday, time(18))
    taken = SlotFactory(room=room, starts_at=starts_at)
    closed = clock.instant_of(tuesday + timedelta(days=7), time(0))
    ClosureFactory(starts_at=closed, ends_at=closed + timedelta(days=1), reason="Works")
    wanted = SubstituteRequestFactory(slot__starts_at=starts_at + timedelta(days=1))
    return Clinic(instructor, manager, class_type, room, taken, wanted, tmp_path)


def fill_series(page: Page, clinic: Clinic, *, times: int) -> None:
    page.goto("/teach/series/new/")
    page.get_by_label("Class type").select_option(label="Gentle Back Care")
    page.get_by_label("Room").select_option(str(clinic.room.pk))
    page.get_by_label("First day", exact=True).fill(clinic.tuesday.isoformat())
    page.get_by_label("Begins at").fill("18:30")
    page.get_by_label("After a number of times").check()
    page.get_by_label("How many times").fill(str(times))
    page.get_by_role("button", name="Show the dates").click()


def series_with_errors(page: Page, clinic: Clinic) -> None:
    page.goto("/teach/series/new/")
    page.locator("form.series-form").evaluate("form => { form.noValidate = true }")
    page.get_by_role("button", name="Show the dates").click()
    expect(page.get_by_role("heading", name="Please check this first")).to_be_visible()


def dates_of_a_series(page: Page, clinic: Clinic) -> None:
    fill_series(page, clinic, times=4)
    expect(page.get_by_text("1 day is not free")).to_be_visible()
    expect(page.get_by_text("closed (Works)")).to_be_visible()


def series_without_a_free_day(page: Page, clinic: Clinic) -> None:
    fill_series(page, clinic, times=2)
    expect(page.get_by_text("No day is free")).to_be_visible()


def series_just_planned(page: Page, clinic: Clinic) -> None:
    fill_series(page, clinic, times=4)
    page.get_by_role("button", name="Leave out all that are not free").click()
    page.get_by_role("button", name="Plan these classes").click()
    expect(page.get_by_text("2 classes are planned so far.")).to_be_visible()


def classes_of_a_week(page: Page, clinic: Clinic) -> None:
    page.goto(f"/teach/week/copy/?week={clinic.tuesday}")
    page.get_by_role("button", name="Show the classes").click()
    expect(page.get_by_text("1 class cannot be copied")).to_be_visible()


def class_that_cannot_be_copied(page: Page, clinic: Clinic) -> None:
    page.goto(f"/teach/slots/{clinic.taken.pk}/copy/")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("heading", name="Please check this first")).to_be_visible()


def feed_just_made(page: Page, clinic: Clinic) -> None:
    page.goto("/teach/feeds/")
    page.get_by_role("button", name="New address for my classes").click()
    expect(page.get_by_role("button", name="Copy the address").first).to_be_enabled()


def feed_of_a_location(page: Page, clinic: Clinic) -> None:
    page.goto("/teach/feeds/")
    page.get_by_role("button", name=f"New address for {clinic.room.location}").click()
    expect(page.get_by_role("heading", name=f"A new address for {clinic.room.location}")).to_be_visible()


def import_file(page: Page, file: Path) -> None:
    page.goto("/teach/import/")
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Look at the rows").click()


def rows_that_cannot_be_planned(page: Page, clinic: Clinic) -> None:
    series = "Gentle Back Care,Asha Lind,Quiet Room,Tuesday,18:00,"
    wrong = [f"{name},Asha Lind,Quiet Room,Monday,18:00," for name in ("Gentle Back Cair", "x" * 90)]
    import_file(page, clinic.file(series, *wrong, series))
    expect(page.get_by_role("heading", name="Rows that cannot be planned")).to_be_visible()


def rows_that_can_be_planned(page: Page, clinic: Clinic) -> None:
    until = clinic.tuesday + timedelta(days=21)
    rows = [f"Gentle Back Care,Asha Lind,Quiet Room,{day},09:00,{end}" for day, end in (("Tue", until), (until, ""))]
    import_file(page, clinic.file(rows[0], rows[1].replace("09:00", "11:00")))
    expect(page.get_by_role("button", name="Import all rows")).to_be_visible()


def file_that_is_no_timetable(page: Page, clinic: Clinic) -> None:
    path = clinic.file()
    path.write_bytes(b"\xff\xfe")
    import_file(page, path)
    expect(page.get_by_role("heading", name="Please check this first")).to_be_visible()


def class_without_the_qualification(page: Page, clinic: Clinic) -> None:
    clinic.class_type.qualifications.add(QualificationFactory(name="Seated practice"))
    page.goto("/teach/slots/new/")
    page.get_by_label("Class type").select_option(label="Gentle Back Care")
    page.get_by_label("Room").select_option(str(clinic.room.pk))
    page.get_by_label("Date").fill(clinic.tuesday.isoformat())
    page.get_by_label("Begins at").fill("09:00")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("link", name="does not hold Seated practice on that day")).to_be_visible()


def nobody_is_qualified(page: Page, clinic: Clinic) -> None:
    needed = QualificationFactory(name="Seated practice")
    clinic.wanted.slot.class_type.qualifications.add(needed)
    CertificateFactory(instructor=clinic.instructor, qualification=needed, expires_on=clock.clinic_today())
    page.goto(f"/teach/slots/{clinic.wanted.slot_id}/substitute/")
    expect(page.get_by_role("heading", name="Not possible")).to_be_visible()


def substitute_accepted(page: Page, clinic: Clinic) -> None:
    page.goto(f"/teach/substitutes/{clinic.wanted.pk}/")
    page.get_by_role("button", name="Accept this class").click()
    expect(page.get_by_role("link", name="Go to the class")).to_be_visible()


def closure_with_classes_in_it(page: Page, clinic: Clinic) -> None:
    page.goto("/manage/closures/")
    page.get_by_label("First day", exact=True).fill(clinic.tuesday.isoformat())
    page.get_by_label("Reason").fill("Works")
    page.get_by_role("button", name="Add closure").click()
    expect(page.get_by_text("1 class needs your decision")).to_be_visible()


ANSWERS: dict[str, tuple[str, Callable[[Page, Clinic], None]]] = {
    "series with errors": (roles.INSTRUCTOR, series_with_errors),
    "dates of a series": (roles.INSTRUCTOR, dates_of_a_series),
    "series without a free day": (roles.INSTRUCTOR, series_without_a_free_day),
    "series just planned": (roles.INSTRUCTOR, series_just_planned),
    "classes of a week": (roles.MANAGER, classes_of_a_week),
    "class that cannot be copied": (roles.MANAGER, class_that_cannot_be_copied),
    "feed just made": (roles.INSTRUCTOR, feed_just_made),
    "feed of a location just made": (roles.MANAGER, feed_of_a_location),
    "rows that cannot be planned": (roles.MANAGER, rows_that_cannot_be_planned),
    "rows that can be planned": (roles.MANAGER, rows_that_can_be_planned),
    "file that is no timetable": (roles.INSTRUCTOR, file_that_is_no_timetable),
    "class without the qualification": (roles.INSTRUCTOR, class_without_the_qualification),
    "nobody is qualified": (roles.MANAGER, nobody_is_qualified),
    "substitute accepted": (roles.INSTRUCTOR, substitute_accepted),
    "closure with classes in it": (roles.MANAGER, closure_with_classes_in_it),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_answer_is_for_everyone(name: str, clinic: Clinic, open_page: Callable[..., Page]) -> None:
    role, answer = ANSWERS[name]
    user = clinic.manager if role == roles.MANAGER else clinic.instructor.user
    # The browser complains of an answer that says 422.
    page = open_page(PHONE, as_user=user, reduced_motion="reduce", expect_errors=True)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "Security Policy" in said.text else None)
    page.add_init_script(WATCH_SHIFTS)

    answer(page, clinic)

    is_for_everyone(page)
    assert complaints == []


EMPTY = {
    "weeks": "/teach/",
    "calendar": "/teach/calendar/",
    "series": "/teach/series/",
    "feeds": "/teach/feeds/",
    "times off": "/teach/time-off/",
}


@pytest.mark.parametrize("name", EMPTY)
@pytest.mark.parametrize("is_listed", [True, False])
def test_page_of_a_new_instructor_is_for_everyone(name: str, is_listed: bool, open_page: Callable[..., Page]) -> None:
    user = InstructorFactory(is_active=is_listed).user
    roles.assign_role(user, roles.INSTRUCTOR)
    page = open_page(PHONE, as_user=user, reduced_motion="reduce")
    page.add_init_script(WATCH_SHIFTS)

    page.goto(EMPTY[name])

    expect(page.get_by_role("heading", level=1)).to_be_visible()
    is_for_everyone(page)


def test_closures_before_the_first_one_are_for_everyone(open_page: Callable[..., Page]) -> None:
    manager = UserFactory()
    roles.assign_role(manager, roles.MANAGER)
    page = open_page(PHONE, as_user=manager, reduced_motion="reduce")
    page.add_init_script(WATCH_SHIFTS)

    page.goto("/manage/closures/")

    expect(page.get_by_text("Nothing is closed")).to_be_visible()
    is_for_everyone(page)


def is_for_everyone(page: Page) -> None:
    """Nothing jumped while the page came, axe finds nothing on any screen, and 320 px are enough."""
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.shifts") == 0
    assert violations_on_all_screens(page) == []
    assert fits_320_pixels(page)
