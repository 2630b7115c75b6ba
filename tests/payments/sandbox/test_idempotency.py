"""Idempotency keys and lost answers (https://docs.stripe.com/api/idempotent_requests)."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import stripe

from tests.payments.sandbox.running import Answer, Sandbox, session_params, wait_for

SESSION = (
    "mode=payment&success_url=http%3A%2F%2Fclinic.example%2F&line_items[0][quantity]=1"
    "&line_items[0][price_data][currency]=eur&line_items[0][price_data][product_data][name]=Class"
    "&line_items[0][price_data][unit_amount]="
)


def create(sandbox: Sandbox, key: str, amount: str = "1800") -> Answer:
    return sandbox.api("POST", "/v1/checkout/sessions", SESSION + amount, Idempotency_Key=key)


def sessions(sandbox: Sandbox) -> list[Any]:
    found: list[Any] = sandbox.api("GET", "/v1/checkout/sessions?limit=100").json["data"]
    return found


def test_the_same_key_and_parameters_give_the_same_answer(sandbox: Sandbox) -> None:
    first, second = create(sandbox, "order-7"), create(sandbox, "order-7")

    assert first.body == second.body
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert second.headers["original-request"] == first.headers["request-id"]
    assert second.headers["idempotency-key"] == "order-7"
    assert len(sessions(sandbox)) == 1


def test_the_replay_is_the_old_answer_even_when_the_object_has_changed(
    sandbox: Sandbox, client: stripe.StripeClient
) -> None:
    options: Any = {"idempotency_key": "order-7"}
    session = client.v1.checkout.sessions.create(session_params(), options)
    sandbox.pay(session.id)

    replayed = client.v1.checkout.sessions.create(session_params(), options)

    assert (replayed.id, replayed.status) == (session.id, "open")


def test_the_same_key_with_other_parameters_is_refused(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    options: Any = {"idempotency_key": "order-7"}
    client.v1.checkout.sessions.create(session_params(), options)

    with pytest.raises(stripe.IdempotencyError) as refusal:
        client.v1.checkout.sessions.create(session_params(client_reference_id="other"), options)

    assert refusal.value.http_status == 400
    assert refusal.value.error is not None
    assert refusal.value.error.type == "idempotency_error"
    assert len(sessions(sandbox)) == 1


def test_the_same_key_for_another_endpoint_is_refused(client: stripe.StripeClient) -> None:
    options: Any = {"idempotency_key": "order-7"}
    client.v1.checkout.sessions.create(session_params(), options)

    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        client.v1.customers.create({}, options)


def test_fifty_at_once_with_one_key_make_one_session(sandbox: Sandbox) -> None:
    with ThreadPoolExecutor(16) as crowd:
        answers = list(crowd.map(lambda _: create(sandbox, "order-7"), range(50)))

    made = {answer.json["id"] for answer in answers if answer.status == 200}
    assert len(made) == len(sessions(sandbox)) == 1
    assert {answer.status for answer in answers} <= {200, 409}


def test_a_key_in_flight_is_a_conflict(sandbox: Sandbox) -> None:
    sandbox.control("faults", action="delay", seconds=1, when="before")
    slow = threading.Thread(target=create, args=(sandbox, "order-7"))
    slow.start()
    assert wait_for(lambda: not sandbox.seen("settings")["faults"])

    conflict = create(sandbox, "order-7")
    other = create(sandbox, "order-8")
    slow.join()
    after = create(sandbox, "order-7")

    error = conflict.json["error"]
    assert (conflict.status, error["type"], error["code"]) == (409, "idempotency_error", "idempotency_key_in_use")
    assert (other.status, after.status) == (200, 200)
    assert after.headers["idempotent-replayed"] == "true"


def test_parameters_that_failed_validation_may_be_corrected(sandbox: Sandbox) -> None:
    refused = create(sandbox, "order-7", amount="many")
    corrected = create(sandbox, "order-7")

    assert (refused.status, corrected.status) == (400, 200)
    assert "idempotent-replayed" not in corrected.headers


def test_a_refusal_of_the_endpoint_is_kept(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(session_params())
    client.v1.checkout.sessions.expire(session.id)
    path = f"/v1/checkout/sessions/{session.id}/expire"

    first, second = (sandbox.api("POST", path, Idempotency_Key="expire-7") for _ in range(2))

    assert (first.status, second.status) == (400, 400)
    assert second.headers["idempotent-replayed"] == "true"
    assert first.body == second.body


def test_a_key_is_forgotten_after_24_hours(sandbox: Sandbox) -> None:
    first = create(sandbox, "order-7")
    sandbox.control("clock", advance=24 * 3600 - 60)
    replayed = create(sandbox, "order-7")
    sandbox.control("clock", advance=120)

    later = create(sandbox, "order-7")

    assert replayed.json["id"] == first.json["id"]
    assert later.json["id"] != first.json["id"]


@pytest.mark.parametrize("length", [255, 256])
def test_a_key_has_up_to_255_characters(sandbox: Sandbox, length: int) -> None:
    assert create(sandbox, "k" * length).status == (200 if length == 255 else 400)


@pytest.mark.parametrize("action", ["close", "hang"])
def test_an_answer_lost_after_the_work_is_found_again(sandbox: Sandbox, action: str) -> None:
    sandbox.control("faults", path="/v1/checkout/sessions", when="after", action=action, seconds=0.8)
    impatient, patient = sandbox.client(timeout=0.4), sandbox.client()
    options: Any = {"idempotency_key": "order-7"}

    with pytest.raises(stripe.APIConnectionError):
        impatient.v1.checkout.sessions.create(session_params(), options)
    found = patient.v1.checkout.sessions.create(session_params(), options)

    assert [session["id"] for session in sessions(sandbox)] == [found.id]


def test_the_sdk_itself_repeats_and_gets_the_same_session(sandbox: Sandbox) -> None:
    sandbox.control("faults", when="after", action="close", times=2)

    session = sandbox.client(retries=2).v1.checkout.sessions.create(session_params())

    assert [entry["id"] for entry in sessions(sandbox)] == [session.id]


def test_a_fault_before_the_work_makes_nothing(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    sandbox.control("faults", path="/v1/checkout/*", status=503)

    with pytest.raises(stripe.APIError) as failure:
        client.v1.checkout.sessions.create(session_params())

    assert failure.value.http_status == 503
    assert sessions(sandbox) == []


def test_a_fault_strikes_only_what_it_names_and_only_so_often(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    sandbox.control("faults", path="/v1/refunds", status=429)
    client.v1.checkout.sessions.create(session_params())

    for expected in (429, 400):
        assert sandbox.api("POST", "/v1/refunds", "amount=1").status == expected


def test_faults_can_be_taken_back(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    sandbox.control("faults", method="*", status=500, times=99)
    sandbox.control("faults/clear")

    assert client.v1.events.list().data == []


def test_a_slow_answer_is_slow(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    sandbox.control("faults", method="GET", action="delay", seconds=0.3)
    begun = time.monotonic()

    client.v1.events.list()

    assert time.monotonic() - begun >= 0.3
