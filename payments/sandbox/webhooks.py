"""Delivery of events to the webhook: signed, at least once, in no particular order, tried again when refused.

The signature follows https://docs.stripe.com/webhooks#verify-manually. It carries the real time even when the sandbox's
clock was advanced, because the receiver compares it with its own clock.
"""

import hashlib
import hmac
import http.client
import json
import logging
import threading
import time
from collections import deque
from urllib.parse import urlsplit

from .events import CHANCE
from .render import public
from .state import Object, Store, Transaction

logger = logging.getLogger(__name__)

WORKERS = 4
TIMEOUT = 10
IDLE = 1.0


def signature(payload: bytes, secret: str, moment: int) -> str:
    """Return the `Stripe-Signature` header for a payload."""
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + payload, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


def post(url: str, payload: bytes, secret: str) -> int:
    """Deliver a payload and return the status, 0 when nobody answers. Like Stripe it follows no redirects."""
    parts = urlsplit(url)
    connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = connect(parts.hostname or "", parts.port, timeout=TIMEOUT)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (Sukha sandbox)",
        "Stripe-Signature": signature(payload, secret, int(time.time())),
    }
    try:
        connection.request("POST", parts.path + (f"?{parts.query}" if parts.query else ""), payload, headers)
        response = connection.getresponse()
        response.read()
        return response.status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


class Courier:
    """A few threads that take deliveries from the store. Nothing is sent while the store's lock is held."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._under_way: set[str] = set()
        self.log: deque[Object] = deque(maxlen=2000)
        self._threads = [threading.Thread(target=self._run, name=f"courier-{n}", daemon=True) for n in range(WORKERS)]

    def start(self) -> None:
        """Begin to deliver."""
        for thread in self._threads:
            thread.start()

    def pending(self) -> int:
        """How many deliveries are waiting or under way."""
        with self._store.transaction() as tx:
            return sum(1 for _ in tx.all("_delivery"))

    def flush(self, timeout: float) -> bool:
        """Make everything due, and wait until each delivery has been tried. False when that takes too long."""
        with self._store.transaction() as tx:
            for wanted in [item["id"] for item in tx.all("_delivery")]:
                delivery = tx.existing("_delivery", wanted)
                delivery["due"] = 0
                tx.put(delivery)
        return self._store.wait_until(self._is_idle, timeout)

    def _is_idle(self) -> bool:
        with self._store.transaction() as tx:
            return not self._under_way and all(item["due"] > time.time() for item in tx.all("_delivery"))

    def _run(self) -> None:
        while not self._store.stopping.is_set():
            try:
                delivery = self._next()
                if delivery:
                    self._deliver(delivery)
            except Exception:  # a courier that dies would leave the queue standing
                logger.exception("a delivery failed")
                time.sleep(IDLE)

    def _next(self) -> Object | None:
        """Wait for a delivery that is due and take it."""
        with self._store.queued:
            with self._store.transaction() as tx:
                webhooks = tx.settings["webhooks"]
                waiting = [item for item in tx.all("_delivery") if item["id"] not in self._under_way]
            now = time.time()
            due = [] if webhooks["paused"] else [item for item in waiting if item["due"] <= now]
            if due:
                taken = CHANCE.choice(due) if webhooks["shuffle"] else due[-1]
                self._under_way.add(taken["id"])
                return taken
            soonest = min((item["due"] - now for item in waiting), default=IDLE)
            self._store.queued.wait(IDLE if webhooks["paused"] else max(0.01, min(IDLE, soonest)))
            return None

    def _deliver(self, delivery: Object) -> None:
        config = self._store.config
        with self._store.transaction() as tx:
            stored = tx.get("event", delivery["event"])
            if stored is None:  # the sandbox was reset meanwhile
                self._under_way.discard(delivery["id"])
                return
            event = public(stored)
        status = post(
            config.webhook_url, json.dumps(event, indent=2, ensure_ascii=False).encode(), config.webhook_secret
        )
        with self._store.transaction() as tx:
            self._under_way.discard(delivery["id"])
            self.log.append(
                {"event": event["id"], "type": event["type"], "status": status, "attempt": delivery["attempt"] + 1}
            )
            if tx.get("_delivery", delivery["id"]) is None:
                return
            if 200 <= status < 300:
                tx.remove("_delivery", delivery["id"])
                self._settle(tx, event["id"])
            else:
                self._try_later(tx, delivery["id"])

    def _settle(self, tx: Transaction, event_id: str) -> None:
        event = tx.existing("event", event_id)
        if event["pending_webhooks"] and not any(item["event"] == event_id for item in tx.all("_delivery")):
            event["pending_webhooks"] = 0
            tx.put(event)

    def _try_later(self, tx: Transaction, wanted: str) -> None:
        delivery = tx.existing("_delivery", wanted)
        waits = tx.settings["webhooks"]["retry_seconds"]
        if delivery["attempt"] >= len(waits):
            tx.remove("_delivery", wanted)
            return
        delivery["due"] = time.time() + waits[delivery["attempt"]]
        delivery["attempt"] += 1
        tx.put(delivery)
