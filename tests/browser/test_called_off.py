"""The pages about a cancelled class, for everyone: who had booked it, whom to call, and drafts in a closure."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from accounts import roles
from booking.tasks import end_bookings_of_cancelled_slots
from core import clock
from notifications.models import Kind, Message
from scheduling.models import Slot
from scheduling.operations import Scope, cancel_slots
from tests.browser.conftest import PHONE
from tests.browser.test_calendar import OpenPage
from tests.browser.test_every_page import fits_320_pixels, violations_on_all_screens
from tests.factories import (
    BookingFactory,
    ClosureFactory,
    InstructorFactory,
    PatientFactory,
    PaymentFactory,
    SlotFactory,
    UserFactory,
)

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

PEOPLE = {"Kim Adler": Message.State.SENT, "Robin Beck": Message.State.BOUNCED, "Nour Haddad": Message.State.QUEUED}


@pytest.fixture
def called_off(transactional_db: None) -> Slot:
    """A class of tomorrow that was cancelled: one told, one not reached, one waiting, one without e-mail."""
    slot = SlotFactory(
        instructor=InstructorFactory(user__name="Asha Lind"),
        class_type__name="Gentle Back Care",
        starts_at=clock.now() + timedelta(days=1),
    )
    bookings = {
        name: BookingFactory(slot=slot, patient=PatientFactory(name=name, phone="+49 30 901820")) for name in PEOPLE
    }
    PaymentFactory(order=bookings["Kim Adler"].order)
    by_phone = PatientFactory(account=None, is_account_holder=False, name="Toni May", phone="+49 30 1234567")
    BookingFactory(slot=slot, patient=by_phone, booked_by=UserFactory(), order=None, price=0)
    cancel_slots(slot=slot, scope=Scope.THIS, reason="Burst pipe", revision=0, by=slot.instructor.user)
    end_bookings_of_cancelled_slots()
    for name, state in PEOPLE.items():
        sent = {"sent_at": clock.now(), "subject": "Cancelled"} if state == Message.State.SENT else {}
        messages = Message.objects.filter(booking=bookings[name], kind=Kind.CLASS_CANCELLED)
        later = clock.now() + timedelta(days=1)
        messages.update(state=state, next_try_at=later, drop_after=later, **sent)
    return slot


@pytest.mark.parametrize("role", [roles.MANAGER, roles.FRONT_DESK, roles.INSTRUCTOR])
def test_who_had_booked_is_for_everyone(called_off: Slot, open_page: OpenPage, role: str) -> None:
    user = called_off.instructor.user if role == roles.INSTRUCTOR else UserFactory(role=role)
    day = clock.clinic_time(called_off.starts_at).date().isoformat()
    page = open_page(PHONE, as_user=user, reduced_motion="reduce")

    page.goto(f"/desk/?day={day}" if role == roles.FRONT_DESK else f"/teach/slots/{called_off.pk}/")

    expect(page.get_by_text("2 people to call")).to_be_visible()
    expect(page.get_by_role("link", name="+49 30 1234567")).to_have_count(0 if role == roles.INSTRUCTOR else 1)
    assert violations_on_all_screens(page) == []
    assert fits_320_pixels(page)


def test_the_choices_for_a_draft_are_for_everyone(called_off: Slot, open_page: OpenPage) -> None:
    closure = ClosureFactory(reason="Painters", starts_at=clock.now() + timedelta(days=3))
    for name, state in (("Steady Core", Slot.State.DRAFT), ("Evening Rest", Slot.State.PUBLISHED)):
        SlotFactory(starts_at=closure.starts_at + timedelta(hours=1), state=state, class_type__name=name)
    page = open_page(PHONE, as_user=UserFactory(role=roles.MANAGER), reduced_motion="reduce")

    page.goto(f"/manage/closures/{closure.pk}/")
    page.get_by_role("button", name="Keep the draft Steady Core").press("Enter")

    expect(page.get_by_text("It stays a draft until you publish it.")).to_be_visible()
    expect(page.get_by_role("button", name="Keep the")).to_have_count(1)
    assert violations_on_all_screens(page) == []
    assert fits_320_pixels(page)
