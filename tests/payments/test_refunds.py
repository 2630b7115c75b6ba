"""Refunds, against the Stripe sandbox: due once, sent once, and never more than was paid."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError

from core import clock
from payments import stripe
from payments.models import Payment, Refund
from payments.operations import owe_refund, record_provider_refund, send_refund
from payments.operations.refunds import UnknownPayment
from payments.tasks import send_due_refunds
from tests.factories import OrderFactory, PaymentFactory
from tests.payments import stripe_says
from tests.payments.sandbox.running import Sandbox
from tests.races.crowd import all_at_once

pytestmark = pytest.mark.django_db(transaction=True)

TOO_LATE = Refund.Reason.PAID_TOO_LATE


@pytest.fixture
def payment(stripe_sandbox: Sandbox) -> Payment:
    """A payment that the sandbox knows as well."""
    session = stripe_sandbox.client().v1.checkout.sessions.create(
        {
            "mode": "payment",
            "success_url": "https://example.org/",
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {"currency": "eur", "unit_amount": 1800, "product_data": {"name": "Booking"}},
                }
            ],
        }
    )
    stripe_sandbox.pay(session.id)
    intent = stripe_sandbox.client().v1.checkout.sessions.retrieve(session.id).payment_intent
    paid: Payment = PaymentFactory(order=OrderFactory(state="paid", amount=1800), payment_intent=intent)
    return paid


def at_stripe(stripe_sandbox: Sandbox) -> list[Any]:
    refunds: list[Any] = stripe_sandbox.seen("dump").get("refund", [])
    return refunds


def test_a_due_refund_is_sent_and_settled(stripe_sandbox: Sandbox, payment: Payment) -> None:
    refund = owe_refund(payment=payment, amount=1800, reason=TOO_LATE)

    send_due_refunds()

    refund.refresh_from_db()
    assert refund.state == Refund.State.SUCCEEDED
    assert refund.settled_at is not None
    assert [one["amount"] for one in at_stripe(stripe_sandbox)] == [1800]


@pytest.mark.race
def test_ten_workers_at_once_send_it_once(stripe_sandbox: Sandbox, payment: Payment) -> None:
    refund = owe_refund(payment=payment, amount=1800, reason=TOO_LATE)

    ends = all_at_once(lambda: send_refund(refund_id=refund.pk) for _worker in range(10))

    assert ends == {"ok": 10}
    assert len(at_stripe(stripe_sandbox)) == 1


def test_a_refund_whose_answer_was_lost_is_not_sent_twice(
    stripe_sandbox: Sandbox, payment: Payment, monkeypatch: pytest.MonkeyPatch
) -> None:
    stripe_sandbox.control("faults", path="/v1/refunds", when="after", action="close")
    refund = owe_refund(payment=payment, amount=1800, reason=TOO_LATE)
    with monkeypatch.context() as without_retries:
        without_retries.setattr(stripe, "_client", stripe_sandbox.client)
        send_refund(refund_id=refund.pk)
    refund.refresh_from_db()
    assert refund.state == Refund.State.DUE

    Refund.objects.update(next_try_at=clock.now())
    send_refund(refund_id=refund.pk)

    refund.refresh_from_db()
    assert refund.state == Refund.State.SUCCEEDED
    assert len(at_stripe(stripe_sandbox)) == 1


def test_a_try_after_the_key_has_lapsed_is_left_to_a_person(stripe_sandbox: Sandbox, payment: Payment) -> None:
    """Fault 21: Stripe forgets keys after 24 hours, so a repeat could pay out twice."""
    refund = owe_refund(payment=payment, amount=1800, reason=TOO_LATE)
    Refund.objects.update(created_at=clock.now() - timedelta(hours=25), attempts=3)

    send_refund(refund_id=refund.pk)

    refund.refresh_from_db()
    assert refund.state == Refund.State.FAILED
    assert "dashboard" in refund.error
    assert at_stripe(stripe_sandbox) == []


@pytest.mark.race
def test_partial_and_full_refunds_at_once_never_exceed_what_was_paid(payment: Payment) -> None:
    """Fault 24, with the check of the database as the judge."""
    ends = all_at_once(
        [lambda: owe_refund(payment=payment, amount=1800, reason=TOO_LATE)] * 5
        + [lambda: owe_refund(payment=payment, amount=700, reason=TOO_LATE)] * 5
    )

    payment.refresh_from_db()
    owed = sum(Refund.objects.values_list("amount", flat=True))
    assert set(ends) == {"ok", IntegrityError.__name__}
    assert owed == payment.refunded
    assert owed <= payment.amount


def test_a_refused_refund_is_seen_as_failed_and_may_be_owed_anew(stripe_sandbox: Sandbox, payment: Payment) -> None:
    stripe_sandbox.client().v1.refunds.create({"payment_intent": str(payment.payment_intent)})
    refund = owe_refund(payment=payment, amount=1800, reason=TOO_LATE)

    send_refund(refund_id=refund.pk)

    refund.refresh_from_db()
    payment.refresh_from_db()
    assert refund.state == Refund.State.FAILED
    assert refund.error
    assert payment.refunded == 0


@pytest.mark.parametrize("later", ["succeeded", "failed"])
def test_a_pending_refund_becomes_what_stripe_says_in_the_end(
    stripe_sandbox: Sandbox, payment: Payment, later: str
) -> None:
    """Fault 23."""
    stripe_sandbox.control("settings", refund_status="pending")
    refund = owe_refund(payment=payment, amount=1800, reason=TOO_LATE)
    send_refund(refund_id=refund.pk)
    refund.refresh_from_db()
    assert refund.state == Refund.State.PENDING

    stripe_sandbox.control(f"refunds/{refund.stripe_id}/settle", outcome=later)
    [said] = at_stripe(stripe_sandbox)
    record_provider_refund(said)
    record_provider_refund(said | {"status": "pending"})  # an older event, late

    refund.refresh_from_db()
    payment.refresh_from_db()
    assert refund.state == later
    assert payment.refunded == (1800 if later == "succeeded" else 0)


def test_a_refund_made_at_the_dashboard_is_recorded_once(payment: Payment) -> None:
    said = stripe_says.refund(payment, amount=500)

    for _delivery in range(3):
        record_provider_refund(said)

    payment.refresh_from_db()
    assert list(Refund.objects.values_list("amount", "reason", "state")) == [
        (500, Refund.Reason.AT_THE_DASHBOARD, Refund.State.SUCCEEDED)
    ]
    assert payment.refunded == 500


def test_a_refund_of_a_payment_that_is_not_ours_changes_nothing(payment: Payment) -> None:
    said = stripe_says.refund(payment, payment_intent=f"pi_{uuid.uuid4().hex}")

    with pytest.raises(UnknownPayment):
        record_provider_refund(said)

    assert Refund.objects.count() == 0
