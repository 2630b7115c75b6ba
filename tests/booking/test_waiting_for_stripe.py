"""While Stripe accepts connections and never answers: who clicks is told so soon, workers keep their patience."""

import time
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import Patient
from booking.models import Booking
from booking.operations import release_hold
from core import clock
from payments import stripe
from payments.models import CheckoutSession
from scheduling.models import Slot
from tests.booking.reading import buttons, words
from tests.factories import BookingFactory, CheckoutSessionFactory
from tests.payments.sandbox.running import API_KEY
from tests.payments.silent_stripe import SilentStripe

pytestmark = pytest.mark.django_db(transaction=True)

SOON = 6.0  # seconds


@pytest.fixture(autouse=True)
def silent(settings: Settings) -> Iterator[SilentStripe]:
    with SilentStripe() as silent:
        settings.STRIPE_API_BASE = silent.base_url
        settings.STRIPE_SECRET_KEY = API_KEY
        stripe._client.cache_clear()
        yield silent
    stripe._client.cache_clear()


@pytest.fixture
def hold(patient: Patient) -> Booking:
    return BookingFactory(patient=patient, state=Booking.State.HELD)


def test_who_wants_to_pay_reads_soon_that_the_place_stays_held(
    patients_client: Client, hold: Booking, silent: SilentStripe
) -> None:
    started = time.monotonic()
    page = patients_client.post(reverse("booking:pay", args=[hold.pk]), follow=True)
    took = time.monotonic() - started

    hold.refresh_from_db()
    assert "The payment service does not answer at the moment. Your place stays held; please try again." in words(page)
    assert buttons(page) == ["Pay 18,00 €"]
    assert hold.is_held and CheckoutSession.objects.get().state == CheckoutSession.State.ASKED
    assert silent.asked >= 1
    assert took < SOON


def test_who_asks_for_the_payment_reads_soon_that_it_is_not_known_yet(patients_client: Client, hold: Booking) -> None:
    CheckoutSessionFactory(order=hold.order)
    CheckoutSessionFactory(order=hold.order, state=CheckoutSession.State.EXPIRED)

    started = time.monotonic()
    answer = patients_client.post(
        reverse("booking:check_payment", args=[hold.pk]), {"since": "0"}, headers={"HX-Request": "true"}
    )
    took = time.monotonic() - started

    assert "We do not know yet" in words(answer)
    assert took < SOON


def test_who_gives_a_place_up_is_not_kept_waiting(patients_client: Client, hold: Booking) -> None:
    """Three calls to Stripe would follow each other; the patience is one for all of them. The sweep does the rest."""
    CheckoutSessionFactory(order=hold.order, state=CheckoutSession.State.ASKED, stripe_id=None)

    started = time.monotonic()
    page = patients_client.post(reverse("booking:give_up", args=[hold.pk]), follow=True)
    took = time.monotonic() - started

    hold.refresh_from_db()
    assert "Your place is being given back" in words(page)
    assert hold.is_being_given_back
    assert took < SOON


def test_control_a_worker_keeps_its_patience(
    hold: Booking, silent: SilentStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It tries three times, for as long as reading may take (here: a second) each time; then the place stays held."""
    monkeypatch.setattr(stripe, "SOMEBODY_WAITS_FOR", 0.0)
    monkeypatch.setattr(stripe, "READ_FOR", 1.0)
    CheckoutSessionFactory(order=hold.order)
    Booking.objects.filter(pk=hold.pk).update(hold_expires_at=clock.now())

    release_hold(booking=Booking.objects.select_related("order", "slot").get(pk=hold.pk))

    hold.refresh_from_db()
    assert silent.asked == 3
    assert hold.is_held
    assert Slot.objects.get(pk=hold.slot_id).taken == 1
