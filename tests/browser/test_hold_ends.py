"""A page with a hold, left open until the hold's time is over, says so by itself and offers no payment any more."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.models import Patient
from booking.models import Booking
from core import clock
from tests.browser.product import Product
from tests.factories import BookingFactory, PatientFactory

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

OpenPage = Callable[..., Page]


@pytest.fixture
def patient(transactional_db: None) -> Patient:
    person: Patient = PatientFactory()
    return person


@pytest.fixture
def hold(patient: Patient) -> Booking:
    booking: Booking = BookingFactory(
        patient=patient, state=Booking.State.HELD, hold_expires_at=clock.now() + timedelta(seconds=8)
    )
    return booking


def pay_button(page: Page) -> Locator:
    return page.get_by_role("button", name="Pay")


@pytest.mark.parametrize("address", ["/my/bookings/{hold.pk}/", "/my/", "/slots/{hold.slot_id}/"])
def test_an_open_page_turns_when_the_hold_ends(
    open_page: OpenPage, product: Product, patient: Patient, hold: Booking, address: str
) -> None:
    page = open_page(as_user=patient.account)
    page.goto(address.format(hold=hold))
    expect(page.locator("#main")).to_contain_text("Less than a minute left to pay")
    expect(pay_button(page)).to_have_count(1)

    expect(pay_button(page)).to_have_count(0, timeout=20_000)
    expect(page.locator("#main")).not_to_contain_text("left to pay")
    expect(page.locator("#main")).not_to_contain_text("is held")


def test_the_end_of_a_hold_is_also_said_in_the_own_time_of_somebody_elsewhere(
    open_page: OpenPage, product: Product, patient: Patient
) -> None:
    until = clock.now() + timedelta(minutes=30)
    hold = BookingFactory(patient=patient, state=Booking.State.HELD, hold_expires_at=until)
    page = open_page(as_user=patient.account, timezone_id="Asia/Kolkata")
    page.goto(f"/my/bookings/{hold.pk}/")

    in_kolkata = until + timedelta(hours=5, minutes=30)  # of UTC
    expect(page.locator(".time-left")).to_contain_text(f"{in_kolkata:%H:%M} your time")
