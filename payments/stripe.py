"""The only place that speaks to Stripe (or to the sandbox that stands in for it). Never called inside a transaction.

Answers are plain dictionaries as Stripe's API reference describes them.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import requests
import stripe
from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError, InvalidInput

API_VERSION = "2026-10-28.endive"
EVENT_FIELDS = {"id", "type", "livemode", "data"}
SIGNATURE_TOLERANCE = 300  # seconds, into the past and into the future
CONNECT_FOR, READ_FOR = 3.0, 10.0  # seconds; each call is tried three times
SOMEBODY_WAITS_FOR = 4.0  # seconds, for all calls of one click together
HTTP_CONFLICT = 409

_patience_ends: ContextVar[float | None] = ContextVar("patience_ends", default=None)

logger = logging.getLogger(__name__)


class StripeUnreachable(DomainError):
    """No answer, or an answer that invites another try. Whether Stripe acted is unknown: repeat with the same key."""

    code = "payment_service_unreachable"
    message = _("The payment service does not answer at the moment. Your place stays held; please try again.")
    status = 503


class StripeRefused(DomainError):
    """Stripe understood and refused; repeating the same call cannot help."""

    code = "payment_service_refused"
    message = _("The payment service refused this payment. Please call us, we will help.")
    status = 502


class BadSignature(InvalidInput):
    """A webhook that Stripe did not sign, or not recently."""

    code = "bad_signature"
    message = _("This is not a signed Stripe event.")
    status = 400


@contextmanager
def while_somebody_waits() -> Iterator[None]:
    """What a click waits for: all calls inside, retries included, are given up after some seconds (StripeUnreachable).

    Also a decorator. Workers have nobody waiting, and keep their patience.
    """
    token = _patience_ends.set(time.monotonic() + SOMEBODY_WAITS_FOR)
    try:
        yield
    finally:
        _patience_ends.reset(token)


def create_checkout_session(params: dict[str, Any], *, key: str) -> dict[str, Any]:
    """Open a hosted payment page; the same key and params give the same session for 24 hours."""
    return _call(_client().v1.checkout.sessions.create, params, {"idempotency_key": key})


def retrieve_checkout_session(stripe_id: str) -> dict[str, Any]:
    return _call(_client().v1.checkout.sessions.retrieve, stripe_id)


def expire_checkout_session(stripe_id: str) -> dict[str, Any]:
    """Close a hosted page to payments. Raises StripeRefused when it is not open any more: ask what became of it."""
    return _call(_client().v1.checkout.sessions.expire, stripe_id)


def create_refund(params: dict[str, Any], *, key: str) -> dict[str, Any]:
    return _call(_client().v1.refunds.create, params, {"idempotency_key": key})


def refunds_of(payment_intent: str) -> list[dict[str, Any]]:
    """All refunds of a payment, newest first; more than a hundred would be smaller than any that we make."""
    params = {"payment_intent": payment_intent, "limit": 100}
    refunds: list[dict[str, Any]] = _call(_client().v1.refunds.list, params)["data"]
    return refunds


def events_since(moment: datetime, types: list[str]) -> Iterator[dict[str, Any]]:
    """All events of `types` that Stripe created since `moment` (Stripe keeps 30 days), newest first."""
    params: dict[str, Any] = {"created": {"gte": int(moment.timestamp())}, "types": types, "limit": 100}
    while True:
        page = _call(_client().v1.events.list, params)
        yield from page["data"]
        if not page["has_more"]:
            return
        params = params | {"starting_after": page["data"][-1]["id"]}


def our_key(answer: dict[str, Any], name: str) -> UUID | None:
    """The key that we put into an object's metadata; None when somebody else made it, whatever is written there."""
    try:
        return UUID((answer.get("metadata") or {}).get(name))
    except (TypeError, ValueError, AttributeError):
        return None


def is_live() -> bool:
    """Whether the key moves real money."""
    return settings.STRIPE_SECRET_KEY.split("_")[1:2] == ["live"]


def read_webhook(body: bytes, signature: str) -> dict[str, Any]:
    """The event in a webhook's raw body, once its signature is proven.

    Stripe's client rejects old signatures; ones from the future are refused here as well, so that a captured event
    cannot be kept for later. Raises BadSignature. Source: Stripe's docs, "Verify webhook signatures manually".
    """
    try:
        header = signature.encode("ascii").decode()
        event = stripe.Webhook.construct_event(
            body.decode("utf-8"), header, settings.STRIPE_WEBHOOK_SECRET, SIGNATURE_TOLERANCE
        )
        signed_at = max(int(part[2:]) for part in header.split(",") if part.startswith("t="))
        values: dict[str, Any] = event.to_dict(for_json=True)
        if not values.keys() >= EVENT_FIELDS:
            raise BadSignature()
    except (stripe.SignatureVerificationError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadSignature() from error
    if signed_at > time.time() + SIGNATURE_TOLERANCE:
        raise BadSignature()
    return values


def _call(method: Any, *args: Any) -> dict[str, Any]:
    if connection.in_atomic_block:
        raise RuntimeError("Stripe must not be called while a transaction is open")
    try:
        answer: dict[str, Any] = method(*args).to_dict(for_json=True)
    except (stripe.InvalidRequestError, stripe.CardError, stripe.IdempotencyError, stripe.PermissionError) as error:
        if error.http_status == HTTP_CONFLICT:  # the same call is being worked on: its answer is not known yet
            raise StripeUnreachable() from error
        logger.warning("stripe refused: code=%s request=%s", error.code, error.request_id)
        raise StripeRefused() from error
    except stripe.StripeError as error:
        logger.warning("stripe unreachable: %s request=%s", type(error).__name__, error.request_id)
        raise StripeUnreachable() from error
    return answer


class _Connections(requests.Session):
    """Kept connections to Stripe that wait no longer than whoever waits for them."""

    def request(self, method: str, url: str | bytes, *args: Any, **options: Any) -> requests.Response:
        ends = _patience_ends.get()
        if ends is not None:
            left = ends - time.monotonic()
            if left <= 0:
                raise requests.RequestException("somebody has waited long enough")  # of this kind no retry is made
            options["timeout"] = (min(CONNECT_FOR, left), min(READ_FOR, left))
        return super().request(method, url, *args, **options)


@cache
def _client() -> stripe.StripeClient:
    """One client a process. Defaults of the SDK are 0 retries and 80 s."""
    return stripe.StripeClient(
        settings.STRIPE_SECRET_KEY,
        stripe_version=API_VERSION,
        max_network_retries=2,
        http_client=stripe.RequestsClient(timeout=(CONNECT_FOR, READ_FOR), session=_Connections()),
        base_addresses={"api": settings.STRIPE_API_BASE} if settings.STRIPE_API_BASE else None,
    )
