"""Fault 26: what webhooks missed is repaired by asking Stripe."""

import pytest

from booking.models import Booking
from booking.operations import book_place, start_payment
from payments.models import CheckoutSession, Payment, StripeEvent
from payments.operations import reconcile, reconcile_with_stripe
from payments.tasks import process_due_events
from tests.factories import PatientFactory, SlotFactory
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
    """The next look goes back from the last event that arrived, so it would never find an older one again."""
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
