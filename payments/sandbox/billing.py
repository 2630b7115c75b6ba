"""Subscriptions and their invoices: started by a checkout, renewed each period, cancelled."""

import calendar
import copy
from datetime import UTC, datetime, timedelta
from typing import Any

from . import billing_objects, catalogue, intents
from .cards import CARDS, DECLINED, SUCCEEDS, Card
from .errors import no_such, refused
from .events import emit, new_id
from .params import merged_metadata
from .state import Object, Transaction


def after(start: int, interval: str, count: int) -> int:
    """Return the moment `count` intervals after `start`; 31 January plus a month is the last day of February (UTC)."""
    moment = datetime.fromtimestamp(start, UTC)
    if interval in ("day", "week"):
        return int((moment + timedelta(days=count * (7 if interval == "week" else 1))).timestamp())
    months = moment.year * 12 + moment.month - 1 + count * (12 if interval == "year" else 1)
    year, month = divmod(months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return int(moment.replace(year=year, month=month + 1, day=day).timestamp())


def end_of_period(anchor: int, start: int, recurring: Object) -> int:
    """Return when the period that begins at `start` ends, counted from the anchor so that the 31st comes back."""
    turn = 1
    while (end := after(anchor, recurring["interval"], recurring["interval_count"] * turn)) <= start:
        turn += 1
    return end


def start_subscription(tx: Transaction, session: Object, card: Card) -> None:
    """Begin what a checkout in subscription mode has sold, with a first invoice that the card pays."""
    now = tx.now()
    if not session["customer"]:
        session["customer"] = catalogue.create_customer(tx, {"email": session["_email"]})["id"]
    made = new_id("sub")
    items = [
        billing_objects.subscription_item(
            created=now,
            subscription_id=made,
            price=entry["price"],
            quantity=entry["quantity"],
            end=end_of_period(now, now, entry["price"]["recurring"]),
        )
        for entry in session["_line_items"]
        if entry["price"]["recurring"]
    ]
    subscription = tx.put(
        billing_objects.subscription(
            made=made, created=now, customer_id=session["customer"], items=items, data=session["_subscription_data"]
        )
    )
    extras = [entry for entry in session["_line_items"] if not entry["price"]["recurring"]]
    invoice = issue(tx, subscription, reason="subscription_create", period=(now, now), extras=extras)
    emit(tx, "customer.subscription.created", subscription)
    collect(tx, invoice, card)
    session.update(subscription=made, invoice=invoice["id"])


def issue(
    tx: Transaction, subscription: Object, *, reason: str, period: tuple[int, int], extras: list[Object]
) -> Object:
    """Write the invoice for the current period of a subscription."""
    made = new_id("in")
    customer = tx.existing("customer", subscription["customer"])
    lines = [
        billing_objects.invoice_line(
            invoice_id=made,
            price=item["price"],
            product=tx.existing("product", item["price"]["product"]),
            quantity=item["quantity"],
            period=(item["current_period_start"], item["current_period_end"]),
            item=item,
        )
        for item in subscription["items"]["data"]
    ]
    lines += [
        billing_objects.invoice_line(
            invoice_id=made,
            price=entry["price"],
            product=tx.existing("product", entry["price"]["product"]),
            quantity=entry["quantity"],
            period=(tx.now(), tx.now()),
            item=None,
        )
        for entry in extras
    ]
    invoice = billing_objects.invoice(
        made=made,
        created=tx.now(),
        subscription=subscription,
        customer=customer,
        lines=lines,
        reason=reason,
        period=period,
    )
    customer.update(next_invoice_sequence=customer["next_invoice_sequence"] + 1, currency=invoice["currency"])
    tx.put(customer)
    subscription["latest_invoice"] = made
    tx.put(subscription)
    emit(tx, "invoice.created", tx.put(invoice))
    return invoice


def collect(tx: Transaction, invoice: Object, card: Card) -> bool:
    """Try to take an invoice's money from the card, and say whether it came."""
    if invoice["_payments"]:
        intent = tx.existing("payment_intent", invoice["_payments"][0]["payment"]["payment_intent"])
    else:
        intent = intents.create(
            tx,
            amount=invoice["total"],
            currency=invoice["currency"],
            customer=invoice["customer"],
            data={"description": f"Subscription ({invoice['billing_reason']})"},
            types=["card"],
        )
    paid = card.code is None
    if paid:
        intents.take(tx, intent, card, invoice["customer_email"])
        invoice.update(status="paid", amount_paid=invoice["total"], amount_remaining=0, next_payment_attempt=None)
        invoice["status_transitions"]["paid_at"] = tx.now()
    else:
        intents.decline(tx, intent, card, invoice["customer_email"])
        invoice["next_payment_attempt"] = tx.now() + 3 * 24 * 3600
    invoice.update(attempted=True, attempt_count=invoice["attempt_count"] + 1, auto_advance=not paid)
    payment = billing_objects.invoice_payment(created=tx.now(), invoice=invoice, intent_id=intent["id"], paid=paid)
    invoice["_payments"] = [payment]
    emit(tx, "invoice.paid" if paid else "invoice.payment_failed", tx.put(invoice))
    return paid


def find(tx: Transaction, wanted: str) -> Object:
    """Return a subscription that still lives or has ended."""
    subscription = tx.get("subscription", wanted)
    if subscription is None:
        raise no_such("subscription", wanted)
    return subscription


def find_live(tx: Transaction, wanted: str) -> Object:
    """Return a subscription that has not ended; to Stripe an ended one cannot be cancelled or renewed."""
    subscription = find(tx, wanted)
    if subscription["status"] == "canceled":
        raise no_such("subscription", wanted)
    return subscription


def renew(tx: Transaction, wanted: str, *, paid: bool) -> Object:
    """Begin the next period now and collect its invoice. An invoice that is still open is tried again first."""
    subscription = find_live(tx, wanted)
    before = copy.deepcopy(subscription)
    open_invoice = tx.existing("invoice", subscription["latest_invoice"])
    if open_invoice["status"] == "paid":
        items = subscription["items"]["data"]
        last = (items[0]["current_period_start"], items[0]["current_period_end"])
        for item in items:
            start = item["current_period_end"]
            end = end_of_period(subscription["billing_cycle_anchor"], start, item["price"]["recurring"])
            item.update(current_period_start=start, current_period_end=end)
        invoice = issue(tx, subscription, reason="subscription_cycle", period=last, extras=[])
    else:
        invoice = open_invoice
    arrived = collect(tx, invoice, CARDS[SUCCEEDS if paid else DECLINED])
    subscription["status"] = "active" if arrived else "past_due"
    emit(tx, "customer.subscription.updated", tx.put(subscription), before=before)
    return invoice


def update(tx: Transaction, wanted: str, params: dict[str, Any]) -> Object:
    """Change a subscription: above all, let it end with the period, or not."""
    subscription = find(tx, wanted)
    if subscription["status"] == "canceled" and params.keys() - {"cancellation_details", "metadata", "expand"}:
        raise refused("A canceled subscription can only update its cancellation_details and metadata.")
    before = copy.deepcopy(subscription)
    if "cancel_at_period_end" in params:
        schedule_end(tx, subscription, ends=params["cancel_at_period_end"])
    if "description" in params:
        subscription["description"] = params["description"]
    if "metadata" in params:
        subscription["metadata"] = merged_metadata(subscription["metadata"], params["metadata"])
    subscription["cancellation_details"].update(params.get("cancellation_details", {}))
    if subscription != before:
        emit(tx, "customer.subscription.updated", tx.put(subscription), before=before)
    return subscription


def schedule_end(tx: Transaction, subscription: Object, *, ends: bool) -> None:
    """Set or take back the end with the current period."""
    if ends == subscription["cancel_at_period_end"]:
        return
    period_end = max(item["current_period_end"] for item in subscription["items"]["data"])
    subscription.update(
        cancel_at_period_end=ends, cancel_at=period_end if ends else None, canceled_at=tx.now() if ends else None
    )
    subscription["cancellation_details"]["reason"] = "cancellation_requested" if ends else None


def cancel(tx: Transaction, wanted: str, params: dict[str, Any]) -> Object:
    """End a subscription now."""
    subscription = find_live(tx, wanted)
    subscription["cancellation_details"].update(params.get("cancellation_details", {}))
    end(tx, subscription)
    return subscription


def end(tx: Transaction, subscription: Object) -> None:
    """The subscription is over."""
    now = tx.now()
    subscription.update(status="canceled", canceled_at=subscription["canceled_at"] or now, ended_at=now)
    subscription["cancellation_details"]["reason"] = "cancellation_requested"
    emit(tx, "customer.subscription.deleted", tx.put(subscription))


def run_due(tx: Transaction) -> None:
    """Renew or end every subscription whose period is over. One with an unpaid invoice waits for the control."""
    now = tx.now()
    for wanted in [item["id"] for item in tx.all("subscription") if is_due(item, now)]:
        while is_due(subscription := tx.existing("subscription", wanted), now):
            if subscription["cancel_at_period_end"]:
                end(tx, subscription)
            else:
                renew(tx, wanted, paid=True)


def is_due(subscription: Object, now: int) -> bool:
    """Check whether the current period is over and something must follow."""
    ends = min(item["current_period_end"] for item in subscription["items"]["data"])
    live = subscription["status"] == "active" or subscription["cancel_at_period_end"]
    return bool(subscription["status"] != "canceled" and live and ends <= now)
