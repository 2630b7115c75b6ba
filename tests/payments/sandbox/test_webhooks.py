"""Delivery of events: signed, at least once, again when refused, and as badly as a test wants."""

import json
import time
from collections import Counter

import pytest
import stripe

from tests.payments.sandbox.running import WEBHOOK_SECRET, Refused, Sandbox, Webhook, session_params, wait_for

PAID = ["charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"]


def buy(sandbox: Sandbox, client: stripe.StripeClient) -> str:
    session = client.v1.checkout.sessions.create(session_params())
    sandbox.pay(session.id, email="jürgen@example.com")
    return session.id


def test_events_arrive_signed_as_stripe_signs(sandbox: Sandbox, client: stripe.StripeClient, webhook: Webhook) -> None:
    session = buy(sandbox, client)

    assert wait_for(lambda: len(webhook.deliveries) == 3)
    events = [stripe.Webhook.construct_event(d.body, d.signature, WEBHOOK_SECRET) for d in webhook.deliveries]
    completed = next(event for event in events if event.type == "checkout.session.completed")
    assert sorted(event.type for event in events) == sorted(PAID)
    assert completed.data.object["id"] == session
    assert completed.data.object["customer_details"]["email"] == "jürgen@example.com"


def test_a_changed_body_or_another_secret_does_not_verify(
    sandbox: Sandbox, client: stripe.StripeClient, webhook: Webhook
) -> None:
    buy(sandbox, client)
    assert wait_for(lambda: len(webhook.deliveries) == 3)
    delivery = webhook.deliveries[0]

    for body, secret in ((delivery.body + b" ", WEBHOOK_SECRET), (delivery.body, "whsec_other")):
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body, delivery.signature, secret)


def test_a_delivery_says_the_same_as_the_event(sandbox: Sandbox, client: stripe.StripeClient, webhook: Webhook) -> None:
    buy(sandbox, client)
    assert wait_for(lambda: len(webhook.deliveries) == 3)

    sent = webhook.deliveries[0].event

    kept = json.loads(str(client.v1.events.retrieve(sent["id"])))
    assert {**sent, "pending_webhooks": 0} == {**kept, "pending_webhooks": 0}


def test_an_event_counts_as_delivered_when_it_was_taken(
    sandbox: Sandbox, client: stripe.StripeClient, webhook: Webhook
) -> None:
    buy(sandbox, client)
    sandbox.control("webhooks/flush")

    assert len(client.v1.events.list({"delivery_success": True}).data) == 3
    assert client.v1.events.list({"delivery_success": False}).data == []


def test_a_refused_delivery_is_tried_again(sandbox: Sandbox, client: stripe.StripeClient, webhook: Webhook) -> None:
    webhook.statuses[:] = [500, 302]

    buy(sandbox, client)

    assert wait_for(lambda: len(webhook.deliveries) == 5)
    assert wait_for(lambda: sandbox.seen("webhooks/log")["pending"] == 0)
    ids = Counter(delivery.event["id"] for delivery in webhook.deliveries)
    assert len(ids) == 3
    assert sorted(entry["status"] for entry in sandbox.seen("webhooks/log")["deliveries"]) == [200, 200, 200, 302, 500]


def test_a_webhook_that_never_answers_is_given_up(
    sandbox: Sandbox, client: stripe.StripeClient, webhook: Webhook
) -> None:
    webhook.statuses[:] = [500] * 9

    buy(sandbox, client)

    assert wait_for(lambda: sandbox.seen("webhooks/log")["pending"] == 0)
    assert len(webhook.deliveries) == 9
    assert len(client.v1.events.list({"delivery_success": False}).data) == 3


def test_paused_events_wait_and_arrive_on_resume(
    sandbox: Sandbox, client: stripe.StripeClient, webhook: Webhook
) -> None:
    sandbox.control("webhooks", paused=True)
    buy(sandbox, client)
    time.sleep(0.2)
    before = len(webhook.deliveries)
    with pytest.raises(Refused, match="paused"):
        sandbox.control("webhooks/flush")

    sandbox.control("webhooks", paused=False)

    assert sandbox.control("webhooks/flush") == {"idle": True, "pending": 0}
    assert before == 0
    assert sorted(webhook.types) == sorted(PAID)


def test_events_can_come_several_times(sandbox: Sandbox, client: stripe.StripeClient, webhook: Webhook) -> None:
    sandbox.control("webhooks", copies=5)

    buy(sandbox, client)
    sandbox.control("webhooks/flush")

    assert Counter(webhook.types) == dict.fromkeys(PAID, 5)
    assert len({delivery.event["id"] for delivery in webhook.deliveries}) == 3


def test_events_can_come_out_of_order(sandbox: Sandbox, client: stripe.StripeClient, webhook: Webhook) -> None:
    sandbox.control("webhooks", shuffle=True)
    orders = set()

    for _ in range(12):
        webhook.clear()
        buy(sandbox, client)
        sandbox.control("webhooks/flush")
        orders.add(tuple(webhook.types))

    assert len(orders) > 1
    assert {tuple(sorted(order)) for order in orders} == {tuple(sorted(PAID))}


def test_events_can_come_late(sandbox: Sandbox, client: stripe.StripeClient, webhook: Webhook) -> None:
    sandbox.control("webhooks", delay=0.4)
    begun = time.monotonic()

    buy(sandbox, client)

    assert wait_for(lambda: len(webhook.deliveries) == 3)
    assert time.monotonic() - begun >= 0.4


def test_lost_events_are_only_in_the_list(sandbox: Sandbox, client: stripe.StripeClient, webhook: Webhook) -> None:
    sandbox.control("webhooks", drop=True)

    buy(sandbox, client)
    sandbox.control("webhooks/flush")

    assert webhook.deliveries == []
    assert sorted(event.type for event in client.v1.events.list().data) == sorted(PAID)


def test_an_event_can_be_sent_again(sandbox: Sandbox, client: stripe.StripeClient, webhook: Webhook) -> None:
    buy(sandbox, client)
    sandbox.control("webhooks/flush")
    webhook.clear()
    event = client.v1.events.list().data[0]

    sandbox.control(f"events/{event.id}/send", copies=2)
    sandbox.control("webhooks/flush")

    assert [delivery.event["id"] for delivery in webhook.deliveries] == [event.id, event.id]


def test_the_signature_carries_the_real_time_whatever_the_clock_says(
    sandbox: Sandbox, client: stripe.StripeClient, webhook: Webhook
) -> None:
    sandbox.control("clock", advance=400 * 24 * 3600)

    buy(sandbox, client)

    assert wait_for(lambda: len(webhook.deliveries) == 3)
    for delivery in webhook.deliveries:
        signed_at = int(delivery.signature.split(",")[0].removeprefix("t="))
        assert abs(signed_at - time.time()) < 60
        assert delivery.event["created"] > time.time() + 300 * 24 * 3600


def test_a_webhook_that_does_not_answer_holds_up_nobody(
    sandbox: Sandbox, client: stripe.StripeClient, webhook: Webhook
) -> None:
    webhook.answers.clear()
    buy(sandbox, client)
    assert wait_for(lambda: len(webhook.deliveries) == 3)
    begun = time.monotonic()

    buy(sandbox, client)
    took = time.monotonic() - begun

    webhook.answers.set()
    assert took < 2
    assert sandbox.control("webhooks/flush") == {"idle": True, "pending": 0}
