"""The hosted payment page, used like a browser without scripts does."""

from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from typing import Any

import pytest
import stripe

from tests.payments.sandbox.running import Answer, Sandbox, line_item, membership_params, session_params

SUCCEEDS, DECLINED, POOR = "4242 4242 4242 4242", "4000 0000 0000 0002", "4000 0000 0000 9995"
SECURE = ["4000 0025 0000 3155", "4000 0027 6000 3184"]
FORM = {"email": "maria@example.com", "expiry": "12 / 34", "cvc": "123"}


class Outline(HTMLParser):
    """What a page says and offers."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def open_session(client: stripe.StripeClient, **more: Any) -> str:
    return client.v1.checkout.sessions.create(session_params(**more)).id


def page_of(session_id: str) -> str:
    return f"/c/pay/{session_id}"


def send(sandbox: Sandbox, session_id: str, number: str) -> Answer:
    return sandbox.open(page_of(session_id), {**FORM, "number": number})


def events(client: stripe.StripeClient, kind: str) -> int:
    return len(client.v1.events.list({"type": kind, "limit": 100}).data)


def test_the_page_names_the_sandbox_the_items_and_the_amount(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    items = [line_item(1800), line_item(50, name="Mat <hire>", quantity=2)]
    items[0]["price_data"]["product_data"]["description"] = "Tuesday 24 November, 18:00"

    answer = sandbox.open(page_of(open_session(client, line_items=items)))

    said = Outline(answer.body).text
    assert answer.status == 200
    assert "This is a sandbox. No money moves" in said
    assert "Gentle Back Care Tuesday 24 November, 18:00" in said
    assert "Mat <hire> × 2" in said
    assert "18,00 €" in said
    assert "Total 19,00 €" in said


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [(123456, "eur", "1.234,56 €"), (1850, "gbp", "£18.50"), (1850, "usd", "$18.50"), (1850, "jpy", "¥1,850")],
)
def test_amounts_are_written_as_their_country_does(
    sandbox: Sandbox, client: stripe.StripeClient, amount: int, currency: str, written: str
) -> None:
    session = open_session(client, line_items=[line_item(amount, currency=currency)])

    said = Outline(sandbox.open(page_of(session)).body).text

    assert f"Pay {written}" in said


def test_a_membership_says_how_often_it_is_due(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(membership_params())

    said = Outline(sandbox.open(page_of(session.id)).body).text

    assert "49,00 € every month" in said


def test_every_field_has_a_label_and_the_card_is_filled_in(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    outline = Outline(sandbox.open(page_of(open_session(client))).body)

    labelled = {label["for"] for label in outline.all("label")}
    fields = {field["id"]: field for field in outline.all("input")}
    assert labelled == set(fields) == {"email", "number", "expiry", "cvc"}
    assert fields["number"]["value"] == SUCCEEDS
    assert [html["lang"] for html in outline.all("html")] == ["en"]
    assert "script" not in {tag for tag, _ in outline.tags}


def test_the_page_may_load_nothing_and_is_not_framed(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    headers = sandbox.open(page_of(open_session(client))).headers

    assert headers["content-security-policy"].startswith("default-src 'none';")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


def test_back_leads_to_the_cancel_address(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    outline = Outline(sandbox.open(page_of(open_session(client))).body)

    assert "http://clinic.example/back" in {link["href"] for link in outline.all("a")}
    assert "Back, without paying" in outline.text


def test_paying_returns_to_the_shop_with_the_session(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    session = open_session(client)

    answer = send(sandbox, session, SUCCEEDS)

    assert (answer.status, answer.headers["location"]) == (303, f"http://clinic.example/paid?session={session}")
    assert client.v1.checkout.sessions.retrieve(session).payment_status == "paid"


@pytest.mark.parametrize(
    ("number", "reason", "code", "decline_code"),
    [
        (DECLINED, "Your card was declined.", "card_declined", "generic_decline"),
        (POOR, "Your card has insufficient funds.", "card_declined", "insufficient_funds"),
        ("4000 0000 0000 0069", "Your card has expired.", "expired_card", None),
        ("4111 1111 1111 1111", "test cards only", "card_declined", "test_mode_live_card"),
        ("4242 4242 4242 4241", "Your card number is incorrect.", "incorrect_number", None),
    ],
)
def test_a_refused_card_says_why_and_another_may_be_tried(
    sandbox: Sandbox, client: stripe.StripeClient, number: str, reason: str, code: str, decline_code: str | None
) -> None:
    session = open_session(client)

    refused = send(sandbox, session, number)
    page = Outline(sandbox.open(refused.headers["location"]).body)
    paid = send(sandbox, session, SUCCEEDS)

    charges = client.v1.charges.list({"limit": 100}).data
    failed: Any = next(charge for charge in charges if charge.status == "failed")
    assert (refused.status, refused.headers["location"]) == (303, page_of(session))
    assert reason in page.text
    assert [tag["role"] for tag in page.all("div") if "role" in tag] == ["alert"]
    assert (failed.failure_code, failed.outcome.reason) == (code, decline_code or code)
    assert paid.headers["location"].startswith("http://clinic.example/paid")
    assert len(charges) == 2


def test_a_real_card_number_is_kept_nowhere(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    session = open_session(client)

    send(sandbox, session, "4111 1111 1111 1111")

    assert "41111111" not in sandbox.request("GET", "/_sandbox/dump").body.replace(" ", "")


@pytest.mark.parametrize("number", SECURE)
def test_3d_secure_asks_first_and_then_pays(sandbox: Sandbox, client: stripe.StripeClient, number: str) -> None:
    session = open_session(client)

    asked = send(sandbox, session, number)
    page = Outline(sandbox.open(asked.headers["location"]).body)
    intent = client.v1.payment_intents.list().data[0].status
    done = sandbox.open(asked.headers["location"], {"result": "complete"})

    charge: Any = client.v1.charges.list().data[0]
    assert asked.headers["location"] == f"{page_of(session)}/authenticate"
    assert {button["value"] for button in page.all("button")} == {"complete", "fail"}
    assert intent == "requires_action"
    assert done.headers["location"].startswith("http://clinic.example/paid")
    assert charge.payment_method_details.card.three_d_secure.result == "authenticated"


def test_failed_3d_secure_charges_nothing_and_may_be_tried_again(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    session = open_session(client)
    send(sandbox, session, SECURE[0])

    failed = sandbox.open(f"{page_of(session)}/authenticate", {"result": "fail"})

    page = Outline(sandbox.open(failed.headers["location"]).body)
    intent: Any = client.v1.payment_intents.list().data[0]
    assert failed.headers["location"] == page_of(session)
    assert "could not confirm that it was you" in page.text
    assert (intent.status, intent.last_payment_error.code) == (
        "requires_payment_method",
        "payment_intent_authentication_failure",
    )
    assert client.v1.charges.list().data == []
    assert send(sandbox, session, SUCCEEDS).headers["location"].startswith("http://clinic.example/paid")


def test_nobody_can_authenticate_without_having_paid(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    session = open_session(client)

    answer = sandbox.open(f"{page_of(session)}/authenticate", {"result": "complete"})

    assert answer.headers["location"] == page_of(session)
    assert client.v1.checkout.sessions.retrieve(session).payment_status == "unpaid"


def test_the_shortcuts_are_buttons_of_the_form(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    session = open_session(client)
    page = Outline(sandbox.open(page_of(session)).body)

    cards = {button["id"]: button["value"] for button in page.all("button") if button.get("name") == "try"}
    declined = sandbox.open(page_of(session), {"number": SUCCEEDS, "try": str(cards["decline"])})
    secured = sandbox.open(page_of(session), {"number": SUCCEEDS, "try": str(cards["secure"])})
    paid = sandbox.open(page_of(session), {"number": DECLINED, "try": str(cards["succeed"])})

    assert declined.headers["location"] == page_of(session)
    assert secured.headers["location"].endswith("/authenticate")
    assert paid.headers["location"].startswith("http://clinic.example/paid")


def test_a_double_click_charges_once(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    session = open_session(client)

    with ThreadPoolExecutor(8) as clicks:
        answers = list(clicks.map(lambda _: send(sandbox, session, SUCCEEDS), range(16)))

    assert {answer.headers["location"] for answer in answers} == {f"http://clinic.example/paid?session={session}"}
    assert len(client.v1.charges.list().data) == 1
    assert events(client, "checkout.session.completed") == 1


def test_a_second_tab_cannot_pay_again_with_3d_secure(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    session = open_session(client)
    first_tab = send(sandbox, session, SECURE[0])
    send(sandbox, session, SUCCEEDS)

    late = sandbox.open(first_tab.headers["location"], {"result": "complete"})

    assert late.headers["location"].startswith("http://clinic.example/paid")
    assert len(client.v1.charges.list().data) == 1


def test_going_back_to_a_paid_page_says_so_and_leads_on(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    session = open_session(client)
    send(sandbox, session, SUCCEEDS)

    page = Outline(sandbox.open(page_of(session)).body)

    assert "This order is complete" in page.text
    assert [link["href"] for link in page.all("a")] == [f"http://clinic.example/paid?session={session}"]
    assert page.all("form") == []


def test_an_expired_page_says_so_and_takes_no_money(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    session = open_session(client)
    client.v1.checkout.sessions.expire(session)

    shown, sent = sandbox.open(page_of(session)), send(sandbox, session, SUCCEEDS)

    for answer in (shown, sent):
        assert answer.status == 410
        assert "This payment page has expired" in answer.body
        assert "http://clinic.example/back" in answer.body
    assert client.v1.charges.list().data == []


def test_a_known_address_is_shown_and_stays(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    session = open_session(client, customer_email="maria@example.com")

    field = next(field for field in Outline(sandbox.open(page_of(session)).body).all("input") if field["id"] == "email")
    sandbox.open(page_of(session), {**FORM, "email": "other@example.com", "number": SUCCEEDS})

    paid: Any = client.v1.checkout.sessions.retrieve(session)
    assert (field["value"], "readonly" in field) == ("maria@example.com", True)
    assert paid.customer_details.email == "maria@example.com"


@pytest.mark.parametrize("path", ["/c/pay/cs_test_nobody", "/c/pay/", "/c/pay/../x", "/", "/favicon.ico"])
def test_an_unknown_address_is_not_found(sandbox: Sandbox, path: str) -> None:
    answer = sandbox.open(path)

    assert (answer.status, "Not found" in answer.body) == (404, True)


def test_looking_at_the_page_changes_nothing(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    session = open_session(client)
    before = sandbox.seen("dump")

    for method in ("GET", "HEAD"):
        sandbox.request(method, page_of(session))

    assert sandbox.seen("dump") == before
