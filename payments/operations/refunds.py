"""Money that goes back: first a row that says it is due, then the call, then what the provider says became of it."""

import logging
import uuid
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

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


@transaction.atomic
def owe_refund(*, payment: Payment, amount: int, reason: Refund.Reason, by: User | None = None) -> Refund:
    """Make `amount` (smallest unit) of a payment due for refund; a worker sends it.

    The check `never_refund_more_than_was_paid` stands behind: one too many raises IntegrityError.
    """
    Payment.objects.filter(pk=payment.pk).update(refunded=F("refunded") + amount)
    refund = Refund.objects.create(
        payment=payment, amount=amount, reason=reason, idempotency_key=uuid.uuid4(), created_by=by
    )
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

    Safe in any order: a refund that has succeeded does not go back to pending, one that has failed stays failed.
    """
    payment = Payment.objects.select_for_update().filter(payment_intent=answer["payment_intent"]).first()
    if payment is None:
        logger.warning("refund %s is for a payment that is not ours", answer["id"])
        return
    refund = _matching_refund(payment, answer) or _note_dashboard_refund(payment, answer)
    state = STATES[answer["status"]]
    if refund.state in (state, Refund.State.FAILED):
        return
    if state == Refund.State.PENDING and refund.state != Refund.State.DUE:
        return
    if state == Refund.State.FAILED:
        logger.error("refund %s failed at Stripe: %s", refund.pk, answer.get("failure_reason"))
        Payment.objects.filter(pk=payment.pk).update(refunded=F("refunded") - refund.amount)
    refund.state, refund.stripe_id = state, answer["id"]
    refund.error = answer.get("failure_reason") or ""
    refund.settled_at = None if state == Refund.State.PENDING else clock.now()
    refund.save(update_fields=["state", "stripe_id", "error", "settled_at"])


def _matching_refund(payment: Payment, answer: dict[str, Any]) -> Refund | None:
    known = payment.refunds.filter(stripe_id=answer["id"]).first()
    if known is None and (key := (answer.get("metadata") or {}).get("refund")):
        known = payment.refunds.filter(idempotency_key=key).first()
    return known


def _note_dashboard_refund(payment: Payment, answer: dict[str, Any]) -> Refund:
    """A refund that was not asked for here is a fact all the same; it frees no place by itself."""
    Payment.objects.filter(pk=payment.pk).update(refunded=F("refunded") + answer["amount"])
    return Refund.objects.create(
        payment=payment,
        amount=answer["amount"],
        reason=Refund.Reason.AT_THE_DASHBOARD,
        idempotency_key=uuid.uuid4(),
        stripe_id=answer["id"],
    )


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
    still_due = Refund.objects.filter(pk=refund.pk, state=Refund.State.DUE)
    if still_due.update(state=Refund.State.FAILED, error=reason[:500], settled_at=clock.now()):
        Payment.objects.filter(pk=refund.payment_id).update(refunded=F("refunded") - refund.amount)
