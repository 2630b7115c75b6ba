"""Money that goes back: first a row that says it is due, then the call, then what the provider says became of it."""

import logging
import uuid
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from core.errors import DomainError
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


class NotToBeSentAgain(DomainError):
    code = "refund_not_to_be_sent_again"
    message = _("This refund cannot be sent again: it has arrived, or the money went back in another way.")


@transaction.atomic
def owe_refund(
    *,
    payment: Payment,
    amount: int,
    reason: Refund.Reason,
    by: User | None = None,
    replaces: Refund | None = None,
) -> Refund:
    """Make `amount` (smallest unit) of a payment due for refund; a worker sends it.

    `replaces` is the first try when this is a further one. The check `never_refund_more_than_was_paid` stands behind:
    one too many raises IntegrityError.
    """
    payment = Payment.objects.select_for_update().get(pk=payment.pk)
    refund = Refund.objects.create(
        payment=payment, amount=amount, reason=reason, idempotency_key=uuid.uuid4(), created_by=by, replaces=replaces
    )
    _count_refunded(payment)
    wake_worker("payments.tasks.send_refund", refund.pk)
    return refund


@transaction.atomic
def send_refund_again(*, refund: Refund, by: User) -> Refund:
    """Try a failed refund once more, as a refund of its own: Stripe never takes up one that has failed.

    Sending it again twice is sending it again once. `refund` is the first try, whichever failed last.

    Raises NotToBeSentAgain.
    """
    payment = Payment.objects.select_for_update().get(pk=refund.payment_id)
    running = Refund.objects.filter(~Q(state=Refund.State.FAILED), replaces=refund).first()
    if running is not None:
        return running
    if not Refund.objects.failed_and_owed().filter(pk=refund.pk).exists():
        raise NotToBeSentAgain()
    reason = Refund.Reason(refund.reason)
    again = owe_refund(payment=payment, amount=refund.amount, reason=reason, by=by, replaces=refund)
    logger.info("refund %s is sent again as refund %s by account %s", refund.pk, again.pk, by.pk)
    return again


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
        if refund.replaces_id and _had_arrived(refund):
            return
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


def _had_arrived(refund: Refund) -> bool:
    """Whether an earlier try, given up without a known answer, has reached Stripe after all: then it is written down.

    Without this look, a part of a payment could go back twice. Asked just before the money would go.
    """
    tries = Refund.objects.filter(Q(pk=refund.replaces_id) | Q(replaces=refund.replaces_id)).exclude(pk=refund.pk)
    keys = set(tries.values_list("idempotency_key", flat=True))
    told = stripe.refunds_of(str(refund.payment.payment_intent))
    alive = [answer for answer in told if STATES[answer["status"]] != Refund.State.FAILED]
    news = [answer for answer in alive if stripe.our_key(answer, "refund") in keys]
    if not news:
        return False
    with transaction.atomic():
        _fail(refund, "An earlier try had arrived after all.")
        for answer in news:
            record_provider_refund(answer)
    return True


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
