"""Fault 26: what webhooks missed is repaired by asking Stripe."""

from datetime import timedelta

import pytest

from booking.models import Booking
from booking.operations import book_place, start_payment
from core import clock
from core.errors import DomainError
from payments import stripe
from payments.models import CheckoutSession, Payment, StripeEvent
from payments.operations import reconcile, reconcile_with_stripe
from payments.tasks import process_due_events
from tests.factories import PatientFactory, SlotFactory, StripeEventFactory
from tests.payments.sandbox.running import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def paid_without_webhook(stripe_sandbox: Sandbox) -> Booking:
    patient = PatientFactory()
    hold = book_place(patient=patient, slot=SlotFactory(), by=patient.account)
    start_payment(booking=hold)
    stripe_sandbox.pay(str(CheckoutSession.objects.get().stripe_id))
    return hold


def test_a_payment_of_which_no_webhook_came_is_found(paid_without_webhook: Booking) -> None:
    reconcile_with_stripe()

    paid_without_webhook.refresh_from_db()
    assert paid_without_webhook.is_confirmed
    assert Payment.objects.count() == 1


def test_a_second_look_finds_nothing_new(paid_without_webhook: Booking) -> None:
    first = reconcile_with_stripe()
    events = StripeEvent.objects.count()

    second = reconcile_with_stripe()

    assert (first, second) == (events, 0)
    assert Payment.objects.count() == 1


def test_control_without_the_reconciler_nobody_knows_of_the_payment(paid_without_webhook: Booking) -> None:
    paid_without_webhook.refresh_from_db()

    assert paid_without_webhook.is_held
    assert Payment.objects.count() == 0


def test_what_was_found_is_kept_when_the_worker_dies_in_the_middle(
    stripe_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next look goes back only to this one, so it might never find them again."""
    first, second = (
        book_place(patient=one, slot=SlotFactory(), by=one.account) for one in PatientFactory.create_batch(2)
    )
    for hold in (first, second):
        start_payment(booking=hold)
        stripe_sandbox.pay(str(CheckoutSession.objects.get(order=hold.order_id).stripe_id))

    def die(**_event: object) -> None:
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(reconcile, "process_event", die)
        with pytest.raises(SystemExit):
            reconcile_with_stripe()
    process_due_events()

    assert set(Booking.objects.values_list("state", flat=True)) == {Booking.State.CONFIRMED}


def test_what_was_missed_while_the_reconciler_failed_is_found_although_other_webhooks_came(
    stripe_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    reconcile_with_stripe()
    patient = PatientFactory()
    hold = book_place(patient=patient, slot=SlotFactory(), by=patient.account)
    start_payment(booking=hold)
    stripe_sandbox.pay(str(CheckoutSession.objects.get().stripe_id))
    three_days_later = clock.now() + timedelta(days=3)
    with monkeypatch.context() as failing:
        failing.setattr(clock, "reading", lambda: three_days_later - timedelta(hours=1))
        failing.setattr("payments.stripe.settings.STRIPE_SECRET_KEY", "sk_test_revoked")
        stripe._client.cache_clear()
        with pytest.raises(DomainError):
            reconcile_with_stripe()
    stripe._client.cache_clear()
    StripeEventFactory(received_at=three_days_later - timedelta(minutes=1))

    monkeypatch.setattr(clock, "reading", lambda: three_days_later)
    reconcile_with_stripe()

    hold.refresh_from_db()
    assert hold.is_confirmed


def test_the_first_look_goes_as_far_back_as_stripe_remembers(
    paid_without_webhook: Booking, monkeypatch: pytest.MonkeyPatch
) -> None:
    month_later = clock.now() + timedelta(days=29)
    monkeypatch.setattr(clock, "reading", lambda: month_later)

    reconcile_with_stripe()

    paid_without_webhook.refresh_from_db()
    assert paid_without_webhook.is_confirmed
