"""The control interface under `/_sandbox/`: JSON, from the same machine only. It plays bank, dashboard and bad weather.

GET  /_sandbox/health                {"status": "ok", "now": …}
GET  /_sandbox/settings              what is set now
POST /_sandbox/settings              {"refund_status": "pending", "delayed_payments": true}
POST /_sandbox/webhooks              {"paused": true, "drop": …, "delay": seconds, "copies": n, "shuffle": …,
                                      "retry_seconds": […]}
POST /_sandbox/webhooks/flush        {"timeout": 10}: try every delivery now and wait for that
GET  /_sandbox/webhooks/log          deliveries tried since the start, and how many are pending
POST /_sandbox/events/{id}/send      {"copies": n}: deliver an event again
POST /_sandbox/faults                {"path": "/v1/refunds", "method": "POST", "when": "after", "action": "close",
                                      "status": 500, "seconds": 30, "times": 1}; see `faults.py`
POST /_sandbox/faults/clear          {}
POST /_sandbox/clock                 {"advance": seconds}, or {"offset": 0} to return to the real time
POST /_sandbox/sessions/{id}/pay     {"card": "4242…", "email": …, "authenticate": "complete" | "fail"}
POST /_sandbox/sessions/{id}/expire  {}: its time is over, whatever the clock says
POST /_sandbox/sessions/{id}/settle  {"outcome": "succeeded" | "failed"}: a delayed payment
POST /_sandbox/refunds               {"payment_intent" | "charge": …, "amount": …, "reason": …}: from the dashboard
POST /_sandbox/refunds/{id}/settle   {"outcome": "succeeded" | "failed"}
POST /_sandbox/disputes              {"charge" | "payment_intent": …, "amount": …, "reason": …}
POST /_sandbox/disputes/{id}/close   {"status": "won" | "lost"}
POST /_sandbox/subscriptions/{id}/renew  {"outcome": "paid" | "failed"}
GET  /_sandbox/dump                  every object by kind, private keys included
POST /_sandbox/reset                 {}: forget everything, settings included
"""

import json
import re
from collections.abc import Callable
from typing import Any

from . import billing, checkout, refunds
from .api import Request, Response, failure
from .cards import SUCCEEDS, card_from
from .errors import ApiError, no_such
from .events import queue
from .faults import checked_fault
from .params import invalid
from .render import public
from .state import SETTINGS, Cause, Object, Store, Transaction
from .webhooks import Courier

Wish = dict[str, Any]
NUMBER = int | float
KNOWN: dict[str, type | Any] = {
    "paused": bool,
    "drop": bool,
    "shuffle": bool,
    "delay": NUMBER,
    "copies": int,
    "retry_seconds": list,
}


