"""Money that goes back: first a row that says it is due, then the call, then what the provider says became of it."""

import logging
import uuid
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Sum

from accounts.models import User
from core import clock
from core.wakeup import wake_worker
from payments import stripe
from payments.models import Payment, Refund

LEASE = timedelta(minutes=2)  # longer than the longest call to Stripe with its retries
KEY_LIVES = timedelta(hours=23)  # Stripe forgets idempotency keys after 24 hours
LONGEST_PAUSE = timedelta(hours=1)

STATES = {
    "pending": Refund.State.PENDING,
    "requires_action": Refund.State.PENDING,
    "succeeded": Refund.State.SUCCEEDED,
    "failed": Refund.State.FAILED,
    "canceled": Refund.State.FAILED,
}

logger = logging.getLogger(__name__)


class UnknownPayment(Exception):
    """A refund of a payment that is not ours, or of which nothing has been heard yet."""


@transaction.atomic
def owe_refund(*, payment: Payment, amount: int, reason: Refund.Reason, by: User | None = None) -> Refund:
    """Make `amount` (smallest unit) of a payment due for refund; a worker sends it.

    The check `never_refund_more_than_was_paid` stands behind: one too many raises IntegrityError.
    """
    payment = Payment.objects.select_for_update().get(pk=payment.pk)
    refund = Refund.objects.create(
        payment=payment, amount=amount, reason=reason, idempotency_key=uuid.uuid4(), created_by=by
    )
    _count_refunded(payment)
    wake_worker("payments.tasks.send_refund", refund.pk)
    return refund


def send_refund(*, refund_id: int) -> None:
    """Ask Stripe for a due refund; does nothing when another worker has it or it was sent.

    The row is leased before the call and keeps its key, so a call whose answer was lost is repeated, not doubled.
    """
    refund = _lease(refund_id)
    if refund is None:
        return
    if refund.created_at < clock.now() - KEY_LIVES and refund.attempts > 1:
        _fail(refund, "An earlier call has no known result and its key has lapsed: look at Stripe's dashboard.")
        return
    params = {
        "payment_intent": refund.payment.payment_intent,
        "amount": refund.amount,
        "metadata": {"refund": str(refund.idempotency_key)},
    }
    try:
        answer = stripe.create_refund(params, key=str(refund.idempotency_key))
    except stripe.StripeUnreachable:
        return  # the lease ends by itself, the next sweep tries again
    except stripe.StripeRefused as error:
        _fail(refund, str(error.__cause__))
        return
    record_provider_refund(answer)


@transaction.atomic
def record_provider_refund(answer: dict[str, Any]) -> None:
    """Write down what Stripe says of a refund: one of ours, or one that somebody made at Stripe's dashboard.

    Safe in any order: a refund that has succeeded does not go back to pending, one that has failed at Stripe stays
    failed. One that was only given up here is what Stripe says of it.

    Raises UnknownPayment, and IntegrityError while a refund that is due here stands in the way; Stripe will refuse it.
    """
    if not answer["payment_intent"]:  # not of a checkout page, so not ours
        return
    payment = Payment.objects.select_for_update().filter(payment_intent=answer["payment_intent"]).first()
    if payment is None:
        raise UnknownPayment(answer["payment_intent"])
    refund = _matching_refund(payment, answer) or _note_dashboard_refund(payment, answer)
    state = STATES[answer["status"]]
    if not _is_news(refund, state):
        return
    if state == Refund.State.FAILED:
        logger.error("refund %s failed at Stripe: %s", refund.pk, answer.get("failure_reason"))
    refund.state, refund.stripe_id = state, answer["id"]
    refund.error = answer.get("failure_reason") or ""
    refund.settled_at = None if state == Refund.State.PENDING else clock.now()
    refund.save(update_fields=["state", "stripe_id", "error", "settled_at"])
    _count_refunded(payment)


def _matching_refund(payment: Payment, answer: dict[str, Any]) -> Refund | None:
    known = payment.refunds.filter(stripe_id=answer["id"]).first()
    if known is None and (key := stripe.our_key(answer, "refund")):
        known = payment.refunds.filter(idempotency_key=key).first()
    return known


def _note_dashboard_refund(payment: Payment, answer: dict[str, Any]) -> Refund:
    """A refund that was not asked for here is a fact all the same; it frees no place by itself."""
    return Refund.objects.create(
        payment=payment,
        amount=answer["amount"],
        reason=Refund.Reason.AT_THE_DASHBOARD,
        idempotency_key=uuid.uuid4(),
    )


def _is_news(refund: Refund, state: Refund.State) -> bool:
    if refund.stripe_id is None:  # Stripe's first word about it
        return True
    return refund.state not in (state, Refund.State.FAILED) and state != Refund.State.PENDING


def _count_refunded(payment: Payment) -> None:
    """All refunds of the payment but the failed ones. The caller holds the payment's lock."""
    counted = payment.refunds.exclude(state=Refund.State.FAILED).aggregate(total=Sum("amount", default=0))
    Payment.objects.filter(pk=payment.pk).update(refunded=counted["total"])


@transaction.atomic
def _lease(refund_id: int) -> Refund | None:
    refund = Refund.objects.due().select_for_update(skip_locked=True, of=("self",)).filter(pk=refund_id)
    row = refund.select_related("payment").first()
    if row is None:
        return None
    row.attempts += 1
    row.next_try_at = clock.now() + min(LEASE * 2 ** (row.attempts - 1), LONGEST_PAUSE)
    row.save(update_fields=["attempts", "next_try_at"])
    return row


@transaction.atomic
def _fail(refund: Refund, reason: str) -> None:
    """Set the refund aside for a person; the amount may be refunded again."""
    logger.error("refund %s failed: %s", refund.pk, reason)
    payment = Payment.objects.select_for_update().get(pk=refund.payment_id)
    still_due = Refund.objects.filter(pk=refund.pk, state=Refund.State.DUE)
    still_due.update(state=Refund.State.FAILED, error=reason[:500], settled_at=clock.now())
    _count_refunded(payment)
