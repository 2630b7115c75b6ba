"""What holds for every endpoint: keys, versions, form encoding, errors, pages of lists, expansion."""

import base64
from typing import Any

import pytest
import stripe

from tests.payments.sandbox.running import API_KEY, Sandbox, line_item, session_params


def make_customers(client: stripe.StripeClient, count: int) -> list[str]:
    """Make customers and return their ids, newest first."""
    made = [client.v1.customers.create({"email": f"p{number}@example.com"}).id for number in range(count)]
    return made[::-1]


def test_it_speaks_the_version_that_the_sdk_pins(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    client.v1.customers.create({})
    session = client.v1.checkout.sessions.create(session_params())
    client.v1.checkout.sessions.expire(session.id)

    event = client.v1.events.list().data[0]

    assert event.api_version == stripe.api_version
    assert sandbox.api("GET", "/v1/events").headers["stripe-version"] == stripe.api_version


def test_the_asked_version_is_echoed(sandbox: Sandbox) -> None:
    answer = sandbox.api("GET", "/v1/events", Stripe_Version="2026-09-30.dahlia")

    assert (answer.status, answer.headers["stripe-version"]) == (200, "2026-09-30.dahlia")


def test_a_version_that_never_was_is_refused(sandbox: Sandbox) -> None:
    answer = sandbox.api("GET", "/v1/events", Stripe_Version="latest")

    assert (answer.status, answer.json["error"]["type"]) == (400, "invalid_request_error")


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer sk_live_51Abc"},
        {"Authorization": "Bearer sk_test_51Abc"},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Digest x"},
    ],
)
def test_only_keys_made_for_the_sandbox_are_let_in(sandbox: Sandbox, header: dict[str, str]) -> None:
    answer = sandbox.request("GET", "/v1/events", headers=header)

    assert (answer.status, answer.json["error"]["type"]) == (401, "invalid_request_error")
    assert "51Abc" not in answer.body


def test_a_key_may_come_as_basic_authorization(sandbox: Sandbox) -> None:
    token = base64.b64encode(f"{API_KEY}:".encode()).decode()

    assert sandbox.request("GET", "/v1/events", headers={"Authorization": f"Basic {token}"}).status == 200


def test_the_sdk_raises_for_a_wrong_key(sandbox: Sandbox) -> None:
    with pytest.raises(stripe.AuthenticationError):
        sandbox.client(key="sk_live_real").v1.events.list()


def test_every_answer_has_its_own_request_id(sandbox: Sandbox) -> None:
    ids = {sandbox.api("GET", path).headers["request-id"] for path in ("/v1/events", "/v1/events", "/v1/nothing")}

    assert len(ids) == 3
    assert all(wanted.startswith("req_") for wanted in ids)


def test_an_unknown_path_is_a_404_in_the_envelope(sandbox: Sandbox) -> None:
    answer = sandbox.api("GET", "/v1/payouts")

    assert answer.status == 404
    assert "Unrecognized request URL (GET: /v1/payouts)" in answer.json["error"]["message"]


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("checkout.session", "checkout/sessions/cs_test_x"),
        ("payment_intent", "payment_intents/pi_x"),
        ("charge", "charges/ch_x"),
        ("refund", "refunds/re_x"),
        ("dispute", "disputes/dp_x"),
        ("customer", "customers/cus_x"),
        ("product", "products/prod_x"),
        ("price", "prices/price_x"),
        ("subscription", "subscriptions/sub_x"),
        ("invoice", "invoices/in_x"),
        ("event", "events/evt_x"),
    ],
)
def test_what_does_not_exist_is_a_404_with_its_code(sandbox: Sandbox, kind: str, path: str) -> None:
    answer = sandbox.api("GET", f"/v1/{path}")

    error = answer.json["error"]
    assert (answer.status, error["code"], error["type"]) == (404, "resource_missing", "invalid_request_error")
    assert error["message"] == f"No such {kind}: '{path.rpartition('/')[2]}'"


@pytest.mark.parametrize(
    ("params", "unknown"),
    [
        ({"colour": "red"}, "colour"),
        ({"line_items": [{**line_item(), "colour": "red"}]}, "line_items[0][colour]"),
        ({"payment_intent_data": {"metdata": {}, "metadat": "x"}}, "payment_intent_data[metadat]"),
    ],
)
def test_an_unknown_parameter_is_refused_by_name(client: stripe.StripeClient, params: Any, unknown: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.checkout.sessions.create(session_params(**params))

    assert (refusal.value.http_status, refusal.value.code) == (400, "parameter_unknown")
    assert refusal.value.param == unknown
    assert str(refusal.value).endswith(f"Received unknown parameter: {unknown}")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("email=", None),
        ("name=%00", None),
        ("name=%ff", None),
        ("email", None),
        ("metadata=x", None),
        ("metadata[a]=1&metadata[a][b]=2", None),
        ("metadata[a][b]=2&metadata[a]=1", None),
        ("metadata[a=1", None),
        ("[a]=1", "parameter_unknown"),
        ("preferred_locales=de", None),
        ("preferred_locales[a]=de", None),
        ("description=" + "x" * 501, None),
    ],
)
def test_nonsense_is_a_clear_400_and_makes_nothing(sandbox: Sandbox, body: str, code: str | None) -> None:
    answer = sandbox.api("POST", "/v1/customers", body)

    if body == "email=":
        assert answer.json["email"] is None
        return
    assert (answer.status, answer.json["error"]["type"]) == (400, "invalid_request_error")
    assert answer.json["error"]["message"]
    assert sandbox.api("GET", "/v1/customers").json["data"] == []


