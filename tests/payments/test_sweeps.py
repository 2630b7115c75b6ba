"""Sweeps: one bad row does not hold up the others, and a slow Stripe does not cost a worker its life."""

from typing import Any

import pytest

from core import clock
from payments import sweep as sweeping
from payments.models import Payment, StripeEvent
from payments.operations import events
from payments.sweep import sweep
from payments.tasks import process_due_events
from tests.factories import CheckoutSessionFactory, PaymentFactory, StripeEventFactory
from tests.payments import stripe_says

pytestmark = pytest.mark.django_db


def paid(page: Any) -> StripeEvent:
    payload = stripe_says.event("checkout.session.completed", stripe_says.session(page))
    event: StripeEvent = StripeEventFactory(type=payload["type"], payload=payload)
    return event


def test_an_event_that_fails_for_weeks_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_answer: object) -> None:
        raise ConnectionError("again")

    monkeypatch.setitem(events.HANDLERS, "refund.updated", fail)
    bad = StripeEventFactory(type="refund.updated", attempts=400)
    good = paid(CheckoutSessionFactory())

    process_due_events()

    bad.refresh_from_db()
    good.refresh_from_db()
    assert good.processed_at is not None
    assert bad.attempts == 401
    assert bad.next_try_at > clock.now()


def test_a_sweep_goes_on_after_a_failure() -> None:
    seen = []

    def deal_with(number: int) -> None:
        seen.append(number)
        if number == 1:
            raise ValueError("no")

    sweep("number", [0, 1, 2], deal_with)

    assert seen == [0, 1, 2]


def test_a_sweep_ends_in_time_and_leaves_the_rest_to_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "SWEEP_FOR", 0.0)
    event = paid(CheckoutSessionFactory())

    process_due_events()

    event.refresh_from_db()
    assert event.processed_at is None


@pytest.mark.parametrize("key", ["", "order 7", 7, None])
def test_a_page_of_another_program_with_a_key_of_its_own_is_passed_over(key: object) -> None:
    page = CheckoutSessionFactory()
    payload = stripe_says.event("checkout.session.completed", stripe_says.session(page, metadata={"checkout": key}))
    event = StripeEventFactory(type=payload["type"], payload=payload)

    process_due_events()

    event.refresh_from_db()
    assert (event.processed_at is None, event.quarantined) == (False, "")
    assert Payment.objects.count() == 0


def test_a_paid_page_without_a_payment_is_set_aside_and_not_taken_for_cash() -> None:
    PaymentFactory(method=Payment.Method.CASH, payment_intent=None)
    page = CheckoutSessionFactory()
    payload = stripe_says.event("checkout.session.completed", stripe_says.session(page, payment_intent=None))
    event = StripeEventFactory(type=payload["type"], payload=payload)

    process_due_events()

    event.refresh_from_db()
    page.order.refresh_from_db()
    assert "payment" in event.quarantined
    assert not page.order.is_paid
