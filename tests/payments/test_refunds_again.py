"""A refund that failed is sent again, against the Stripe sandbox: once, also under many clicks, and never twice."""

from datetime import timedelta

import pytest

from accounts.models import User
from core import clock
from payments import stripe
from payments.models import Payment, Refund
from payments.operations import NotToBeSentAgain, owe_refund, record_provider_refund, send_refund, send_refund_again
from payments.tasks import send_due_refunds
from tests.factories import RefundFactory, UserFactory
from tests.payments import stripe_says
from tests.payments.sandbox.running import Sandbox
from tests.payments.test_refunds import at_stripe, payment
from tests.races.crowd import all_at_once

pytestmark = pytest.mark.django_db(transaction=True)

__all__ = ["payment"]  # the fixture: a payment that the sandbox knows as well

TOO_LATE = Refund.Reason.PAID_TOO_LATE


@pytest.fixture
def receptionist(db: None) -> User:
    return UserFactory()


@pytest.fixture
def failed(stripe_sandbox: Sandbox, payment: Payment) -> Refund:
    """A refund that Stripe has tried in vain; from now on refunds succeed."""
    stripe_sandbox.control("settings", refund_status="failed")
    refund = owe_refund(payment=payment, amount=1800, reason=TOO_LATE)
    send_due_refunds()
    stripe_sandbox.control("settings", refund_status="succeeded")
    refund.refresh_from_db()
    assert (refund.state, refund.error) == (Refund.State.FAILED, "expired_or_canceled_card")
    return refund


def test_a_failed_refund_that_is_sent_again_arrives(
    stripe_sandbox: Sandbox, payment: Payment, failed: Refund, receptionist: User
) -> None:
    again = send_refund_again(refund=failed, by=receptionist)
    send_due_refunds()

    again.refresh_from_db()
    payment.refresh_from_db()
    assert (again.state, again.reason, again.created_by) == (Refund.State.SUCCEEDED, TOO_LATE, receptionist)
    assert payment.refunded == 1800
    assert sorted(one["status"] for one in at_stripe(stripe_sandbox)) == ["failed", "succeeded"]
    assert list(payment.refunds.current()) == [again]


@pytest.mark.race
def test_ten_clicks_at_once_send_it_again_once(failed: Refund, receptionist: User) -> None:
    ends = all_at_once([lambda: send_refund_again(refund=failed, by=receptionist)] * 10)

    assert ends == {"ok": 10}
    assert Refund.objects.filter(replaces=failed).count() == 1


def test_a_try_that_failed_as_well_may_be_followed_by_another(
    stripe_sandbox: Sandbox, failed: Refund, receptionist: User
) -> None:
    stripe_sandbox.control("settings", refund_status="failed")
    send_refund_again(refund=failed, by=receptionist)
    send_due_refunds()
    assert list(Refund.objects.failed_and_owed()) == [failed]
    stripe_sandbox.control("settings", refund_status="succeeded")

    send_refund_again(refund=failed, by=receptionist)
    send_due_refunds()

    assert list(Refund.objects.failed_and_owed()) == []
    assert Refund.objects.filter(state=Refund.State.SUCCEEDED).count() == 1


@pytest.mark.parametrize("state", [Refund.State.DUE, Refund.State.PENDING, Refund.State.SUCCEEDED])
def test_only_what_failed_is_sent_again(receptionist: User, state: Refund.State) -> None:
    refund = RefundFactory(state=state)

    with pytest.raises(NotToBeSentAgain):
        send_refund_again(refund=refund, by=receptionist)


def test_what_was_paid_back_at_the_dashboard_meanwhile_is_not_sent_again(
    payment: Payment, failed: Refund, receptionist: User
) -> None:
    record_provider_refund(stripe_says.refund(payment))

    with pytest.raises(NotToBeSentAgain):
        send_refund_again(refund=failed, by=receptionist)

    assert list(Refund.objects.failed_and_owed()) == []


def test_a_first_try_that_had_arrived_after_all_is_found_before_the_money_goes_twice(
    stripe_sandbox: Sandbox, payment: Payment, receptionist: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 21: Stripe made a part refund, its answer was lost, and the key lapsed before anybody asked again."""
    stripe_sandbox.control("faults", path="/v1/refunds", when="after", action="close")
    first = owe_refund(payment=payment, amount=500, reason=TOO_LATE)
    with monkeypatch.context() as without_retries:
        without_retries.setattr(stripe, "_client", stripe_sandbox.client)
        send_refund(refund_id=first.pk)
    Refund.objects.update(created_at=clock.now() - timedelta(hours=25), attempts=3, next_try_at=clock.now())
    send_refund(refund_id=first.pk)
    first.refresh_from_db()
    assert first.state == Refund.State.FAILED

    again = send_refund_again(refund=first, by=receptionist)
    send_due_refunds()

    first.refresh_from_db()
    again.refresh_from_db()
    payment.refresh_from_db()
    assert (first.state, again.state) == (Refund.State.SUCCEEDED, Refund.State.FAILED)
    assert [one["amount"] for one in at_stripe(stripe_sandbox)] == [500]
    assert payment.refunded == 500
    assert list(Refund.objects.failed_and_owed()) == []
    assert list(payment.refunds.current()) == [first]