class Control:
    """The control interface on top of a store and its courier."""

    def __init__(self, store: Store, courier: Courier) -> None:
        self._store, self._courier = store, courier
        self._actions: list[tuple[str, re.Pattern[str], Callable[..., Object]]] = [
            (method, re.compile("/_sandbox/" + path.replace("*", "([A-Za-z0-9_]+)")), action)
            for method, path, action in (
                ("GET", "health", self.health),
                ("GET", "settings", self.settings),
                ("POST", "settings", self.change_settings),
                ("POST", "webhooks", self.change_webhooks),
                ("POST", "webhooks/flush", self.flush),
                ("GET", "webhooks/log", self.log),
                ("POST", "events/*/send", self.send_again),
                ("POST", "faults", self.add_fault),
                ("POST", "faults/clear", self.clear_faults),
                ("POST", "clock", self.advance),
                ("POST", "sessions/*/pay", self.pay),
                ("POST", "sessions/*/expire", self.expire),
                ("POST", "sessions/*/settle", self.settle_payment),
                ("POST", "refunds", self.refund),
                ("POST", "refunds/*/settle", self.settle_refund),
                ("POST", "disputes", self.dispute),
                ("POST", "disputes/*/close", self.close_dispute),
                ("POST", "subscriptions/*/renew", self.renew),
                ("GET", "dump", self.dump),
                ("POST", "reset", self.reset),
            )
        ]

    def answer(self, request: Request) -> Response:
        """Answer a request of the control interface."""
        try:
            for method, pattern, action in self._actions:
                match = pattern.fullmatch(request.path)
                if match and method == request.method:
                    return Response(200, json.dumps(action(wish_of(request), *match.groups())))
            raise ApiError(f"The control interface has no {request.method} {request.path}.", status=404)
        except ApiError as error:
            return failure(error, Cause("req_control"))

    def health(self, wish: Wish) -> Object:
        """Say that the sandbox is up."""
        with self._store.transaction() as tx:
            return {"status": "ok", "now": tx.now()}

    def settings(self, wish: Wish) -> Object:
        """Return what is set."""
        with self._store.transaction() as tx:
            return public(tx.settings)

    def change_settings(self, wish: Wish) -> Object:
        """Set how refunds go, and whether payments arrive later."""
        only(wish, "refund_status", "delayed_payments")
        if wish.get("refund_status", "pending") not in ("succeeded", "pending", "failed"):
            raise invalid("`refund_status` is succeeded, pending or failed.", "refund_status")
        if not isinstance(wish.get("delayed_payments", True), bool):
            raise invalid("`delayed_payments` is true or false.", "delayed_payments")
        with self._store.transaction() as tx:
            return public(tx.put({**tx.settings, **wish}))

    def change_webhooks(self, wish: Wish) -> Object:
        """Set how events are delivered."""
        only(wish, *SETTINGS["webhooks"])
        for name, value in wish.items():
            if not isinstance(value, KNOWN[name]) or (isinstance(value, bool) and KNOWN[name] is not bool):
                raise invalid(f"`{name}` has the wrong type.", name)
        with self._store.transaction() as tx:
            settings = tx.settings
            settings["webhooks"] = {**settings["webhooks"], **wish}
            return public(tx.put(settings))

    def flush(self, wish: Wish) -> Object:
        """Try every delivery now, and wait until each has been tried."""
        only(wish, "timeout")
        with self._store.transaction() as tx:
            if tx.settings["webhooks"]["paused"]:
                raise ApiError("The webhooks are paused. Resume them first.", status=409)
        idle = self._courier.flush(float(wish.get("timeout", 10)))
        return {"idle": idle, "pending": self._courier.pending()}

    def log(self, wish: Wish) -> Object:
        """Return the deliveries tried since the start."""
        with self._store.lock:
            return {"deliveries": list(self._courier.log), "pending": self._courier.pending()}

    def send_again(self, wish: Wish, wanted: str) -> Object:
        """Deliver an event once more, or several times, whatever the settings say."""
        only(wish, "copies")
        with self._store.transaction() as tx:
            event = tx.get("event", wanted)
            if event is None:
                raise no_such("event", wanted)
            queue(tx, event, copies=int(wish.get("copies", 1)))
            return public(event)

    def add_fault(self, wish: Wish) -> Object:
        """Order a fault for the next matching request."""
        fault = checked_fault(wish)
        with self._store.transaction() as tx:
            settings = tx.settings
            settings["faults"].append(fault)
            return public(tx.put(settings))

    def clear_faults(self, wish: Wish) -> Object:
        """Take back all faults."""
        with self._store.transaction() as tx:
            return public(tx.put({**tx.settings, "faults": []}))

    def advance(self, wish: Wish) -> Object:
        """Move the sandbox's clock forward, or set its distance from the real one; what became due happens at once."""
        only(wish, "advance", "offset")
        seconds = wish.get("advance", wish.get("offset"))
        if not isinstance(seconds, int) or isinstance(seconds, bool) or seconds < 0 or len(wish) != 1:
            raise invalid("`advance` or `offset` is a whole number of seconds, not negative.", "advance")
        with self._store.transaction() as tx:
            settings = tx.settings
            settings["clock_offset"] = seconds + (settings["clock_offset"] if "advance" in wish else 0)
            tx.put(settings)
            run_due(tx)
            return {"now": tx.now()}

    def pay(self, wish: Wish, wanted: str) -> Object:
        """Pay a session as its page would, 3-D Secure included."""
        only(wish, "card", "email", "authenticate")
        with self._store.transaction() as tx:
            session = checkout.find(tx, wanted)
            checkout.pay(tx, session, card_from(str(wish.get("card", SUCCEEDS))), wish.get("email"))
            if session["_card"] and "authenticate" in wish:
                checkout.authenticate(tx, session, succeeded=wish["authenticate"] == "complete")
            return public(session)

    def expire(self, wish: Wish, wanted: str) -> Object:
        """Let a session's time be over."""
        with self._store.transaction() as tx:
            return public(checkout.expire(tx, wanted))

    def settle_payment(self, wish: Wish, wanted: str) -> Object:
        """Let a delayed payment arrive, or fail."""
        with self._store.transaction() as tx:
            return public(checkout.settle(tx, wanted, succeeded=choice(wish, "outcome", "succeeded", "failed")))

    def refund(self, wish: Wish) -> Object:
        """Refund as someone would at the dashboard."""
        only(wish, "payment_intent", "charge", "amount", "reason", "metadata")
        check_amount(wish)
        with self._store.transaction() as tx:
            return public(refunds.create(tx, wish))

    def settle_refund(self, wish: Wish, wanted: str) -> Object:
        """Let a refund arrive, or fail."""
        with self._store.transaction() as tx:
            return public(refunds.settle(tx, wanted, succeeded=choice(wish, "outcome", "succeeded", "failed")))

    def dispute(self, wish: Wish) -> Object:
        """Let the payer's bank dispute a charge."""
        only(wish, "payment_intent", "charge", "amount", "reason")
        check_amount(wish)
        with self._store.transaction() as tx:
            charge = refunds.refundable_charge(tx, wish)
            amount = wish["amount"] if "amount" in wish else charge["amount"]
            dispute = refunds.open_dispute(tx, charge=charge, amount=amount, reason=wish.get("reason", "fraudulent"))
            return public(dispute)

    def close_dispute(self, wish: Wish, wanted: str) -> Object:
        """Let the bank decide."""
        with self._store.transaction() as tx:
            status = "won" if choice(wish, "status", "won", "lost") else "lost"
            return public(refunds.close_dispute(tx, wanted, status))

    def renew(self, wish: Wish, wanted: str) -> Object:
        """Begin a subscription's next period, and collect its invoice."""
        with self._store.transaction() as tx:
            return public(billing.renew(tx, wanted, paid=choice(wish, "outcome", "paid", "failed")))

    def dump(self, wish: Wish) -> Object:
        """Return everything."""
        return self._store.dump()

    def reset(self, wish: Wish) -> Object:
        """Forget everything."""
        self._store.reset()
        with self._store.lock:
            self._courier.log.clear()
        return {"status": "ok"}


