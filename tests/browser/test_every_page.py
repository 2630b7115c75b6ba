"""Each page, as each role sees it: axe-clean in both schemes, no sideways scrolling at 320 px, nothing that jumps."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from accounts import roles
from accounts.models import User
from booking.models import Booking
from core import clock
from notifications.models import Message
from payments.models import Refund
from scheduling.models import Closure, Series, Slot, SubstituteRequest, TimeOff
from scheduling.operations import stamp_series
from tests.browser.conftest import LAPTOP, PHONE
from tests.factories import (
    BookingFactory,
    CertificateFactory,
    ClosureFactory,
    InstructorFactory,
    MessageFactory,
    PatientFactory,
    RefundFactory,
    SeriesFactory,
    SlotFactory,
    StripeEventFactory,
    SubstituteRequestFactory,
    TimeOffFactory,
    UserFactory,
)

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
NARROW = {"width": 320, "height": 640}
WATCH_SHIFTS = """
    window.shifts = 0
    new PerformanceObserver((seen) => {
        for (const entry of seen.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value
    }).observe({type: "layout-shift", buffered: true})
"""


@dataclass
class House:
    """One of everything that a page can show."""

    open_slot: Slot
    full_slot: Slot
    draft: Slot
    series: Series
    taught: Slot
    hold: Booking
    confirmed: Booking
    released: Booking
    message: Message
    wanted: SubstituteRequest
    own_wanted: SubstituteRequest
    closure: Closure
    time_off: TimeOff
    people: dict[str, User]


@pytest.fixture
def house() -> House:
    instructor = InstructorFactory()
    roles.assign_role(instructor.user, roles.INSTRUCTOR)
    patient = PatientFactory()
    assert patient.account
    roles.assign_role(patient.account, roles.PATIENT)
    people = {roles.INSTRUCTOR: instructor.user, roles.PATIENT: patient.account}
    for role in (roles.FRONT_DESK, roles.MANAGER):
        people[role] = UserFactory()
        roles.assign_role(people[role], role)
    full = SlotFactory(capacity=1)
    SlotFactory(instructor=full.instructor, starts_at=full.starts_at + timedelta(days=1))
    BookingFactory(slot=full)
    confirmed = BookingFactory(patient=patient)
    taught = SlotFactory(instructor=instructor, starts_at=clock.now() + timedelta(days=6))
    BookingFactory(slot=taught)
    message = MessageFactory(booking=confirmed)
    RefundFactory(payment__order=confirmed.order, state=Refund.State.FAILED, error="expired_or_canceled_card")
    StripeEventFactory(quarantined="amount of the payment is 1, the order says 1800")
    own_wanted = SubstituteRequestFactory(slot__instructor=instructor, slot__starts_at=clock.now() + timedelta(days=5))
    CertificateFactory(instructor=instructor, expires_on=clock.clinic_today() + timedelta(days=3))
    series = SeriesFactory(instructor=instructor)
    stamp_series(series=series)
    return House(
        wanted=SubstituteRequestFactory(slot__starts_at=clock.now() + timedelta(days=6)),
        own_wanted=own_wanted,
        open_slot=SlotFactory(),
        full_slot=full,
        series=series,
        draft=SlotFactory(state=Slot.State.DRAFT, instructor=instructor),
        taught=taught,
        hold=BookingFactory(patient=patient, state=Booking.State.HELD),
        confirmed=confirmed,
        released=BookingFactory(patient=patient, state=Booking.State.RELEASED),
        message=message,
        closure=ClosureFactory(starts_at=full.starts_at, ends_at=full.ends_at),
        time_off=TimeOffFactory(instructor=instructor, starts_at=taught.starts_at, ends_at=taught.ends_at),
        people=people,
    )


PAGES: dict[str, tuple[str | None, str]] = {
    "landing page": (None, "/"),
    "article": (None, "/articles/how-yoga-helps-back-pain/"),
    "imprint": (None, "/imprint/"),
    "privacy": (None, "/privacy/"),
    "timetable": (None, "/timetable/"),
    "timetable without a match": (None, "/timetable/?focus=alignment"),
    "timetable that begins full": (None, "/timetable/?instructor={full_slot.instructor_id}"),
    "timetable as a week": (None, "/timetable/?view=week"),
    "class": (None, "/slots/{open_slot.pk}/"),
    "full class": (roles.PATIENT, "/slots/{full_slot.pk}/"),
    "own class": (roles.PATIENT, "/slots/{confirmed.slot_id}/"),
    "sign in": (None, "/accounts/login/"),
    "style guide": (None, "/styleguide/"),
    "no such page": (None, "/no/such/page/"),
    "my bookings": (roles.PATIENT, "/my/"),
    "held place": (roles.PATIENT, "/my/bookings/{hold.pk}/"),
    "confirmed booking": (roles.PATIENT, "/my/bookings/{confirmed.pk}/"),
    "released booking": (roles.PATIENT, "/my/bookings/{released.pk}/"),
    "giving a place back": (roles.PATIENT, "/my/bookings/{hold.pk}/give-up/"),
    "profile": (roles.PATIENT, "/my/profile/"),
    "preferences": (roles.PATIENT, "/my/messages/"),
    "instructor's classes": (roles.INSTRUCTOR, "/teach/"),
    "calendar": (roles.INSTRUCTOR, "/teach/calendar/"),
    "manager's calendar": (roles.MANAGER, "/teach/calendar/"),
    "new class": (roles.INSTRUCTOR, "/teach/slots/new/"),
    "draft": (roles.INSTRUCTOR, "/teach/slots/{draft.pk}/"),
    "class that needs a substitute": (roles.MANAGER, "/teach/substitutes/{wanted.pk}/"),
    "class to be accepted": (roles.INSTRUCTOR, "/teach/substitutes/{wanted.pk}/"),
    "looking for a substitute": (roles.INSTRUCTOR, "/teach/slots/{own_wanted.slot_id}/substitute/"),
    "assigning a substitute": (roles.MANAGER, "/teach/slots/{wanted.slot_id}/substitute/"),
    "instructor": (None, "/instructors/{own_wanted.instead_of_id}/"),
    "import of a timetable": (roles.MANAGER, "/teach/import/"),
    "series": (roles.MANAGER, "/teach/series/"),
    "one series": (roles.INSTRUCTOR, "/teach/series/{series.pk}/"),
    "new series": (roles.INSTRUCTOR, "/teach/series/new/"),
    "copying a class": (roles.INSTRUCTOR, "/teach/slots/{draft.pk}/copy/"),
    "copying a week": (roles.MANAGER, "/teach/week/copy/"),
    "publishing a week": (roles.MANAGER, "/teach/week/publish/?from={draft.starts_at:%Y-%m-%d}"),
    "calendar feeds": (roles.INSTRUCTOR, "/teach/feeds/"),
    "times off": (roles.INSTRUCTOR, "/teach/time-off/"),
    "time off": (roles.INSTRUCTOR, "/teach/time-off/{time_off.pk}/"),
    "closures": (roles.MANAGER, "/manage/closures/"),
    "closure": (roles.MANAGER, "/manage/closures/{closure.pk}/"),
    "planned class": (roles.INSTRUCTOR, "/teach/slots/{taught.pk}/"),
    "changing a class": (roles.INSTRUCTOR, "/teach/slots/{taught.pk}/change/"),
    "changing a draft": (roles.INSTRUCTOR, "/teach/slots/{draft.pk}/change/"),
    "cancelling a class": (roles.INSTRUCTOR, "/teach/slots/{taught.pk}/cancel/"),
    "day sheet": (roles.FRONT_DESK, "/desk/?day={open_slot.starts_at:%Y-%m-%d}"),
    "failed refunds": (roles.FRONT_DESK, "/desk/refunds/"),
    "message log": (roles.FRONT_DESK, "/desk/messages/"),
    "message": (roles.FRONT_DESK, "/desk/messages/{message.pk}/"),
    "manager's hub": (roles.MANAGER, "/manage/"),
}


@pytest.mark.parametrize("name", PAGES)
def test_page_is_for_everyone(name: str, house: House, open_page: Callable[..., Page]) -> None:
    role, address = PAGES[name]
    user = house.people[role] if role else None

    status = 404 if name == "no such page" else 200
    # The browser complains of what is missing, and that our scripts may not run in the frame of a message.
    page = open_page(PHONE, as_user=user, reduced_motion="reduce", expect_errors=status == 404 or name == "message")
    page.add_init_script(WATCH_SHIFTS)
    answer = page.goto(address.format(**vars(house)))
    page.wait_for_load_state("networkidle")

    assert answer is not None and answer.status == status
    assert violations_on_all_screens(page) == []
    assert fits_320_pixels(page)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.reload()
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.shifts") == 0


def violations_on_all_screens(page: Page) -> list[str]:
    """What axe-core finds on a phone and on a laptop, light and dark."""
    screens = [(viewport, scheme) for viewport in (PHONE, LAPTOP) for scheme in ("light", "dark")]
    return [problem for screen in screens for problem in violations(page, *screen)]


def fits_320_pixels(page: Page) -> bool:
    """Whether nothing has to be scrolled sideways on the narrowest screen, to which the page is set."""
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    return bool(page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"])


def violations(page: Page, viewport: dict[str, int], scheme: str) -> list[str]:
    """What axe-core finds, one line for each place."""
    page.set_viewport_size(viewport)  # type: ignore[arg-type]
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())  # past the page's own policy, which allows no foreign scripts
    found: Any = page.evaluate(f"axe.run({{runOnly: {json.dumps(RULES)}, iframes: false}})")
    return [
        f"{viewport['width']} {scheme}: {problem['id']} at {node['target']}: {node['failureSummary']}"
        for problem in found["violations"]
        for node in problem["nodes"]
    ]


def test_control_axe_finds_what_is_wrong(open_page: Callable[..., Page]) -> None:
    page = open_page(PHONE, expect_errors=True)
    page.goto("/")
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=/x.png>')")

    found = violations(page, PHONE, "light")

    assert any("image-alt" in problem for problem in found)
