"""Holds, against the Stripe sandbox: they are paid for, they end, and a payment that was made always wins."""

from datetime import timedelta

import pytest

from booking.models import Booking
from booking.operations import NothingToPay, book_place, check_payment, give_up_hold, release_hold, start_payment
from booking.tasks import release_ended_holds
from core import clock
from payments import stripe
from payments.models import CheckoutSession, Order, Payment, Refund
from payments.operations import CheckoutOutcome
from payments.stripe import StripeUnreachable
from scheduling.models import Slot
from tests.factories import PatientFactory, SlotFactory
from tests.payments.sandbox.running import Sandbox
from tests.races.crowd import all_at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hold() -> Booking:
    patient = PatientFactory()
    return book_place(patient=patient, slot=SlotFactory(capacity=2), by=patient.account)


def time_is_over(hold: Booking) -> Booking:
    Booking.objects.filter(pk=hold.pk).update(hold_expires_at=clock.now())
    return Booking.objects.select_related("order", "slot").get(pk=hold.pk)


def page_of(hold: Booking) -> CheckoutSession:
    return CheckoutSession.objects.get(order=hold.order_id)


def pay(stripe_sandbox: Sandbox, hold: Booking) -> None:
    stripe_sandbox.pay(str(page_of(hold).stripe_id))


def test_a_hold_lasts_35_minutes_and_takes_a_place(hold: Booking) -> None:
    slot = Slot.objects.get(pk=hold.slot_id)

    assert hold.hold_expires_at is not None
    assert hold.hold_expires_at - hold.made_at == timedelta(minutes=35)
    assert slot.taken == 1


def test_a_class_that_costs_nothing_is_confirmed_at_once() -> None:
    patient = PatientFactory()

    booking = book_place(patient=patient, slot=SlotFactory(price=0), by=patient.account)

    assert booking.is_confirmed
    assert booking.order is None


def test_the_payment_page_is_resumed_not_doubled(stripe_sandbox: Sandbox, hold: Booking) -> None:
    first = start_payment(booking=hold)
    second = start_payment(booking=hold)

    assert first == second
    assert len(stripe_sandbox.seen("dump")["checkout.session"]) == 1


def test_the_payment_page_ends_before_the_hold_can_outlive_it(stripe_sandbox: Sandbox, hold: Booking) -> None:
    start_payment(booking=hold)

    lasts = page_of(hold).expires_at - page_of(hold).created_at

    assert timedelta(minutes=30) < lasts <= timedelta(minutes=31)


@pytest.mark.race
def test_twenty_clicks_on_pay_at_once_open_one_page(stripe_sandbox: Sandbox, hold: Booking) -> None:
    ends = all_at_once(lambda: start_payment(booking=hold) for _click in range(20))

    assert ends == {"ok": 20}
    assert len(stripe_sandbox.seen("dump")["checkout.session"]) == 1
    assert page_of(hold).state == CheckoutSession.State.OPEN