def run_due(tx: Transaction) -> None:
    """Do what the clock asks for."""
    checkout.expire_due(tx)
    billing.run_due(tx)


def wish_of(request: Request) -> Wish:
    """The JSON object of a request. Its content type keeps foreign web pages out: no form of theirs can send it."""
    if request.method != "POST":
        return {}
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise ApiError("Send the wish as application/json.", status=415)
    try:
        wish = json.loads(request.body or b"{}")
    except ValueError:
        raise ApiError("The body is not valid JSON.") from None
    if not isinstance(wish, dict):
        raise ApiError("The body must be a JSON object.")
    return wish


def only(wish: Wish, *names: str) -> None:
    """Refuse what the control interface does not know, so that a typo cannot go unnoticed."""
    unknown = sorted(wish.keys() - set(names))
    if unknown:
        raise invalid(f"Unknown: {', '.join(unknown)}. Known: {', '.join(names)}.", unknown[0], "parameter_unknown")


def check_amount(wish: Wish) -> None:
    """An amount is a whole number of the smallest unit, and more than nothing."""
    amount = wish.get("amount", 1)
    if not isinstance(amount, int) or isinstance(amount, bool) or amount < 1:
        raise invalid("`amount` is a whole number of the smallest unit, at least 1.", "amount")


def choice(wish: Wish, name: str, good: str, bad: str) -> bool:
    """Return whether the first of two outcomes is wished."""
    only(wish, name)
    if wish.get(name) not in (good, bad):
        raise invalid(f"`{name}` is {good} or {bad}.", name)
    return bool(wish[name] == good)
