"""Stripe's side of a conversation in tests: events about our checkout sessions and refunds, signed as Stripe signs."""

import json
import time
import uuid
from typing import Any

import stripe
from django.conf import settings
from django.test import Client

from payments.models import CheckoutSession, Payment


def session(checkout: CheckoutSession, **changes: Any) -> dict[str, Any]:
    """The checkout session as Stripe shows it once it is paid; `changes` make it another."""
    return {
        "id": checkout.stripe_id,
        "object": "checkout.session",
        "amount_total": checkout.order.amount,
        "client_reference_id": checkout.order.reference,
        "currency": checkout.order.currency,
        "livemode": False,
        "metadata": {"checkout": str(checkout.idempotency_key)},
        "payment_intent": f"pi_of_{checkout.stripe_id}",
        "payment_status": "paid",
        "status": "complete",
        "expires_at": int(checkout.expires_at.timestamp()),
        "url": None,
    } | changes


def refund(payment: Payment, **changes: Any) -> dict[str, Any]:
    """A refund of the whole payment as Stripe shows it once it has succeeded."""
    return {
        "id": f"re_{uuid.uuid4().hex}",
        "object": "refund",
        "amount": payment.amount,
        "currency": payment.currency,
        "payment_intent": payment.payment_intent,
        "metadata": {},
        "status": "succeeded",
    } | changes


def event(event_type: str, about: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """An event of `event_type` about an object."""
    return {
        "id": f"evt_{uuid.uuid4().hex}",
        "object": "event",
        "type": event_type,
        "livemode": False,
        "created": int(time.time()),
        "data": {"object": about},
    } | changes


def signature(body: bytes, *, at: float | None = None, secret: str | None = None) -> str:
    """The Stripe-Signature header for a body, signed at an instant (seconds since the epoch; default now)."""
    return stripe.WebhookSignature.generate_signature_header(
        body.decode(), secret or settings.STRIPE_WEBHOOK_SECRET, int(at or time.time())
    )


def deliver(client: Client, payload: dict[str, Any]) -> int:
    """Send an event to the webhook and return the status of the answer."""
    body = json.dumps(payload).encode()
    return post(client, body, signature(body)).status_code


def post(client: Client, body: bytes, header: str | None) -> Any:
    """Send any body with any signature header (None: no header)."""
    headers = {} if header is None else {"Stripe-Signature": header}
    return client.post("/stripe/webhook/", body, content_type="application/json", headers=headers)
