"""The objects have the keys and the kinds of values that Stripe's have.

Two sources: our table of key names (`shapes.py`), and the type annotations of the official SDK, which name every key
that an object or anything inside it may have.
"""

import json
from collections.abc import Iterator
from typing import Any, get_args

import pytest
import stripe
from stripe._object_classes import get_object_class

from tests.payments.sandbox.running import Sandbox, membership_params, session_params
from tests.payments.sandbox.sdk_types import complaints, hints_of
from tests.payments.sandbox.shapes import KEYS

EXPANSIONS = {
    "checkout/sessions": ["data.line_items", "data.payment_intent.latest_charge", "data.customer"],
    "charges": ["data.refunds", "data.payment_intent"],
    "invoices": ["data.payments", "data.customer"],
    "subscriptions": ["data.latest_invoice", "data.customer"],
}
KINDS = [
    *("checkout/sessions", "payment_intents", "charges", "refunds", "disputes", "customers", "products", "prices"),
    *("subscriptions", "invoices", "events"),
]


@pytest.fixture
def answers(sandbox: Sandbox, client: stripe.StripeClient) -> dict[str, Any]:
    """Every list after a busy day, as plain JSON, plain and expanded."""
    make_a_busy_day(sandbox, client)
    found = {}
    for kind in KINDS:
        status = "&status=all" if kind == "subscriptions" else ""
        found[kind] = sandbox.api("GET", f"/v1/{kind}?limit=100{status}").json
        expand = "".join(f"&expand[]={path}" for path in EXPANSIONS.get(kind, []))
        found[f"{kind} expanded"] = sandbox.api("GET", f"/v1/{kind}?limit=100{status}{expand}").json
    return found


def make_a_busy_day(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    """Bring objects into every state that the sandbox knows."""
    sessions = client.v1.checkout.sessions

    def pay(card: str = "4242424242424242", params: Any = None, **more: str) -> str:
        session = sessions.create(params or session_params())
        sandbox.pay(session.id, card=card, **more)
        return session.id

    sessions.create(session_params(customer_email="maria@example.com"))
    sessions.expire(pay("4000000000000002"))
    pay("4000002500003155")
    pay("4000002500003155", authenticate="fail")
    pay("4000002500003155", authenticate="complete")
    for status in ("succeeded", "pending", "failed"):
        sandbox.control("settings", refund_status=status)
        client.v1.refunds.create({"payment_intent": str(sessions.retrieve(pay()).payment_intent), "amount": 100})
    disputed = sandbox.control("disputes", payment_intent=str(sessions.retrieve(pay()).payment_intent))
    sandbox.control(f"disputes/{disputed['id']}/close", status="lost")
    for outcome in ("paid", "failed"):
        member = sessions.retrieve(pay(params=membership_params())).subscription
        sandbox.control(f"subscriptions/{member}/renew", outcome=outcome)
    client.v1.subscriptions.update(str(member), {"cancel_at_period_end": True})
    client.v1.subscriptions.cancel(str(sessions.retrieve(pay(params=membership_params())).subscription))
    sandbox.control("settings", delayed_payments=True)
    for outcome in ("succeeded", "failed"):
        sandbox.control(f"sessions/{pay()}/settle", outcome=outcome)
    pay()


def objects_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every Stripe object inside a value, itself included."""
    if isinstance(value, dict):
        if isinstance(value.get("object"), str):
            yield value
        for entry in value.values():
            yield from objects_in(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from objects_in(entry)


def test_every_object_has_the_keys_that_stripes_has(answers: dict[str, Any]) -> None:
    seen, missing = set(), set()

    for item in objects_in(answers):
        seen.add(item["object"])
        missing |= {f"{item['object']}.{key}" for key in KEYS[item["object"]] - item.keys()}

    assert missing == set()
    assert seen == set(KEYS)


def test_every_key_and_value_is_one_that_the_sdk_knows(answers: dict[str, Any]) -> None:
    wrong = set()

    for item in objects_in(answers):
        if item["object"] != "list":
            wrong |= set(complaints(item, get_object_class("V1", item["object"]), item["object"]))

    assert wrong == set()


def test_the_comparison_would_find_a_wrong_key_and_a_wrong_value() -> None:
    refund = {"object": "refund", "amount": "100", "colour": "red", "destination_details": {"card": {"shade": 1}}}

    found = set(complaints(refund, stripe.Refund, "refund"))

    assert found == {
        "refund.amount is '100', not int",
        "refund.colour is unknown to the SDK",
        "refund.destination_details.card.shade is unknown to the SDK",
    }


def test_nothing_of_the_sandbox_itself_shows(answers: dict[str, Any]) -> None:
    private = {key for item in objects_in(answers) for key in item if key.startswith("_")}

    assert private == set()


def test_every_object_is_test_mode(answers: dict[str, Any]) -> None:
    assert {item["livemode"] for item in objects_in(answers) if "livemode" in item} == {False}


def test_the_types_of_events_are_ones_that_stripe_has(answers: dict[str, Any]) -> None:
    known = set(get_args(hints_of(stripe.Event)["type"]))

    sent = {event["type"] for event in answers["events"]["data"]}

    assert sent <= known
    assert sent >= {
        "checkout.session.completed",
        "checkout.session.expired",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "payment_intent.succeeded",
        "payment_intent.payment_failed",
        "charge.succeeded",
        "charge.refunded",
        "charge.refund.updated",
        "refund.created",
        "refund.updated",
        "refund.failed",
        "charge.dispute.created",
        "charge.dispute.closed",
        "customer.subscription.created",
        "customer.subscription.updated",
        "customer.subscription.deleted",
        "invoice.created",
        "invoice.paid",
        "invoice.payment_failed",
    }


def test_ids_begin_like_stripes(answers: dict[str, Any]) -> None:
    prefixes: dict[str, set[str]] = {}
    for item in objects_in(answers):
        if "id" in item:
            prefixes.setdefault(item["object"], set()).add(item["id"].rpartition("_")[0])

    assert json.loads(json.dumps({kind: sorted(found) for kind, found in prefixes.items()})) == {
        "checkout.session": ["cs_test"],
        "item": ["li"],
        "payment_intent": ["pi"],
        "charge": ["ch"],
        "refund": ["re"],
        "dispute": ["dp"],
        "customer": ["cus"],
        "product": ["prod"],
        "price": ["price"],
        "plan": ["price"],
        "subscription": ["sub"],
        "subscription_item": ["si"],
        "invoice": ["in"],
        "line_item": ["il"],
        "invoice_payment": ["inpay"],
        "event": ["evt"],
    }
