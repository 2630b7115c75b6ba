"""A patient gives a held place back while Stripe is slow or away: its payment page is closed first, by the sweep."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Patient
from booking.models import Booking
from booking.operations import HoldIsOver, check_payment, give_up_hold, release_hold, start_payment
from booking.operations import hold as operation_of_holds
from booking.tasks import release_ended_holds
from core import clock
from payments.models import CheckoutSession, Order, Refund
from payments.operations import CheckoutOutcome, close_checkout
from scheduling.models import Slot
from tests.booking.reading import buttons, words
from tests.factories import BookingFactory
from tests.payments.sandbox.running import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hold(patient: Patient, stripe_sandbox: Sandbox) -> Booking:
    """A hold with an open payment page."""
    hold: Booking = BookingFactory(patient=patient, state=Booking.State.HELD, slot__capacity=1)
    start_payment(booking=hold)
    return hold


def stripe_is_away(stripe_sandbox: Sandbox, *, calls: int = 1) -> None:
    """For so many calls, each of which is tried three times."""
    stripe_sandbox.control("faults", path="/v1/checkout/sessions/*", action="close", times=3 * calls)


def give_up(hold: Booking, client: Client) -> Any:
    return client.post(reverse("booking:give_up", args=[hold.pk]), follow=True)


def page_of(hold: Booking, client: Client) -> Any:
    return client.get(reverse("booking:detail", args=[hold.pk]))


def sweep(hold: Booking) -> None:
    """The sweep that comes when the last wait for an answer is over."""
    Booking.objects.filter(pk=hold.pk, state=Booking.State.HELD).update(hold_expires_at=clock.now())
    release_ended_holds()
    hold.refresh_from_db()


def test_the_place_is_not_free_while_its_page_can_be_paid(
    stripe_sandbox: Sandbox, hold: Booking, patients_client: Client
) -> None:
    stripe_is_away(stripe_sandbox)

    page = give_up(hold, patients_client)

    text = words(page)
    assert "Your place is being given back" in text
    assert "As soon as it has closed your payment page, the place is free for others." in text
    assert "I do not want this place" not in text
    assert buttons(page) == []
    assert Slot.objects.get().taken == 1
    assert Order.objects.get().is_open


def test_the_next_sweep_closes_the_page_and_frees_the_place(
    stripe_sandbox: Sandbox, hold: Booking, patients_client: Client
) -> None:
    stripe_is_away(stripe_sandbox)
    give_up(hold, patients_client)

    release_ended_holds()

    assert "You gave this place back" in words(page_of(hold, patients_client))
    assert Slot.objects.get().taken == 0
    assert CheckoutSession.objects.get().state == CheckoutSession.State.EXPIRED
    assert stripe_sandbox.seen("dump")["checkout.session"][0]["status"] == "expired"


def test_control_while_stripe_answers_the_place_is_free_at_once(
    stripe_sandbox: Sandbox, hold: Booking, patients_client: Client
) -> None:
    page = give_up(hold, patients_client)

    assert "You gave this place back" in words(page)
    assert Slot.objects.get().taken == 0
    assert stripe_sandbox.seen("dump")["checkout.session"][0]["status"] == "expired"


def test_the_place_that_is_being_given_back_stays_so_while_the_sweep_waits(
    stripe_sandbox: Sandbox, hold: Booking, patients_client: Client
) -> None:
    """The sweep tries again later, and the page says nothing of minutes left to pay."""
    stripe_is_away(stripe_sandbox, calls=2)
    give_up(hold, patients_client)
    release_ended_holds()
    hold.refresh_from_db()

    pages = [
        page_of(hold, patients_client),
        patients_client.get(reverse("booking:slot", args=[hold.slot_id])),
        patients_client.get(reverse("booking:my")),
    ]

    assert hold.is_held and hold.hold_expires_at is not None and hold.hold_expires_at > clock.now()
    for page, sentence in zip(
        pages, ["Your place is being given back", "Your place is being given back", "Being given back"], strict=True
    ):
        assert sentence in words(page)
        assert "left" not in words(page)
    assert all("Pay 18,00 €" not in words(page) for page in pages)
    with pytest.raises(HoldIsOver):
        start_payment(booking=hold)


def test_a_payment_that_was_made_before_wins(stripe_sandbox: Sandbox, hold: Booking, patients_client: Client) -> None:
    stripe_sandbox.pay(str(CheckoutSession.objects.get().stripe_id))
    stripe_is_away(stripe_sandbox)
    give_up(hold, patients_client)

    sweep(hold)

    assert hold.is_confirmed
    assert "Your place is booked" in words(page_of(hold, patients_client))
    assert (Slot.objects.get().taken, Refund.objects.count()) == (1, 0)


def test_control_a_place_that_is_given_away_before_its_page_is_closed_is_paid_for_in_vain(
    stripe_sandbox: Sandbox, hold: Booking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What giving up would do if it did not wait for Stripe's answer."""
    monkeypatch.setattr(Order, "has_open_page", False)
    operation_of_holds._release(hold, CheckoutOutcome.UNKNOWN)
    BookingFactory(slot=hold.slot)

    stripe_sandbox.pay(str(CheckoutSession.objects.get().stripe_id))
    check_payment(booking=hold)

    assert Refund.objects.get().reason == Refund.Reason.PAID_TOO_LATE