@pytest.mark.parametrize("length", ["-1", "x", str(10 * 1024 * 1024)])
def test_a_body_of_nonsense_length_is_refused(sandbox: Sandbox, length: str) -> None:
    answer = sandbox.api("POST", "/v1/customers", "a=b", Content_Length=length)

    assert answer.status in (400, 413)


def test_arrays_come_with_and_without_indexes(sandbox: Sandbox) -> None:
    plain = sandbox.api("POST", "/v1/customers", "preferred_locales[]=de&preferred_locales[]=en")
    indexed = sandbox.api("POST", "/v1/customers", "preferred_locales[1]=en&preferred_locales[0]=de")

    assert plain.json["preferred_locales"] == indexed.json["preferred_locales"] == ["de", "en"]


def test_pages_go_from_new_to_old_and_back(client: stripe.StripeClient) -> None:
    ids = make_customers(client, 5)

    first = client.v1.customers.list({"limit": 2})
    second = client.v1.customers.list({"limit": 2, "starting_after": ids[1]})
    last = client.v1.customers.list({"limit": 2, "starting_after": ids[3]})
    back = client.v1.customers.list({"limit": 2, "ending_before": ids[3]})
    newest = client.v1.customers.list({"limit": 3, "ending_before": ids[2]})

    assert [([entry.id for entry in page.data], page.has_more) for page in (first, second, last, back, newest)] == [
        (ids[0:2], True),
        (ids[2:4], True),
        (ids[4:5], False),
        (ids[1:3], True),
        (ids[0:2], False),
    ]


def test_the_sdk_walks_all_pages(client: stripe.StripeClient) -> None:
    ids = make_customers(client, 12)

    assert [entry.id for entry in client.v1.customers.list({"limit": 5}).auto_paging_iter()] == ids


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "starting_after=cus_x", "created[soon]=1"])
def test_a_page_that_cannot_be_is_refused(sandbox: Sandbox, query: str) -> None:
    answer = sandbox.api("GET", f"/v1/customers?{query}")

    assert (answer.status, answer.json["error"]["type"]) == (400, "invalid_request_error")


def test_events_are_found_by_type_and_time(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    for _ in range(2):
        sandbox.pay(client.v1.checkout.sessions.create(session_params()).id)
        sandbox.control("clock", advance=3600)
    expired = client.v1.checkout.sessions.create(session_params())
    client.v1.checkout.sessions.expire(expired.id)
    now = sandbox.seen("health")["now"]

    def types(**params: Any) -> list[str]:
        return [event.type for event in client.v1.events.list(params).data]  # type: ignore[arg-type]

    completed, gone = "checkout.session.completed", "checkout.session.expired"
    assert types(type=completed) == [completed, completed]
    assert types(types=[completed, gone]) == [gone, completed, completed]
    assert types(type="checkout.*", created={"gte": now - 1800}) == [gone]
    assert types(types=[completed], created={"gte": now - 5400}) == [completed]
    assert types(delivery_success=True) == []


def test_an_event_keeps_what_was_true_when_it_happened(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(session_params())
    sandbox.pay(session.id)
    intent = str(client.v1.checkout.sessions.retrieve(session.id).payment_intent)

    client.v1.refunds.create({"payment_intent": intent})

    succeeded: Any = client.v1.events.list({"type": "charge.succeeded"}).data[0]
    refunded: Any = client.v1.events.list({"type": "charge.refunded"}).data[0]
    assert (succeeded.data.object.amount_refunded, refunded.data.object.amount_refunded) == (0, 1800)
    assert client.v1.events.retrieve(refunded.id).type == "charge.refunded"


def test_an_event_names_the_request_that_caused_it(client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(session_params())

    client.v1.checkout.sessions.expire(session.id, options={"idempotency_key": "expire-7"})

    request: Any = client.v1.events.list().data[0].request
    assert (request.id.startswith("req_"), request.idempotency_key) == (True, "expire-7")


def test_references_are_expanded_in_objects_and_lists(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(session_params(customer_creation="always"))
    sandbox.pay(session.id)

    one: Any = client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent.latest_charge.refunds", "customer", "line_items.data.price.product"]}
    )
    listed: Any = client.v1.checkout.sessions.list({"expand": ["data.payment_intent", "data.line_items"]})

    assert one.payment_intent.latest_charge.refunds.data == []
    assert one.customer.object == "customer"
    assert one.line_items.data[0].price.product.name == "Gentle Back Care"
    assert listed.data[0].payment_intent.object == "payment_intent"
    assert len(listed.data[0].line_items.data) == 1


def test_nothing_to_expand_stays_empty(client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create({**session_params(), "expand": ["payment_intent.latest_charge"]})

    assert session.payment_intent is None


@pytest.mark.parametrize("path", ["colour", "status", "metadata", "line_items.data.colour", "a.b.c.d.e"])
def test_what_cannot_be_expanded_is_refused_and_nothing_made(client: stripe.StripeClient, path: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="cannot"):
        client.v1.checkout.sessions.create({**session_params(), "expand": [path]})

    assert client.v1.checkout.sessions.list().data == []
