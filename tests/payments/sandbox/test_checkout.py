"""Checkout sessions through the official SDK: open, paid, expired, refused."""

import time
from typing import Any

import pytest
import stripe

from tests.payments.sandbox.running import Sandbox, line_item, membership_params, session_params

DAY = 24 * 3600


def event_types(client: stripe.StripeClient) -> set[str]:
    return {event.type for event in client.v1.events.list({"limit": 100}).data}


def test_a_new_session_is_open_unpaid_and_has_a_page(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(
        session_params(client_reference_id="order-7", metadata={"order": "7"}, line_items=[line_item(1800, quantity=2)])
    )

    assert (session.status, session.payment_status, session.mode) == ("open", "unpaid", "payment")
    assert (session.amount_total, session.amount_subtotal, session.currency) == (3600, 3600, "eur")
    assert session.metadata is not None
    assert (session.client_reference_id, session.metadata.to_dict()) == ("order-7", {"order": "7"})
    assert session.payment_intent is None
    assert session.url == f"{sandbox.base_url}/c/pay/{session.id}"
    assert session.id.startswith("cs_test_")
    assert session.livemode is False


def test_a_session_lives_24_hours_unless_told_otherwise(client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(session_params())

    assert session.expires_at - session.created == DAY


def test_line_items_are_shown_when_asked_for(client: stripe.StripeClient) -> None:
    params = session_params(line_items=[line_item(1800), line_item(500, name="Mat", quantity=2)])
    session = client.v1.checkout.sessions.create({**params, "expand": ["line_items"]})
    plain = client.v1.checkout.sessions.retrieve(session.id)
    alone = client.v1.checkout.sessions.line_items.list(session.id)

    assert session.line_items is not None
    assert [(i.description, i.quantity, i.amount_total) for i in session.line_items.data] == [
        ("Gentle Back Care", 1, 1800),
        ("Mat", 2, 1000),
    ]
    assert "line_items" not in plain
    assert [item.id for item in alone.data] == [item.id for item in session.line_items.data]


def test_a_session_can_sell_a_price_from_the_catalogue(client: stripe.StripeClient) -> None:
    product = client.v1.products.create({"name": "Ten classes"})
    price = client.v1.prices.create({"product": product.id, "currency": "eur", "unit_amount": 15000})

    session = client.v1.checkout.sessions.create(session_params(line_items=[{"price": price.id, "quantity": 1}]))

    assert session.amount_total == 15000


def test_paying_completes_the_session_and_leaves_intent_and_charge(
    sandbox: Sandbox, client: stripe.StripeClient
) -> None:
    data = {"metadata": {"order": "7"}, "description": "Class booking"}
    session = client.v1.checkout.sessions.create(session_params(payment_intent_data=data))

    sandbox.pay(session.id, email="maria@example.com")

    paid: Any = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    intent, charge = paid.payment_intent, paid.payment_intent.latest_charge
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert paid.customer_details.email == "maria@example.com"
    assert (intent.status, intent.amount, intent.amount_received) == ("succeeded", 1800, 1800)
    assert (intent.metadata.to_dict(), intent.description) == ({"order": "7"}, "Class booking")
    assert (charge.status, charge.paid, charge.amount_captured) == ("succeeded", True, 1800)
    assert charge.metadata.to_dict() == {"order": "7"}
    assert charge.payment_method_details.card.last4 == "4242"
    assert event_types(client) == {"charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"}


def test_a_declined_card_leaves_the_session_open(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(session_params())

    sandbox.pay(session.id, card="4000000000000002")

    tried = client.v1.checkout.sessions.retrieve(session.id)
    intent = client.v1.payment_intents.retrieve(str(tried.payment_intent))
    charge = client.v1.charges.retrieve(str(intent.latest_charge))
    assert (tried.status, tried.payment_status) == ("open", "unpaid")
    assert intent.status == "requires_payment_method"
    assert intent.last_payment_error is not None
    assert (intent.last_payment_error.code, intent.last_payment_error.decline_code) == (
        "card_declined",
        "generic_decline",
    )
    assert (charge.status, charge.paid, charge.failure_code) == ("failed", False, "card_declined")
    assert event_types(client) == {"charge.failed", "payment_intent.payment_failed"}


def test_a_second_card_pays_the_same_intent(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(session_params())
    sandbox.pay(session.id, card="4000000000009995")
    first = client.v1.checkout.sessions.retrieve(session.id)

    sandbox.pay(session.id)

    paid = client.v1.checkout.sessions.retrieve(session.id)
    charges = client.v1.charges.list({"payment_intent": str(paid.payment_intent)})
    assert paid.payment_intent == first.payment_intent
    assert [charge.status for charge in charges.data] == ["succeeded", "failed"]


def test_a_session_can_be_expired_on_request(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(session_params())

    expired = client.v1.checkout.sessions.expire(session.id)

    sandbox.pay(session.id)
    assert (expired.status, expired.url) == ("expired", None)
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "unpaid"
    assert event_types(client) == {"checkout.session.expired"}


def test_expiring_cancels_an_intent_that_was_tried(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(session_params())
    sandbox.pay(session.id, card="4000000000000002")

    expired = client.v1.checkout.sessions.expire(session.id)

    intent = client.v1.payment_intents.retrieve(str(expired.payment_intent))
    assert (intent.status, intent.cancellation_reason) == ("canceled", "expired")


@pytest.mark.parametrize("ending", ["paid", "expired"])
def test_only_an_open_session_can_be_expired(sandbox: Sandbox, client: stripe.StripeClient, ending: str) -> None:
    session = client.v1.checkout.sessions.create(session_params())
    if ending == "paid":
        sandbox.pay(session.id)
    else:
        client.v1.checkout.sessions.expire(session.id)

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.checkout.sessions.expire(session.id)

    status = "complete" if ending == "paid" else "expired"
    assert refusal.value.http_status == 400
    assert f"This Checkout Session has a status of `{status}`" in str(refusal.value)
    assert client.v1.checkout.sessions.retrieve(session.id).status == status


def test_a_session_expires_by_itself_when_its_time_is_over(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(session_params(expires_at=int(time.time()) + 31 * 60))

    sandbox.control("clock", advance=30 * 60)
    before = client.v1.checkout.sessions.retrieve(session.id).status
    sandbox.control("clock", advance=2 * 60)
    after = client.v1.checkout.sessions.retrieve(session.id).status

    assert (before, after) == ("open", "expired")
    assert event_types(client) == {"checkout.session.expired"}


def test_the_control_can_end_a_session_and_set_the_clock_back(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(session_params())
    sandbox.control(f"sessions/{session.id}/expire")
    sandbox.control("clock", advance=DAY)

    now = sandbox.control("clock", offset=0)["now"]

    event: Any = client.v1.events.list().data[0]
    assert abs(now - time.time()) < 60
    assert client.v1.checkout.sessions.retrieve(session.id).status == "expired"
    assert (event.type, event.request.id) == ("checkout.session.expired", None)


@pytest.mark.parametrize(
    ("minutes", "message"),
    [(29, "at least 30 minutes"), (24 * 60 + 1, "less than 24 hours"), (-5, "at least 30 minutes")],
)
def test_the_end_of_a_session_must_be_between_30_minutes_and_24_hours_away(
    client: stripe.StripeClient, minutes: int, message: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=message) as refusal:
        client.v1.checkout.sessions.create(session_params(expires_at=int(time.time()) + minutes * 60))

    assert refusal.value.param == "expires_at"


RECURRING = {"currency": "eur", "unit_amount": 900, "product_data": {"name": "M"}, "recurring": {"interval": "month"}}


@pytest.mark.parametrize(
    ("change", "param", "code"),
    [
        ({"line_items": [line_item(49)]}, "line_items", "amount_too_small"),
        ({"line_items": [line_item(99_999_999, quantity=2)]}, "line_items", "amount_too_large"),
        ({"line_items": [line_item(-5)]}, "line_items[0][price_data][unit_amount]", "parameter_invalid_integer"),
        ({"line_items": [line_item(currency="EUR")]}, "line_items[0][price_data][currency]", None),
        ({"line_items": [line_item(currency="xxx")]}, "line_items[0][price_data][currency]", None),
        ({"line_items": [line_item(), line_item(currency="usd")]}, "line_items", None),
        ({"line_items": [line_item(quantity=0)]}, "line_items[0][quantity]", "parameter_invalid_integer"),
        ({"line_items": [{"price": "price_missing", "quantity": 1}]}, "line_items[0][price]", "resource_missing"),
        ({"line_items": [{"price_data": RECURRING, "quantity": 1}]}, "line_items", None),
        ({"mode": "subscription"}, "line_items", None),
        ({"mode": "setup"}, "mode", None),
        ({"mode": "subscription", "payment_intent_data": {"description": "x"}}, "payment_intent_data", None),
        ({"subscription_data": {"description": "x"}}, "subscription_data", None),
        ({"customer": "cus_missing"}, "customer", "resource_missing"),
        ({"customer": "cus_1", "customer_email": "maria@example.com"}, "customer", None),
        ({"customer_email": "nobody"}, "customer_email", "email_invalid"),
        ({"success_url": "/relative"}, "success_url", "url_invalid"),
        ({"success_url": "javascript:alert(1)"}, "success_url", "url_invalid"),
        ({"metadata": {"k" * 41: "v"}}, "metadata", None),
        ({"metadata": {"k": "v" * 501}}, "metadata[k]", None),
        ({"metadata": {f"k{n}": "v" for n in range(51)}}, "metadata", None),
    ],
)
def test_a_session_that_makes_no_sense_is_refused(
    client: stripe.StripeClient, change: dict[str, Any], param: str, code: str | None
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.checkout.sessions.create(session_params(**change))

    assert (refusal.value.http_status, refusal.value.param, refusal.value.code) == (400, param, code)
    assert client.v1.checkout.sessions.list().data == []


@pytest.mark.parametrize("name", ["mode", "success_url", "line_items"])
def test_a_session_needs_its_required_parameters(client: stripe.StripeClient, name: str) -> None:
    params = session_params()
    del params[name]

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.checkout.sessions.create(params)

    assert (refusal.value.param, refusal.value.code) == (name, "parameter_missing")


def test_sessions_are_listed_newest_first_and_filtered(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    first, second, third = (
        client.v1.checkout.sessions.create(session_params(customer_email=f"p{n}@example.com")) for n in range(3)
    )
    sandbox.pay(second.id)
    client.v1.checkout.sessions.expire(third.id)
    sessions = client.v1.checkout.sessions
    intent = str(sessions.retrieve(second.id).payment_intent)

    assert [s.id for s in sessions.list().data] == [third.id, second.id, first.id]
    assert [s.id for s in sessions.list({"status": "open"}).data] == [first.id]
    assert [s.id for s in sessions.list({"payment_intent": intent}).data] == [second.id]
    assert [s.id for s in sessions.list({"customer_details": {"email": "p2@example.com"}}).data] == [third.id]


def test_a_delayed_payment_is_unpaid_until_it_arrives(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    sandbox.control("settings", delayed_payments=True)
    session = client.v1.checkout.sessions.create(session_params())

    sandbox.pay(session.id)
    waiting = client.v1.checkout.sessions.retrieve(session.id)
    processing = client.v1.payment_intents.retrieve(str(waiting.payment_intent)).status
    sandbox.control(f"sessions/{session.id}/settle", outcome="succeeded")

    arrived = client.v1.checkout.sessions.retrieve(session.id)
    assert (waiting.status, waiting.payment_status, processing) == ("complete", "unpaid", "processing")
    assert arrived.payment_status == "paid"
    assert client.v1.payment_intents.retrieve(str(arrived.payment_intent)).amount_received == 1800
    newest = client.v1.events.list({"limit": 1}).data[0]
    assert newest.type == "checkout.session.async_payment_succeeded"
    assert newest.data.object["payment_status"] == "paid"


def test_a_delayed_payment_may_fail(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    sandbox.control("settings", delayed_payments=True)
    session = client.v1.checkout.sessions.create(session_params())
    sandbox.pay(session.id)

    sandbox.control(f"sessions/{session.id}/settle", outcome="failed")

    after = client.v1.checkout.sessions.retrieve(session.id)
    intent = client.v1.payment_intents.retrieve(str(after.payment_intent))
    assert (after.status, after.payment_status) == ("complete", "unpaid")
    assert (intent.status, intent.amount_received) == ("requires_payment_method", 0)
    types = event_types(client)
    assert types >= {"checkout.session.async_payment_failed", "payment_intent.payment_failed", "charge.failed"}
    assert "charge.succeeded" not in types


def test_intents_are_listed_by_the_time_they_were_made(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    early, late = (client.v1.checkout.sessions.create(session_params()) for _ in range(2))
    sandbox.pay(early.id)
    sandbox.control("clock", advance=3600)
    sandbox.pay(late.id)
    late_intent = client.v1.checkout.sessions.retrieve(late.id).payment_intent
    half_an_hour_ago = sandbox.seen("health")["now"] - 1800

    newer = client.v1.payment_intents.list({"created": {"gte": half_an_hour_ago}})
    older = client.v1.payment_intents.list({"created": {"lt": half_an_hour_ago}})

    assert [intent.id for intent in newer.data] == [late_intent]
    assert len(older.data) == 1


def test_a_known_customer_is_carried_to_intent_and_charge(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({"email": "maria@example.com", "name": "Maria Sommer"})
    session = client.v1.checkout.sessions.create(session_params(customer=customer.id))

    sandbox.pay(session.id, email="other@example.com")

    paid: Any = client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent.latest_charge", "customer"]}
    )
    assert paid.customer.name == "Maria Sommer"
    assert paid.customer_details.email == "maria@example.com"
    assert paid.payment_intent.customer == paid.payment_intent.latest_charge.customer == customer.id


def test_a_guest_becomes_a_customer_when_wished(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    guest = client.v1.checkout.sessions.create(session_params())
    kept = client.v1.checkout.sessions.create(session_params(customer_creation="always"))

    sandbox.pay(guest.id)
    sandbox.pay(kept.id, email="maria@example.com")

    assert client.v1.checkout.sessions.retrieve(guest.id).customer is None
    customer = client.v1.customers.retrieve(str(client.v1.checkout.sessions.retrieve(kept.id).customer))
    assert customer.email == "maria@example.com"


def test_a_membership_session_pays_by_invoice(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(membership_params())

    sandbox.pay(session.id)

    paid = client.v1.checkout.sessions.retrieve(session.id)
    assert (paid.status, paid.payment_status, paid.payment_intent) == ("complete", "paid", None)
    assert str(paid.subscription).startswith("sub_")
    assert str(paid.invoice).startswith("in_")
    assert str(paid.customer).startswith("cus_")
