"""What goes wrong with one hold does not hold up the others, and a second click is not a refusal."""

from datetime import timedelta

import pytest

from booking.models import Booking
from booking.operations import AlreadyBooked, book_place, release_hold, start_payment
from booking.tasks import release_ended_holds
from core import clock
from payments.models import CheckoutSession, Order
from payments.stripe import StripeUnreachable
from scheduling.models import Slot
from scheduling.operations import SlotFull
from tests.factories import BookingFactory, PatientFactory, SlotFactory
from tests.payments.sandbox.running import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def ended_hold(*, minutes_ago: int = 36) -> Booking:
    """A hold whose payment page was opened and whose time is over."""
    booking = BookingFactory(state=Booking.State.HELD)
    start_payment(booking=booking)
    made = clock.now() - timedelta(minutes=minutes_ago)
    Booking.objects.filter(pk=booking.pk).update(made_at=made, hold_expires_at=clock.now())
    CheckoutSession.objects.filter(order=booking.order_id).update(expires_at=made + timedelta(minutes=31))
    return Booking.objects.select_related("order", "slot").get(pk=booking.pk)


def paid_with_another_amount(hold: Booking, stripe_sandbox: Sandbox) -> None:
    stripe_sandbox.pay(str(CheckoutSession.objects.get(order=hold.order_id).stripe_id))
    Order.objects.filter(pk=hold.order_id).update(amount=1)


def test_the_second_click_for_the_last_place_finds_the_first_booking() -> None:
    slot = SlotFactory(capacity=1)
    patient = PatientFactory()
    book_place(patient=patient, slot=slot, by=patient.account)

    with pytest.raises(AlreadyBooked):
        book_place(patient=patient, slot=Slot.objects.get(pk=slot.pk), by=patient.account)


def test_control_somebody_else_finds_the_class_full() -> None:
    slot = SlotFactory(capacity=1)
    first, second = PatientFactory.create_batch(2)
    book_place(patient=first, slot=slot, by=first.account)

    with pytest.raises(SlotFull):
        book_place(patient=second, slot=Slot.objects.get(pk=slot.pk), by=second.account)


def test_a_payment_page_that_stripe_does_not_know_keeps_the_place_no_longer_than_it_could_be_open(
    stripe_sandbox: Sandbox,
) -> None:
    early, late = ended_hold(), ended_hold(minutes_ago=76)
    stripe_sandbox.control("reset")

    release_hold(booking=early)
    release_hold(booking=late)

    early.refresh_from_db()
    late.refresh_from_db()
    assert early.is_held and early.hold_time_left > timedelta(0)
    assert late.is_released


def test_a_call_that_stripe_is_still_working_on_is_repeated_not_taken_for_refused(stripe_sandbox: Sandbox) -> None:
    """Stripe answers 409 to the second of two calls with one key; a page given up now would be opened twice."""
    hold = BookingFactory(state=Booking.State.HELD)
    stripe_sandbox.control("faults", path="/v1/checkout/sessions", status=409, times=3)

    with pytest.raises(StripeUnreachable):
        start_payment(booking=hold)

    assert start_payment(booking=hold)
    assert CheckoutSession.objects.count() == 1


def test_a_payment_that_does_not_match_does_not_stop_the_sweep(stripe_sandbox: Sandbox) -> None:
    odd, plain = ended_hold(), ended_hold()
    paid_with_another_amount(odd, stripe_sandbox)

    release_ended_holds()

    odd.refresh_from_db()
    plain.refresh_from_db()
    assert odd.is_held
    assert plain.is_released


def test_a_hold_that_was_let_go_is_told_from_one_whose_time_was_over(stripe_sandbox: Sandbox) -> None:
    over = ended_hold()
    release_hold(booking=over)
    over.refresh_from_db()
    given_up = BookingFactory(state=Booking.State.RELEASED, hold_expires_at=clock.now() + timedelta(minutes=5))

    assert not over.was_given_up
    assert given_up.was_given_up
