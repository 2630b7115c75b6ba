"""Money on its way back: refunds, and disputes that the payer's bank opens."""

from typing import Any

from . import objects
from .currencies import written
from .errors import no_such, refused
from .events import emit, new_id
from .params import invalid
from .state import Object, Transaction

LOST_OR_OPEN = ("needs_response", "under_review", "lost")


def create(tx: Transaction, params: dict[str, Any]) -> Object:
    """Send back all or a part of what a charge has taken, never more. The control says how it goes."""
    charge = refundable_charge(tx, params)
    left = charge["amount_captured"] - charge["amount_refunded"]
    amount = params.get("amount", left)
    if left == 0:
        raise refused(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if amount > left:
        currency = charge["currency"]
        message = (
            f"Refund amount ({written(amount, currency)}) is greater than unrefunded amount on charge "
            f"({written(left, currency)})"
        )
        raise refused(message, code="amount_too_large", param="amount")
    status = tx.settings["refund_status"]
    refund = objects.refund(
        created=tx.now(),
        charge=charge,
        amount=amount,
        status=status,
        reason=params.get("reason"),
        metadata=params.get("metadata", {}),
    )
    emit(tx, "refund.created", tx.put(refund))
    if status == "failed":
        announce_failure(tx, refund)
    else:
        count(tx, charge, amount)
        emit(tx, "charge.refunded", charge)
    return refund


def refundable_charge(tx: Transaction, params: dict[str, Any]) -> Object:
    """Find the charge, and refuse one that took no money or is disputed."""
    if "charge" in params:
        charge = tx.get("charge", params["charge"])
        if charge is None:
            raise no_such("charge", params["charge"], param="charge")
        if params.get("payment_intent", charge["payment_intent"]) != charge["payment_intent"]:
            raise invalid("The charge does not belong to the payment_intent.", "payment_intent")
    elif "payment_intent" in params:
        intent = tx.get("payment_intent", params["payment_intent"])
        if intent is None:
            raise no_such("payment_intent", params["payment_intent"], param="payment_intent")
        if intent["status"] != "succeeded":
            raise refused(f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.")
        charge = tx.existing("charge", intent["latest_charge"])
    else:
        message = "One of the following params should be provided for this request: payment_intent or charge."
        raise invalid(message, "payment_intent", "parameter_missing")
    if not charge["captured"]:
        raise refused(f"Charge {charge['id']} has taken no money that could be refunded.", code="charge_not_refundable")
    if any(item["charge"] == charge["id"] and item["status"] in LOST_OR_OPEN for item in tx.all("dispute")):
        message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
        raise refused(message, code="charge_disputed")
    return charge


def count(tx: Transaction, charge: Object, amount: int) -> None:
    """Add an amount to what the charge has given back; a negative one after a refund failed."""
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    tx.put(charge)


def announce_failure(tx: Transaction, refund: Object) -> None:
    """The bank could not take the money; it is on our side again."""
    before = dict(refund)
    refund.update(status="failed", failure_reason="expired_or_canceled_card")
    refund["failure_balance_transaction"] = new_id("txn")
    refund.pop("pending_reason", None)
    tx.put(refund)
    emit(tx, "refund.failed", refund)
    for kind in ("refund.updated", "charge.refund.updated"):
        emit(tx, kind, refund, before=before)


def settle(tx: Transaction, wanted: str, *, succeeded: bool) -> Object:
    """A pending refund arrives or fails; one that had arrived may still fail, as some banks answer late."""
    refund = tx.get("refund", wanted)
    if refund is None:
        raise no_such("refund", wanted)
    if refund["status"] not in (("pending",) if succeeded else ("pending", "succeeded")):
        raise refused(f"This refund is {refund['status']} already.")
    before = dict(refund)
    if not succeeded:
        count(tx, tx.existing("charge", refund["charge"]), -refund["amount"])
        announce_failure(tx, refund)
        return refund
    refund["status"] = "succeeded"
    refund["destination_details"] = {"card": {"type": "refund"}, "type": "card"}
    refund.pop("pending_reason", None)
    tx.put(refund)
    for kind in ("refund.updated", "charge.refund.updated"):
        emit(tx, kind, refund, before=before)
    return refund


def open_dispute(tx: Transaction, *, charge: Object, amount: int, reason: str) -> Object:
    """The payer's bank takes the money back for now."""
    charge["disputed"] = True
    tx.put(charge)
    dispute = tx.put(objects.dispute(created=tx.now(), charge=charge, amount=amount, reason=reason))
    emit(tx, "charge.dispute.created", dispute)
    return dispute


def close_dispute(tx: Transaction, wanted: str, status: str) -> Object:
    """The bank has decided: won or lost."""
    dispute = tx.get("dispute", wanted)
    if dispute is None:
        raise no_such("dispute", wanted)
    if dispute["status"] in ("won", "lost"):
        raise refused(f"This dispute is {dispute['status']} already.")
    dispute.update(status=status, is_charge_refundable=status == "won")
    emit(tx, "charge.dispute.closed", tx.put(dispute))
    return dispute
