"""Refunds and disputes."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import stripe

from tests.payments.sandbox.running import Refused, Sandbox, session_params


def paid_intent(sandbox: Sandbox, client: stripe.StripeClient) -> str:
    """Pay 18.00 and return the intent."""
    session = client.v1.checkout.sessions.create(session_params())
    sandbox.pay(session.id)
    return str(client.v1.checkout.sessions.retrieve(session.id).payment_intent)


def charge_of(client: stripe.StripeClient, intent: str) -> stripe.Charge:
    return client.v1.charges.list({"payment_intent": intent, "expand": ["data.refunds"]}).data[0]


def event_types(client: stripe.StripeClient, newest: int) -> list[str]:
    return [event.type for event in client.v1.events.list({"limit": newest}).data]


def test_a_full_refund_by_intent_gives_everything_back(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    intent = paid_intent(sandbox, client)

    refund = client.v1.refunds.create(
        {"payment_intent": intent, "reason": "requested_by_customer", "metadata": {"refund": "3"}}
    )

    charge: Any = charge_of(client, intent)
    assert (refund.amount, refund.currency, refund.status) == (1800, "eur", "succeeded")
    assert (refund.payment_intent, refund.charge) == (intent, charge.id)
    assert (charge.refunded, charge.amount_refunded) == (True, 1800)
    assert [entry.id for entry in charge.refunds.data] == [refund.id]
    assert event_types(client, 2) == ["charge.refunded", "refund.created"]


def test_partial_refunds_add_up_to_what_was_paid_and_not_more(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    intent = paid_intent(sandbox, client)
    charge = charge_of(client, intent).id

    client.v1.refunds.create({"charge": charge, "amount": 1000})
    with pytest.raises(stripe.InvalidRequestError) as too_much:
        client.v1.refunds.create({"charge": charge, "amount": 801})
    client.v1.refunds.create({"payment_intent": intent, "amount": 800})
    with pytest.raises(stripe.InvalidRequestError) as nothing_left:
        client.v1.refunds.create({"payment_intent": intent})

    assert (too_much.value.http_status, too_much.value.code, too_much.value.param) == (
        400,
        "amount_too_large",
        "amount",
    )
    assert (nothing_left.value.http_status, nothing_left.value.code) == (400, "charge_already_refunded")
    assert charge_of(client, intent).amount_refunded == 1800


def test_refunds_at_once_never_give_back_more_than_was_paid(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    intent = paid_intent(sandbox, client)

    def refund(amount: int) -> int:
        answer = sandbox.api(
            "POST",
            "/v1/refunds",
            f"payment_intent={intent}&amount={amount}",
            Content_Type="application/x-www-form-urlencoded",
        )
        return amount if answer.status == 200 else 0

    with ThreadPoolExecutor(8) as desk:
        given_back = sum(desk.map(refund, [1800, 500, 500, 500, 500, 500, 1800, 700] * 4))

    charge = charge_of(client, intent)
    listed = client.v1.refunds.list({"payment_intent": intent, "limit": 100})
    assert given_back == charge.amount_refunded == sum(entry.amount for entry in listed.data)
    assert given_back <= 1800


def test_a_refund_needs_to_name_its_payment(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="payment_intent or charge") as refusal:
        client.v1.refunds.create({"amount": 100})

    assert refusal.value.code == "parameter_missing"


@pytest.mark.parametrize("named", [{"charge": "ch_missing"}, {"payment_intent": "pi_missing"}])
def test_a_refund_of_an_unknown_payment_is_refused(client: stripe.StripeClient, named: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.refunds.create(named)

    assert (refusal.value.http_status, refusal.value.code) == (404, "resource_missing")


def test_an_unpaid_intent_cannot_be_refunded(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(session_params())
    sandbox.pay(session.id, card="4000000000000002")
    intent = str(client.v1.checkout.sessions.retrieve(session.id).payment_intent)

    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        client.v1.refunds.create({"payment_intent": intent})


def test_a_pending_refund_counts_and_arrives_later(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    intent = paid_intent(sandbox, client)
    sandbox.control("settings", refund_status="pending")

    refund = client.v1.refunds.create({"payment_intent": intent, "amount": 500})
    counted = charge_of(client, intent).amount_refunded
    sandbox.control(f"refunds/{refund.id}/settle", outcome="succeeded")

    newest: Any = client.v1.events.list({"type": "refund.updated"}).data[0].data
    assert (refund.status, counted) == ("pending", 500)
    assert client.v1.refunds.retrieve(refund.id).status == "succeeded"
    assert newest.previous_attributes.status == "pending"
    assert event_types(client, 2) == ["charge.refund.updated", "refund.updated"]


def test_a_pending_refund_that_fails_may_be_tried_again(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    intent = paid_intent(sandbox, client)
    sandbox.control("settings", refund_status="pending")
    refund = client.v1.refunds.create({"payment_intent": intent})

    sandbox.control(f"refunds/{refund.id}/settle", outcome="failed")

    failed = client.v1.refunds.retrieve(refund.id)
    charge = charge_of(client, intent)
    assert (failed.status, failed.failure_reason) == ("failed", "expired_or_canceled_card")
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    assert event_types(client, 3) == ["charge.refund.updated", "refund.updated", "refund.failed"]
    assert client.v1.refunds.create({"payment_intent": intent}).amount == 1800


def test_a_refund_can_fail_at_once(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    intent = paid_intent(sandbox, client)
    sandbox.control("settings", refund_status="failed")

    refund = client.v1.refunds.create({"payment_intent": intent})

    assert refund.status == "failed"
    assert charge_of(client, intent).amount_refunded == 0
    assert "charge.refunded" not in event_types(client, 10)


def test_a_refund_settles_only_once(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    sandbox.control("settings", refund_status="pending")
    refund = client.v1.refunds.create({"payment_intent": paid_intent(sandbox, client)})
    sandbox.control(f"refunds/{refund.id}/settle", outcome="failed")

    with pytest.raises(Refused, match="failed already"):
        sandbox.control(f"refunds/{refund.id}/settle", outcome="succeeded")


def test_someone_refunds_at_the_dashboard(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    intent = paid_intent(sandbox, client)

    refund = sandbox.control("refunds", payment_intent=intent, amount=300)

    event: Any = client.v1.events.list({"type": "charge.refunded"}).data[0]
    assert client.v1.refunds.retrieve(refund["id"]).amount == 300
    assert (event.data.object.amount_refunded, event.request.id) == (300, None)
    with pytest.raises(Refused, match="greater than unrefunded amount"):
        sandbox.control("refunds", payment_intent=intent, amount=1600)


def test_a_disputed_charge_is_flagged_and_cannot_be_refunded(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    intent = paid_intent(sandbox, client)

    made = sandbox.control("disputes", payment_intent=intent, reason="product_not_received")

    dispute = client.v1.disputes.retrieve(made["id"])
    assert (dispute.status, dispute.amount, dispute.reason) == ("needs_response", 1800, "product_not_received")
    assert charge_of(client, intent).disputed is True
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.refunds.create({"payment_intent": intent})
    assert (refusal.value.http_status, refusal.value.code) == (400, "charge_disputed")
    assert event_types(client, 1) == ["charge.dispute.created"]


@pytest.mark.parametrize(("status", "refundable"), [("won", True), ("lost", False)])
def test_a_closed_dispute_frees_the_charge_only_when_won(
    sandbox: Sandbox, client: stripe.StripeClient, status: str, refundable: bool
) -> None:
    intent = paid_intent(sandbox, client)
    dispute = sandbox.control("disputes", payment_intent=intent)

    sandbox.control(f"disputes/{dispute['id']}/close", status=status)

    closed = client.v1.disputes.list({"payment_intent": intent}).data[0]
    assert (closed.status, closed.is_charge_refundable) == (status, refundable)
    assert event_types(client, 1) == ["charge.dispute.closed"]
    answer = sandbox.api("POST", "/v1/refunds", f"payment_intent={intent}")
    assert answer.status == (200 if refundable else 400)
