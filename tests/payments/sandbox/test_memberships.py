"""Subscriptions and invoices, and the catalogue that they sell from."""

from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from tests.payments.sandbox.running import Refused, Sandbox, membership_params

DAY = 24 * 3600


def subscribe(sandbox: Sandbox, client: stripe.StripeClient, **more: Any) -> str:
    """Buy a membership and return the subscription."""
    session = client.v1.checkout.sessions.create(membership_params(**more))
    sandbox.pay(session.id, email="maria@example.com")
    return str(client.v1.checkout.sessions.retrieve(session.id).subscription)


def item_of(client: stripe.StripeClient, subscription: str) -> Any:
    retrieved: Any = client.v1.subscriptions.retrieve(subscription)
    return retrieved["items"].data[0]


def newest_types(client: stripe.StripeClient, count: int) -> list[str]:
    return [event.type for event in client.v1.events.list({"limit": count}).data]


def test_a_membership_begins_active_with_a_paid_invoice(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    wanted = subscribe(sandbox, client, subscription_data={"metadata": {"membership": "5"}})

    subscription: Any = client.v1.subscriptions.retrieve(wanted, {"expand": ["latest_invoice.payments", "customer"]})
    invoice = subscription.latest_invoice
    item = subscription["items"].data[0]
    assert (subscription.status, subscription.cancel_at_period_end) == ("active", False)
    assert subscription.metadata.to_dict() == {"membership": "5"}
    assert subscription.customer.email == "maria@example.com"
    assert 28 * DAY <= item.current_period_end - item.current_period_start <= 31 * DAY
    assert (invoice.status, invoice.billing_reason, invoice.amount_paid) == ("paid", "subscription_create", 4900)
    assert invoice.parent.subscription_details.subscription == wanted
    assert invoice.parent.subscription_details.metadata.to_dict() == {"membership": "5"}
    assert invoice.lines.data[0].period.end == item.current_period_end
    intent = client.v1.payment_intents.retrieve(invoice.payments.data[0].payment.payment_intent)
    assert (intent.status, intent.amount_received) == ("succeeded", 4900)
    assert set(newest_types(client, 100)) == {
        "customer.subscription.created",
        "invoice.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice.paid",
        "checkout.session.completed",
    }


def test_a_declined_card_begins_no_membership(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(membership_params())

    sandbox.pay(session.id, card="4000000000000002")

    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert client.v1.subscriptions.list().data == []


def test_a_paid_renewal_begins_the_next_period(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    wanted = subscribe(sandbox, client)
    before = item_of(client, wanted)

    made = sandbox.control(f"subscriptions/{wanted}/renew", outcome="paid")

    after = item_of(client, wanted)
    invoice: Any = client.v1.invoices.retrieve(made["id"])
    assert after.current_period_start == before.current_period_end
    assert after.current_period_end > after.current_period_start
    assert (invoice.status, invoice.billing_reason) == ("paid", "subscription_cycle")
    assert (invoice.period_start, invoice.period_end) == (before.current_period_start, before.current_period_end)
    assert invoice.lines.data[0].period.start == after.current_period_start
    assert client.v1.invoices.list({"subscription": wanted, "limit": 1}).data[0].id == invoice.id
    assert set(newest_types(client, 5)) == {
        "invoice.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice.paid",
        "customer.subscription.updated",
    }


def test_a_failed_renewal_is_past_due_until_it_is_paid(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    wanted = subscribe(sandbox, client)

    failed = sandbox.control(f"subscriptions/{wanted}/renew", outcome="failed")
    status = client.v1.subscriptions.retrieve(wanted).status
    types = newest_types(client, 4)
    paid = sandbox.control(f"subscriptions/{wanted}/renew", outcome="paid")

    assert (failed["status"], failed["attempt_count"], status) == ("open", 1, "past_due")
    assert "invoice.payment_failed" in types
    assert (paid["id"], paid["status"], paid["attempt_count"]) == (failed["id"], "paid", 2)
    assert client.v1.subscriptions.retrieve(wanted).status == "active"


def test_time_renews_a_membership_by_itself(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    wanted = subscribe(sandbox, client)

    sandbox.control("clock", advance=100 * DAY)

    assert len(client.v1.invoices.list({"subscription": wanted, "limit": 100}).data) == 4
    assert item_of(client, wanted).current_period_end > sandbox.seen("health")["now"]


def test_periods_follow_the_day_of_the_month(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    today = datetime.fromtimestamp(sandbox.seen("health")["now"], UTC)
    to_january = datetime(today.year + 1, 1, 31, 12, tzinfo=UTC) - today
    sandbox.control("clock", advance=int(to_january.total_seconds()))
    wanted = subscribe(sandbox, client)

    ends = []
    for _ in range(3):
        ends.append(datetime.fromtimestamp(item_of(client, wanted).current_period_end, UTC))
        sandbox.control(f"subscriptions/{wanted}/renew", outcome="paid")

    leap = ends[0].year % 4 == 0
    assert [(end.month, end.day) for end in ends] == [(2, 29 if leap else 28), (3, 31), (4, 30)]


def test_a_membership_can_end_with_its_period_or_go_on_after_all(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    wanted = subscribe(sandbox, client)
    end = item_of(client, wanted).current_period_end

    ending = client.v1.subscriptions.update(wanted, {"cancel_at_period_end": True})
    event: Any = client.v1.events.list({"limit": 1}).data[0]
    going_on = client.v1.subscriptions.update(wanted, {"cancel_at_period_end": False})

    assert (ending.status, ending.cancel_at_period_end, ending.cancel_at) == ("active", True, end)
    assert event.type == "customer.subscription.updated"
    assert event.data.previous_attributes.cancel_at_period_end is False
    assert (going_on.cancel_at_period_end, going_on.cancel_at) == (False, None)


def test_a_membership_that_ends_with_its_period_is_deleted_then(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    wanted = subscribe(sandbox, client)
    client.v1.subscriptions.update(wanted, {"cancel_at_period_end": True})

    sandbox.control("clock", advance=32 * DAY)

    assert client.v1.subscriptions.retrieve(wanted).status == "canceled"
    assert newest_types(client, 1) == ["customer.subscription.deleted"]
    assert len(client.v1.invoices.list({"subscription": wanted}).data) == 1


def test_a_membership_can_be_cancelled_at_once_but_only_once(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    wanted = subscribe(sandbox, client)

    cancelled = client.v1.subscriptions.cancel(wanted)

    assert (cancelled.status, cancelled.ended_at is not None) == ("canceled", True)
    assert newest_types(client, 1) == ["customer.subscription.deleted"]
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.subscriptions.cancel(wanted)
    assert (refusal.value.http_status, refusal.value.code) == (404, "resource_missing")
    with pytest.raises(stripe.InvalidRequestError, match="canceled subscription"):
        client.v1.subscriptions.update(wanted, {"cancel_at_period_end": True})
    with pytest.raises(Refused, match="No such subscription"):
        sandbox.control(f"subscriptions/{wanted}/renew", outcome="paid")


def test_subscriptions_are_listed_by_status_and_customer(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    ended, alive = subscribe(sandbox, client), subscribe(sandbox, client)
    client.v1.subscriptions.cancel(ended)
    customer = str(client.v1.subscriptions.retrieve(alive).customer)

    listed = client.v1.subscriptions.list

    assert [entry.id for entry in listed().data] == [alive]
    assert [entry.id for entry in listed({"status": "all"}).data] == [alive, ended]
    assert [entry.id for entry in listed({"status": "canceled"}).data] == [ended]
    assert [entry.id for entry in listed({"customer": customer}).data] == [alive]


def test_a_customer_can_be_made_and_changed(client: stripe.StripeClient) -> None:
    made = client.v1.customers.create({"email": "maria@example.com", "metadata": {"patient": "9", "old": "x"}})

    client.v1.customers.update(made.id, {"name": "Maria Sommer", "phone": "", "metadata": {"old": "", "new": "y"}})

    found: Any = client.v1.customers.retrieve(made.id)
    assert (found.email, found.name, found.phone) == ("maria@example.com", "Maria Sommer", None)
    assert found.metadata.to_dict() == {"patient": "9", "new": "y"}
    assert [entry.id for entry in client.v1.customers.list({"email": "maria@example.com"}).data] == [made.id]


def test_metadata_can_be_cleared_as_a_whole(client: stripe.StripeClient) -> None:
    made = client.v1.customers.create({"metadata": {"patient": "9"}})

    cleared: Any = client.v1.customers.update(made.id, {"metadata": ""})

    assert cleared.metadata.to_dict() == {}


def test_products_and_prices_can_be_made_and_found(client: stripe.StripeClient) -> None:
    product = client.v1.products.create({"name": "Membership", "id": "membership"})
    price = client.v1.prices.create(
        {
            "product": product.id,
            "currency": "eur",
            "unit_amount": 4900,
            "recurring": {"interval": "month"},
            "lookup_key": "monthly",
        }
    )

    found: Any = client.v1.prices.list({"lookup_keys": ["monthly"], "expand": ["data.product"]}).data[0]
    assert client.v1.products.retrieve("membership").name == "Membership"
    assert client.v1.prices.retrieve(price.id).unit_amount == 4900
    assert (found.id, found.type, found.recurring.interval) == (price.id, "recurring", "month")
    assert found.product.name == "Membership"


def test_ids_and_lookup_keys_are_unique(client: stripe.StripeClient) -> None:
    client.v1.products.create({"name": "Membership", "id": "membership"})
    params: Any = {"product": "membership", "currency": "eur", "unit_amount": 4900, "lookup_key": "monthly"}
    client.v1.prices.create(params)

    with pytest.raises(stripe.InvalidRequestError, match="already exists"):
        client.v1.products.create({"name": "Again", "id": "membership"})
    with pytest.raises(stripe.InvalidRequestError, match="lookup key"):
        client.v1.prices.create(params)
