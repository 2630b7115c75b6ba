"""Events: a snapshot of an object at the moment something happened to it, and its way to the webhook."""

import os
import random
import string
import time

from .render import public
from .state import Object, Transaction

API_VERSION = "2026-10-28.endive"
SHUFFLE_SECONDS = 0.4
CHANCE = random.SystemRandom()
ALPHABET = string.ascii_letters + string.digits


def new_id(prefix: str, length: int = 24) -> str:
    """Return an id like Stripe's: a prefix and random letters and digits."""
    return f"{prefix}_{''.join(ALPHABET[byte % len(ALPHABET)] for byte in os.urandom(length))}"


def emit(tx: Transaction, kind: str, item: Object, *, before: Object | None = None) -> Object:
    """Record that something happened to an object, and put its deliveries in the queue.

    `before` is the object as it was; an `.updated` event names what has changed since.
    """
    after = public(item)
    data: Object = {"object": after}
    if before is not None:
        data["previous_attributes"] = {key: value for key, value in public(before).items() if value != after.get(key)}
    webhooks = tx.settings["webhooks"]
    delivers = bool(tx.config.webhook_url) and not webhooks["drop"]
    event = tx.put(
        {
            "id": new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": tx.now(),
            "data": data,
            "livemode": False,
            "pending_webhooks": int(delivers),
            "request": {"id": tx.cause.request_id, "idempotency_key": tx.cause.idempotency_key},
            "type": kind,
        }
    )
    if delivers:
        queue(tx, event, copies=webhooks["copies"], delay=webhooks["delay"], shuffle=webhooks["shuffle"])
    return event


def queue(tx: Transaction, event: Object, *, copies: int = 1, delay: float = 0, shuffle: bool = False) -> None:
    """Queue deliveries of an event. They go by the real clock, which `advance` does not touch."""
    for _ in range(copies):
        wait = delay + (CHANCE.uniform(0, SHUFFLE_SECONDS) if shuffle else 0)
        tx.put(
            {"object": "_delivery", "id": new_id("dlv"), "event": event["id"], "attempt": 0, "due": time.time() + wait}
        )
