"""A hold that can be paid for no more says so, and names no page to pay on, before the sweep has freed its place."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings

from accounts.models import Patient
from booking.models import Booking
from booking.operations import end_for_cancelled_slot, give_up_hold, release_hold
from booking.operations.pay import ClassIsCancelled, HoldIsOver, start_payment
from core import clock
from payments.operations import CheckoutOutcome
from scheduling.operations import Scope, cancel_slots
from tests.api.client import DescribedClient
from tests.factories import BookingFactory

pytestmark = pytest.mark.django_db

Moment = Callable[[timedelta], None]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Moment:
    """Stand so long after now."""
    now = clock.now()

    def stand(after: timedelta) -> None:
        monkeypatch.setattr(clock, "reading", lambda: now + after)

    stand(timedelta())
    return stand


@pytest.fixture
def hold(patient: Patient, later: Moment) -> Booking:
    return BookingFactory(patient=patient, state=Booking.State.HELD)


@pytest.fixture
def _stripe_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("booking.operations.hold.close_checkout", lambda order: CheckoutOutcome.UNKNOWN)


def read(api: DescribedClient, booking: Booking) -> tuple[str, Any]:
    """The state and the page to pay on, once by itself and once in the list: both say the same."""
    found = api.get(f"/api/v1/bookings/{booking.pk}/").json()
    [listed] = api.get("/api/v1/bookings/").json()["results"]
    assert listed == found
    return found["state"], found["payment_url"]


def test_with_time_left_it_is_paid_for_on_its_page(api: DescribedClient, hold: Booking, later: Moment) -> None:
    later(settings.HOLD_LASTS - timedelta(seconds=1))

    assert read(api, hold) == ("held", f"{settings.SITE_URL}/my/bookings/{hold.pk}/")


def test_when_its_time_is_over(api: DescribedClient, hold: Booking, later: Moment) -> None:
    later(settings.HOLD_LASTS)

    assert read(api, hold) == ("being_released", None)
    with pytest.raises(HoldIsOver):
        start_payment(booking=hold)


@pytest.mark.usefixtures("_stripe_is_away")
def test_when_it_was_given_up_and_the_payment_service_does_not_answer(api: DescribedClient, hold: Booking) -> None:
    give_up_hold(booking=hold)
    given_up = read(api, hold)

    release_hold(booking=hold)  # looks again in two minutes, which is no new time to pay

    assert given_up == read(api, hold) == ("being_released", None)
    assert Booking.objects.get().hold_expires_at == clock.now() + timedelta(minutes=2)


def test_when_its_class_was_cancelled(api: DescribedClient, hold: Booking) -> None:
    cancel_slots(slot=hold.slot, scope=Scope.THIS, reason="", revision=0, by=None)
    at_once = read(api, hold)
    end_for_cancelled_slot(booking=hold)

    assert at_once == read(api, hold) == ("being_released", None)
    with pytest.raises(ClassIsCancelled):
        start_payment(booking=Booking.objects.get())


def test_once_its_place_is_free_it_is_released(api: DescribedClient, hold: Booking, later: Moment) -> None:
    later(settings.HOLD_LASTS)

    release_hold(booking=hold)

    assert read(api, hold) == ("released", None)


def test_paid_after_all_it_is_confirmed(api: DescribedClient, hold: Booking, later: Moment) -> None:
    later(settings.HOLD_LASTS)
    before = read(api, hold)
    Booking.objects.update(state=Booking.State.CONFIRMED, confirmed_at=clock.now())

    assert (before, read(api, hold)) == (("being_released", None), ("confirmed", None))


def test_the_moment_it_ended_is_still_told(api: DescribedClient, hold: Booking, later: Moment) -> None:
    later(settings.HOLD_LASTS + timedelta(minutes=5))

    answer = api.get(f"/api/v1/bookings/{hold.pk}/").json()

    assert hold.hold_expires_at
    assert datetime.fromisoformat(answer["hold_expires_at"]) == hold.hold_expires_at
    assert answer["ended_at"] is None
