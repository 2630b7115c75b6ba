"""Locks are taken in one order – order, booking, slot – so that money, clicks and sweeps never wait for each other."""

from datetime import timedelta

import pytest

from booking.models import Booking
from booking.operations import book, book_place
from core import clock
from payments.models import CheckoutSession, Payment, Refund
from payments.operations import checkout, open_checkout, record_payment
from scheduling.models import Slot
from tests.factories import BookingFactory, CheckoutSessionFactory
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