@pytest.mark.parametrize(("minutes_ago", "taken"), [(74, 1), (76, 0)])
def test_a_stripe_that_is_away_for_hours_does_not_keep_the_place_for_ever(
    stripe_sandbox: Sandbox, hold: Booking, patients_client: Client, minutes_ago: int, taken: int
) -> None:
    stripe_is_away(stripe_sandbox, calls=2)
    give_up(hold, patients_client)
    made = clock.now() - timedelta(minutes=minutes_ago)
    Booking.objects.update(made_at=made)
    CheckoutSession.objects.update(expires_at=made + timedelta(minutes=31))

    sweep(hold)

    assert Slot.objects.get().taken == taken


def test_who_gives_up_a_place_that_is_being_paid_for_in_another_window_reads_that_it_is_still_held(
    hold: Booking, patients_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def close_and_open(*, order: Order) -> CheckoutOutcome:
        outcome = close_checkout(order=order)
        start_payment(booking=hold)
        return outcome

    monkeypatch.setattr(operation_of_holds, "close_checkout", close_and_open)

    page = give_up(hold, patients_client)

    assert "You still hold this place, because its payment has begun in another window." in words(page)
    assert buttons(page) == ["Pay 18,00 €"]


def test_a_second_click_changes_nothing(stripe_sandbox: Sandbox, hold: Booking, patients_client: Client) -> None:
    stripe_is_away(stripe_sandbox)
    give_up(hold, patients_client)
    first = Booking.objects.get()

    page = give_up(hold, patients_client)

    assert "Your place is being given back" in words(page)
    assert Booking.objects.get().given_up_at == first.given_up_at


def test_a_hold_that_ended_by_time_is_not_called_given_back(hold: Booking) -> None:
    sweep(hold)

    assert hold.is_released
    assert not hold.was_given_up


def test_what_is_settled_meanwhile_is_not_marked(hold: Booking, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hold is released by the sweep while giving it up waits in vain for an answer."""

    def close_and_sweep(*, order: Order) -> CheckoutOutcome:
        Booking.objects.update(hold_expires_at=clock.now())
        monkeypatch.setattr(operation_of_holds, "close_checkout", close_checkout)
        release_hold(booking=hold)
        return CheckoutOutcome.UNKNOWN

    monkeypatch.setattr(operation_of_holds, "close_checkout", close_and_sweep)

    give_up_hold(booking=hold)

    hold.refresh_from_db()
    assert hold.is_released and hold.given_up_at is None