def test_a_page_whose_answer_was_lost_is_found_again(
    stripe_sandbox: Sandbox, hold: Booking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 20: Stripe made the session, but the connection broke before the answer, and nobody tried again."""
    stripe_sandbox.control("faults", path="/v1/checkout/sessions", when="after", action="close")
    with monkeypatch.context() as without_retries:
        without_retries.setattr(stripe, "_client", stripe_sandbox.client)
        with pytest.raises(StripeUnreachable):
            start_payment(booking=hold)
    assert page_of(hold).state == CheckoutSession.State.ASKED

    url = start_payment(booking=hold)

    assert url
    assert len(stripe_sandbox.seen("dump")["checkout.session"]) == 1


def test_what_is_paid_for_cannot_be_paid_again(stripe_sandbox: Sandbox, hold: Booking) -> None:
    start_payment(booking=hold)
    pay(stripe_sandbox, hold)
    check_payment(booking=hold)

    with pytest.raises(NothingToPay):
        start_payment(booking=Booking.objects.get(pk=hold.pk))


def test_the_browsers_return_finds_the_payment_without_any_webhook(stripe_sandbox: Sandbox, hold: Booking) -> None:
    start_payment(booking=hold)
    assert check_payment(booking=hold) is CheckoutOutcome.NOT_PAID
    pay(stripe_sandbox, hold)

    outcome = check_payment(booking=hold)

    hold.refresh_from_db()
    assert outcome is CheckoutOutcome.PAID
    assert hold.is_confirmed
    assert Payment.objects.get().amount == hold.price


def test_a_hold_whose_time_is_over_gives_its_place_back(stripe_sandbox: Sandbox, hold: Booking) -> None:
    start_payment(booking=hold)
    time_is_over(hold)

    release_ended_holds()

    hold.refresh_from_db()
    slot = Slot.objects.get(pk=hold.slot_id)
    assert hold.state == Booking.State.RELEASED
    assert slot.taken == 0
    assert Order.objects.get(pk=hold.order_id).state == Order.State.CLOSED
    assert stripe_sandbox.seen("dump")["checkout.session"][0]["status"] == "expired"


def test_control_a_hold_whose_time_is_not_over_stays(hold: Booking) -> None:
    release_ended_holds()

    hold.refresh_from_db()
    assert hold.is_held


def test_a_payment_made_in_the_last_second_wins_over_the_release(stripe_sandbox: Sandbox, hold: Booking) -> None:
    """Fault 18: the time is over here, but the page was paid and no webhook has come yet."""
    start_payment(booking=hold)
    pay(stripe_sandbox, hold)

    release_hold(booking=time_is_over(hold))

    hold.refresh_from_db()
    assert hold.is_confirmed
    assert Slot.objects.get(pk=hold.slot_id).taken == 1


@pytest.mark.race
def test_release_and_return_at_once_end_in_one_confirmed_booking(stripe_sandbox: Sandbox, hold: Booking) -> None:
    start_payment(booking=hold)
    pay(stripe_sandbox, hold)
    over = time_is_over(hold)

    ends = all_at_once(
        [lambda: release_hold(booking=over)] * 5
        + [lambda: check_payment(booking=over)] * 5
        + [lambda: give_up_hold(booking=over)] * 5
    )

    hold.refresh_from_db()
    assert ends == {"ok": 15}
    assert hold.is_confirmed
    assert (Payment.objects.count(), Refund.objects.count()) == (1, 0)
    assert Slot.objects.get(pk=hold.slot_id).taken == 1


@pytest.mark.race
def test_ten_sweeps_at_once_give_one_place_back(stripe_sandbox: Sandbox, hold: Booking) -> None:
    start_payment(booking=hold)
    time_is_over(hold)

    ends = all_at_once([release_ended_holds] * 10)

    assert ends == {"ok": 10}
    assert Slot.objects.get(pk=hold.slot_id).taken == 0


def test_while_stripe_is_away_the_place_stays_held(stripe_sandbox: Sandbox, hold: Booking) -> None:
    start_payment(booking=hold)
    stripe_sandbox.control("faults", path="/v1/checkout/sessions/*", when="before", action="close", times=3)

    release_hold(booking=time_is_over(hold))

    hold.refresh_from_db()
    assert hold.is_held
    assert Slot.objects.get(pk=hold.slot_id).taken == 1


def test_when_stripe_stays_away_the_place_is_freed_once_its_page_must_have_expired(
    stripe_sandbox: Sandbox, hold: Booking
) -> None:
    start_payment(booking=hold)
    stripe_sandbox.control("faults", path="/v1/checkout/sessions/*", when="before", action="close", times=3)
    Booking.objects.filter(pk=hold.pk).update(made_at=clock.now() - timedelta(minutes=76))
    CheckoutSession.objects.update(expires_at=clock.now() - timedelta(minutes=45))

    release_hold(booking=time_is_over(hold))

    hold.refresh_from_db()
    assert hold.state == Booking.State.RELEASED


def test_money_on_its_way_keeps_the_place(stripe_sandbox: Sandbox, hold: Booking) -> None:
    """Fault 16: completed but unpaid, as with a bank debit; the hold waits for the money."""
    stripe_sandbox.control("settings", delayed_payments=True)
    start_payment(booking=hold)
    pay(stripe_sandbox, hold)

    release_hold(booking=time_is_over(hold))

    hold.refresh_from_db()
    assert hold.is_held
    assert hold.hold_time_left > timedelta(minutes=50)


def test_a_place_that_is_not_wanted_is_free_at_once(stripe_sandbox: Sandbox, hold: Booking) -> None:
    start_payment(booking=hold)

    give_up_hold(booking=hold)

    hold.refresh_from_db()
    assert hold.state == Booking.State.RELEASED
    assert Slot.objects.get(pk=hold.slot_id).taken == 0
    assert stripe_sandbox.seen("dump")["checkout.session"][0]["status"] == "expired"


def test_a_released_place_can_be_booked_anew(stripe_sandbox: Sandbox, hold: Booking) -> None:
    give_up_hold(booking=hold)

    again = book_place(patient=hold.patient, slot=Slot.objects.get(pk=hold.slot_id), by=hold.booked_by)

    assert again.is_held
    assert Slot.objects.get(pk=hold.slot_id).taken == 1
