"""What a payment says went back is the sum of its refunds that have not failed: whoever made them, in any order."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import clock
from payments.models import Payment, Refund, StripeEvent
from payments.operations import owe_refund, process_event, record_provider_refund
from payments.tasks import process_due_events
from tests.factories import OrderFactory, PaymentFactory, RefundFactory
from tests.payments import stripe_says

pytestmark = pytest.mark.django_db

Facts = list[dict[str, Any]]
PAID = 1800


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside leaves nothing behind."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def not_failed(payment: Payment) -> int:
    return sum(refund.amount for refund in payment.refunds.exclude(state=Refund.State.FAILED))


@st.composite
def what_stripe_did(draw: st.DrawFn) -> tuple[list[tuple[bool, int, list[str]]], Any]:
    """Refunds that Stripe made one after another, never more than was left; ours or the dashboard's, and their ends."""
    left, made = PAID, []
    for _number in range(draw(st.integers(1, 4))):
        if not left:
            break
        amount = draw(st.integers(1, left))
        story = draw(
            st.sampled_from([["succeeded"], ["pending", "succeeded"], ["pending", "failed"], ["succeeded", "failed"]])
        )
        made.append((draw(st.booleans()), amount, story))
        left -= amount if story[-1] == "succeeded" else 0
    return made, draw(st.randoms(use_true_random=False))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(what_stripe_did())
def test_every_fact_twice_in_any_order_ends_in_stripes_books(did: tuple[Any, Any]) -> None:
    made, chance = did
    with undone():
        payment = PaymentFactory(order=OrderFactory(state="paid", amount=PAID))
        facts, ends = [], {}
        for is_ours, amount, story in made:
            key = str(uuid.uuid4())
            if is_ours:
                RefundFactory(payment=payment, amount=amount, idempotency_key=key, state=Refund.State.FAILED)
            said = stripe_says.refund(payment, amount=amount, metadata={"refund": key} if is_ours else {})
            facts += [said | {"status": status} for status in story] * 2
            ends[said["id"]] = story[-1]
        chance.shuffle(facts)

        tell_until_heard(payment, facts)

        payment.refresh_from_db()
        assert dict(payment.refunds.values_list("stripe_id", "state")) == ends
        assert payment.refunded == sum(amount for _ours, amount, story in made if story[-1] == "succeeded")


def tell_until_heard(payment: Payment, facts: Facts) -> None:
    """As the sweep does: what cannot be worked in yet is tried again after the others."""
    while facts:
        later = []
        for fact in facts:
            try:
                record_provider_refund(fact)
            except IntegrityError:
                later.append(fact)
            payment.refresh_from_db()
            assert payment.refunded == not_failed(payment) <= payment.amount
        assert len(later) < len(facts), "some facts are never heard"
        facts = later


def test_a_failed_refund_of_which_nothing_was_known_is_recorded_beside_a_full_one() -> None:
    payment = PaymentFactory()
    record_provider_refund(stripe_says.refund(payment))

    record_provider_refund(stripe_says.refund(payment, status="failed"))

    payment.refresh_from_db()
    assert payment.refunded == payment.amount
    assert sorted(payment.refunds.values_list("state", flat=True)) == ["failed", "succeeded"]


def test_a_refund_that_was_given_up_here_and_made_at_stripe_all_the_same_counts() -> None:
    payment = PaymentFactory()
    refund = owe_refund(payment=payment, amount=payment.amount, reason=Refund.Reason.PAID_TWICE)
    Refund.objects.update(state=Refund.State.FAILED)
    Payment.objects.update(refunded=0)

    record_provider_refund(stripe_says.refund(payment, metadata={"refund": str(refund.idempotency_key)}))

    refund.refresh_from_db()
    payment.refresh_from_db()
    assert refund.state == Refund.State.SUCCEEDED
    assert payment.refunded == payment.amount


def test_a_refund_that_is_told_before_its_payment_waits_for_it(client: Client) -> None:
    to_come = PaymentFactory.build(amount=PAID, payment_intent="pi_to_come")
    stripe_says.deliver(client, stripe_says.event("refund.created", stripe_says.refund(to_come)))
    payment = PaymentFactory(order=OrderFactory(state="paid", amount=PAID), payment_intent="pi_to_come")

    StripeEvent.objects.update(next_try_at=clock.now())
    process_due_events()

    payment.refresh_from_db()
    assert payment.refunded == PAID
    assert StripeEvent.objects.get().processed_at is not None


def test_a_refund_whose_payment_never_comes_is_another_programs(client: Client) -> None:
    strange = PaymentFactory.build(amount=PAID, payment_intent="pi_strange")
    stripe_says.deliver(client, stripe_says.event("refund.created", stripe_says.refund(strange)))
    [event] = StripeEvent.objects.all()
    assert event.processed_at is None

    StripeEvent.objects.update(next_try_at=clock.now(), received_at=clock.now() - timedelta(days=4))
    process_event(event_id=event.pk)

    event.refresh_from_db()
    assert (event.processed_at is None, Refund.objects.count()) == (False, 0)


def test_a_refund_without_a_payment_intent_is_not_one_of_cash() -> None:
    PaymentFactory(method=Payment.Method.CASH, payment_intent=None)
    said = stripe_says.refund(PaymentFactory.build(amount=PAID), payment_intent=None)

    record_provider_refund(said)

    assert Refund.objects.count() == 0


def test_a_note_that_somebody_added_at_the_dashboard_is_not_taken_for_a_key() -> None:
    payment = PaymentFactory()

    record_provider_refund(stripe_says.refund(payment, metadata={"refund": "Mrs Beck called"}))

    assert Refund.objects.get().reason == Refund.Reason.AT_THE_DASHBOARD
