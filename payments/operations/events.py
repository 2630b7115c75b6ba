"""Stripe's webhooks: stored first, then worked in; in any order, any number of times."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import DataError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from core.errors import InvalidInput
from payments import stripe
from payments.models import StripeEvent
from payments.operations.checkout import PaymentMismatch, record_checkout, record_failed_payment
from payments.operations.refunds import UnknownPayment, record_provider_refund

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
PAYMENT_MAY_COME = timedelta(days=3)  # as long as Stripe repeats a webhook that was not answered

HANDLERS: dict[str, Callable[[dict[str, Any]], object]] = {
    "checkout.session.completed": record_checkout,
    "checkout.session.async_payment_succeeded": record_checkout,
    "checkout.session.async_payment_failed": record_failed_payment,
    "checkout.session.expired": record_checkout,
    "refund.created": record_provider_refund,
    "refund.updated": record_provider_refund,
    "refund.failed": record_provider_refund,
}

# What is kept of the object that an event tells of: what the handlers read, and what a person compares with Stripe's
# dashboard. The rest holds the payer's name, addresses, telephone number and card, and stays with Stripe.
KEPT = (
    *("id", "object", "livemode", "created", "expires_at", "status", "mode", "payment_status"),
    *("amount", "amount_total", "currency", "payment_intent", "charge", "client_reference_id"),
    *("reason", "failure_reason"),
)
KEPT_METADATA = ("checkout", "refund", "order")  # ours; other programs on the same account write what they like

logger = logging.getLogger(__name__)


class EventNotStorable(InvalidInput):
    """An event with text that PostgreSQL cannot keep: a NUL character, half a surrogate pair, an endless id."""

    code = "event_not_storable"
    message = _("This event holds text that cannot be kept.")
    status = 400


def store_event(payload: dict[str, Any]) -> StripeEvent:
    """Keep an event without what it tells of the payer; the same event again is the same row.

    Raises EventNotStorable.
    """
    try:
        with transaction.atomic():
            event, _is_new = StripeEvent.objects.get_or_create(
                stripe_id=payload["id"], defaults={"type": payload["type"], "payload": _without_payer(payload)}
            )
    except (DataError, UnicodeEncodeError) as error:
        logger.warning("an event of Stripe cannot be kept: %s", type(error).__name__)
        raise EventNotStorable() from error
    return event


def _without_payer(payload: dict[str, Any]) -> dict[str, Any]:
    about = payload["data"]["object"]
    kept = {name: about[name] for name in KEPT if name in about}
    if metadata := about.get("metadata"):
        kept["metadata"] = {name: metadata[name] for name in KEPT_METADATA if name in metadata}
    return payload | {"data": {"object": kept}}


def process_event(*, event_id: int) -> None:
    """Work an event in, once. A failure leaves it stored and due again later; a mismatch sets it aside for a person.

    News of a payment that has not been heard of yet waits for it, like a failure, but quietly.
    """
    try:
        with transaction.atomic():
            event = StripeEvent.objects.due().select_for_update(skip_locked=True).filter(pk=event_id).first()
            if event is None:
                return
            _work_in(event)
            event.processed_at = clock.now()
            event.save(update_fields=["processed_at"])
    except PaymentMismatch as error:
        logger.error("stripe event %s is set aside: %s", event_id, error)
        StripeEvent.objects.filter(pk=event_id).update(quarantined=str(error)[:500])
    except UnknownPayment as error:
        _postpone(event_id, error)
    except Exception as error:
        logger.exception("stripe event %s could not be processed", event_id)
        _postpone(event_id, error)


def process_event_again(*, event_id: int) -> bool:
    """Give an event that was set aside, or that failed, another try now; return whether it has been worked in."""
    unprocessed = StripeEvent.objects.filter(pk=event_id, processed_at=None)
    unprocessed.update(quarantined="", error="", next_try_at=clock.now())
    process_event(event_id=event_id)
    return not unprocessed.exists()


def close_event(*, event_id: int, by: User) -> bool:
    """Note that a person has dealt with an event that was set aside, and return whether it was. It stays readable."""
    closed = StripeEvent.objects.set_aside().filter(pk=event_id).update(processed_at=clock.now())
    if closed:
        logger.info("stripe event %s, which was set aside, is dealt with by account %s", event_id, by.pk)
    return bool(closed)


def _work_in(event: StripeEvent) -> None:
    if event.payload["livemode"] != stripe.is_live():
        raise PaymentMismatch(what="livemode", got=event.payload["livemode"], want=stripe.is_live())
    handle = HANDLERS.get(event.type)
    if handle is None:
        return
    try:
        handle(event.payload["data"]["object"])
    except UnknownPayment:
        if event.received_at > clock.now() - PAYMENT_MAY_COME:
            raise
        logger.info("stripe event %s is about a payment that is not ours", event.pk)


def _postpone(event_id: int, error: Exception) -> None:
    event = StripeEvent.objects.get(pk=event_id)
    words = str(error).partition("\n")[0]  # the lines that follow may quote a row
    pause = min(FIRST_PAUSE * 2 ** min(event.attempts, 10), LONGEST_PAUSE)
    StripeEvent.objects.filter(pk=event_id).update(
        attempts=event.attempts + 1, next_try_at=clock.now() + pause, error=f"{type(error).__name__}: {words}"[:500]
    )
