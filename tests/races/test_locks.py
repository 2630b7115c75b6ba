"""Locks are taken in one order – order, booking, slot – so that money, clicks and sweeps never wait for each other."""

from datetime import timedelta
from functools import partial

import pytest

from booking.models import Booking
from booking.operations import book, book_place
from booking.tasks import end_bookings_of_cancelled_slots
from core import clock
from notifications.models import Kind, Message
from payments.models import CheckoutSession, Payment, Refund, StripeEvent
from payments.operations import (
    checkout,
    open_checkout,
    reconcile,
    record_payment,
    record_provider_refund,
    refunds,
    send_refund_again,
)
from scheduling.models import Slot
from scheduling.operations import Scope, Wanted, cancel, cancel_slots, change_slots, changes
from tests.factories import BookingFactory, CheckoutSessionFactory, RefundFactory, UserFactory
from tests.payments import stripe_says
from tests.races.crowd import Pause, all_at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def test_a_webhook_and_a_click_on_pay_when_the_page_has_just_expired_do_not_deadlock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hold = BookingFactory(state=Booking.State.HELD)
    page = CheckoutSessionFactory(order=hold.order, expires_at=clock.now() - timedelta(seconds=1))
    said, pause = stripe_says.session(page), Pause()
    monkeypatch.setattr(checkout, "record_payment", pause.before(checkout.record_payment))

    def click() -> None:
        pause.reached.wait(timeout=10)
        open_checkout(
            order=hold.order, text="A place", success_url="https://example.org/", cancel_url="https://example.org/"
        )

    ends = all_at_once([lambda: checkout.record_checkout(said), click])

    page.refresh_from_db()
    assert ends == {"ok": 1, "order_not_open": 1}
    assert page.state == CheckoutSession.State.COMPLETE


def test_late_money_and_a_new_booking_of_the_same_patient_do_not_deadlock(monkeypatch: pytest.MonkeyPatch) -> None:
    released = BookingFactory(state=Booking.State.RELEASED)
    patient, slot, order = released.patient, released.slot, released.order
    pause = Pause()
    monkeypatch.setattr(book, "take_place", pause.before(book.take_place))

    def money_arrives() -> Payment:
        pause.reached.wait(timeout=10)
        return record_payment(order=order, amount=order.amount, currency="eur", payment_intent="pi_late")

    ends = all_at_once([lambda: book_place(patient=patient, slot=slot, by=patient.account), money_arrives])

    released.refresh_from_db()
    assert ends == {"ok": 2}
    assert released.is_released
    assert Booking.objects.live().get().is_held
    assert Refund.objects.get().amount == order.amount
    assert Slot.objects.get(pk=slot.pk).taken == 1


def test_two_workers_that_are_told_of_the_same_events_in_another_order_do_not_deadlock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, two = (stripe_says.event("charge.updated", {}, created=1_790_000_000) for _event in range(2))
    monkeypatch.setattr(reconcile, "store_event", Pause().after(reconcile.store_event))

    ends = all_at_once(
        partial(reconcile._store_missing, {event["id"]: event for event in told}, looked_at=clock.now())
        for told in ([one, two], [two, one])
    )

    assert ends == {"ok": 2}
    assert StripeEvent.objects.count() == 2


def test_the_desks_click_and_stripes_news_about_one_refund_do_not_deadlock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both take the payment first, then its refunds."""
    failed = RefundFactory(state=Refund.State.FAILED, stripe_id="re_1")
    news = stripe_says.refund(failed.payment, id="re_1", status="failed")
    by, pause = UserFactory(), Pause()
    monkeypatch.setattr(refunds, "owe_refund", pause.before(refunds.owe_refund))

    ends = all_at_once(
        [
            lambda: send_refund_again(refund=failed, by=by),
            pause.then(lambda: record_provider_refund(news)),
            pause.then(lambda: record_provider_refund(stripe_says.refund(failed.payment))),
        ]
    )

    assert ends == {"ok": 2, "IntegrityError": 1}  # the money cannot go back twice
    assert Payment.objects.get().refunded == failed.amount


def test_money_that_arrives_while_a_class_is_moved_does_not_deadlock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The editor holds the class and writes to the booking; the money holds the booking and wants the class."""
    hold = BookingFactory(state=Booking.State.HELD)
    order, slot = hold.order, Slot.objects.with_details().get(pk=hold.slot_id)
    pause = Pause()
    monkeypatch.setattr(changes.slot_changed, "send", pause.before(changes.slot_changed.send))

    def move() -> object:
        wanted = Wanted.like(slot, starts_at=slot.starts_at + timedelta(days=1))
        return change_slots(slot=slot, wanted=wanted, scope=Scope.THIS, revision=0, by=None)

    def money_arrives() -> Payment:
        pause.reached.wait(timeout=10)
        return record_payment(order=order, amount=order.amount, currency="eur", payment_intent="pi_moved")

    ends = all_at_once([move, money_arrives])

    hold.refresh_from_db()
    assert ends == {"ok": 2}
    assert hold.is_confirmed
    assert Message.objects.filter(booking=hold, kind=Kind.CLASS_CHANGED).count() == 1


def test_money_and_the_cancelling_of_the_class_at_once_end_in_one_refund(monkeypatch: pytest.MonkeyPatch) -> None:
    hold = BookingFactory(state=Booking.State.HELD)
    order, slot = hold.order, Slot.objects.get(pk=hold.slot_id)
    pause = Pause()
    monkeypatch.setattr(cancel.slot_cancelled, "send", pause.before(cancel.slot_cancelled.send))

    def close() -> object:
        return cancel_slots(slot=slot, scope=Scope.THIS, reason="", revision=0, by=None)

    def money_arrives() -> Payment:
        pause.reached.wait(timeout=10)
        return record_payment(order=order, amount=order.amount, currency="eur", payment_intent="pi_closed")

    ends = all_at_once([close, money_arrives])
    for _ in range(2):
        end_bookings_of_cancelled_slots()

    assert ends == {"ok": 2}
    assert Refund.objects.get().amount == order.amount
    assert (Booking.objects.get().state, Slot.objects.get().taken) == (Booking.State.CANCELLED, 0)
