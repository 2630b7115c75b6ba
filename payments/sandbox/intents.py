"""A payment intent takes money from a card at once, later, or not at all."""

from typing import Any

from . import objects
from .cards import CARDS, SUCCEEDS, Card
from .events import emit, new_id
from .state import Object, Transaction

AUTHENTICATION_FAILED = {
    "code": "payment_intent_authentication_failure",
    "message": "The card's owner could not be authenticated. Use another card, or try again.",
    "type": "card_error",
}
DEBIT_REFUSED = Card("", "payment_method_provider_decline", None, "The bank did not honour the payment.")


def create(
    tx: Transaction, *, amount: int, currency: str, customer: str | None, data: dict[str, Any], types: list[str]
) -> Object:
    """Make an intent that waits for a card."""
    intent = objects.payment_intent(
        created=tx.now(), amount=amount, currency=currency, customer=customer, data=data, types=types
    )
    return tx.put(intent)


def attempt(tx: Transaction, intent: Object, card: Card, email: str | None, status: str) -> Object:
    """Record one charge of the intent."""
    intent["payment_method"] = None if status == "failed" else new_id("pm")
    charge = tx.put(objects.charge(created=tx.now(), intent=intent, card=card, status=status, email=email))
    intent["latest_charge"] = charge["id"]
    intent["next_action"] = None
    return charge


def take(tx: Transaction, intent: Object, card: Card, email: str | None) -> None:
    """The card pays."""
    paid(tx, intent, attempt(tx, intent, card, email, "succeeded"))


def paid(tx: Transaction, intent: Object, charge: Object) -> None:
    """The money is here."""
    intent.update(status="succeeded", amount_received=intent["amount"], last_payment_error=None)
    tx.put(intent)
    emit(tx, "charge.succeeded", charge)
    emit(tx, "payment_intent.succeeded", intent)


def decline(tx: Transaction, intent: Object, card: Card, email: str | None) -> None:
    """The bank says no; the intent waits for another card."""
    charge = attempt(tx, intent, card, email, "failed")
    intent["last_payment_error"] = objects.card_error(card, charge["id"])
    failed(tx, intent, charge)


def failed(tx: Transaction, intent: Object, charge: Object | None) -> None:
    """No money came."""
    intent.update(status="requires_payment_method", next_action=None, payment_method=None)
    tx.put(intent)
    if charge:
        emit(tx, "charge.failed", charge)
    emit(tx, "payment_intent.payment_failed", intent)


def ask_for_authentication(tx: Transaction, intent: Object, url: str) -> None:
    """The bank wants 3-D Secure first."""
    intent.update(status="requires_action", payment_method=new_id("pm"))
    intent["next_action"] = {"redirect_to_url": {"return_url": None, "url": url}, "type": "redirect_to_url"}
    tx.put(intent)
    emit(tx, "payment_intent.requires_action", intent)


def fail_authentication(tx: Transaction, intent: Object) -> None:
    """3-D Secure did not succeed; no charge was tried."""
    intent["last_payment_error"] = dict(AUTHENTICATION_FAILED)
    failed(tx, intent, None)


def start_delayed(tx: Transaction, intent: Object, email: str | None) -> None:
    """The order for the payment is given; whether the money comes is known days later."""
    charge = attempt(tx, intent, CARDS[SUCCEEDS], email, "pending")
    intent["status"] = "processing"
    tx.put(intent)
    emit(tx, "charge.pending", charge)
    emit(tx, "payment_intent.processing", intent)


def settle_delayed(tx: Transaction, intent: Object, *, succeeded: bool) -> None:
    """The delayed payment arrives, or fails."""
    charge = tx.existing("charge", intent["latest_charge"])
    if succeeded:
        charge.update(status="succeeded", paid=True, captured=True, amount_captured=charge["amount"])
        charge["balance_transaction"] = new_id("txn")
        charge["outcome"] = objects.outcome(CARDS[SUCCEEDS], "succeeded")
        paid(tx, intent, tx.put(charge))
    else:
        charge.update(status="failed", failure_code=DEBIT_REFUSED.code, failure_message=DEBIT_REFUSED.message)
        charge["outcome"] = objects.outcome(DEBIT_REFUSED, "failed")
        intent["last_payment_error"] = objects.card_error(DEBIT_REFUSED, charge["id"])
        failed(tx, intent, tx.put(charge))


def cancel(tx: Transaction, intent: Object, reason: str) -> None:
    """Close an intent that took no money."""
    intent.update(status="canceled", canceled_at=tx.now(), cancellation_reason=reason, next_action=None)
    emit(tx, "payment_intent.canceled", tx.put(intent))
