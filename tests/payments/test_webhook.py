"""Faults 13 to 17, 22 and 27: what Stripe tells, in any order, any number of times, signed or not."""

import json
import random
import time
from typing import Any

import pytest
from django.test import Client

from booking.models import Booking
from booking.operations import release_hold
from core import clock
from payments.models import CheckoutSession, Order, Payment, Refund, StripeEvent
from payments.operations import events, process_event
from tests.factories import BookingFactory, CheckoutSessionFactory, PatientFactory
from tests.payments import stripe_says
from tests.races.crowd import all_at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def hold() -> Booking:
    booking: Booking = BookingFactory(state=Booking.State.HELD)
    return booking


@pytest.fixture
def checkout(hold: Booking) -> CheckoutSession:
    session: CheckoutSession = CheckoutSessionFactory(order=hold.order)
    return session


def release(hold: Booking) -> None:
    """The hold's time is over; its payment page had expired by itself."""
    CheckoutSession.objects.filter(order=hold.order).update(state=CheckoutSession.State.EXPIRED, stripe_id=None)
    Booking.objects.filter(pk=hold.pk).update(hold_expires_at=clock.now())
    release_hold(booking=hold)
    hold.refresh_from_db()
    assert hold.state == Booking.State.RELEASED


def test_a_paid_session_confirms_the_booking(client: Client, hold: Booking, checkout: CheckoutSession) -> None:
    status = stripe_says.deliver(client, stripe_says.event("checkout.session.completed", stripe_says.session(checkout)))

    hold.refresh_from_db()
    payment = Payment.objects.get()
    assert status == 200
    assert hold.is_confirmed
    assert (payment.order, payment.amount, payment.method) == (hold.order, hold.price, Payment.Method.CARD)


def test_every_event_five_times_in_any_order_ends_the_same(
    client: Client, hold: Booking, checkout: CheckoutSession
) -> None:
    unpaid = stripe_says.session(checkout, payment_status="unpaid")
    paid = stripe_says.session(checkout)
    story = [
        stripe_says.event("checkout.session.completed", unpaid),
        stripe_says.event("checkout.session.async_payment_succeeded", paid),
        stripe_says.event("payment_intent.succeeded", {"id": paid["payment_intent"]}),
        stripe_says.event("checkout.session.expired", paid | {"status": "expired", "payment_status": "unpaid"}),
    ] * 5
    random.Random(13).shuffle(story)

    statuses = {stripe_says.deliver(client, event) for event in story}

    hold.refresh_from_db()
    assert statuses == {200}
    assert hold.is_confirmed
    assert list(Payment.objects.values_list("amount", "refunded")) == [(hold.price, 0)]
    assert StripeEvent.objects.filter(processed_at=None).count() == 0
    assert StripeEvent.objects.count() == 4


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_twenty_deliveries_at_once_are_one_payment(hold: Booking, checkout: CheckoutSession) -> None:
    payload = stripe_says.event("checkout.session.completed", stripe_says.session(checkout))

    ends = all_at_once(lambda: stripe_says.deliver(Client(), payload) for _delivery in range(20))

    hold.refresh_from_db()
    assert ends == {"ok": 20}
    assert hold.is_confirmed
    assert Payment.objects.count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_the_browsers_return_and_the_webhook_at_once_are_one_payment(hold: Booking, checkout: CheckoutSession) -> None:
    said = stripe_says.session(checkout)

    ends = all_at_once(
        [lambda: stripe_says.deliver(Client(), stripe_says.event("checkout.session.completed", said))] * 5
        + [lambda: events.record_checkout(said)] * 5
    )

    assert ends == {"ok": 10}
    assert Payment.objects.count() == 1
    assert Refund.objects.count() == 0


def test_a_crash_after_the_event_is_stored_is_made_good_by_the_next_try(
    client: Client, hold: Booking, checkout: CheckoutSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(_answer: object) -> None:
        raise ConnectionError("the database went away")

    payload = stripe_says.event("checkout.session.completed", stripe_says.session(checkout))
    with monkeypatch.context() as broken:
        broken.setitem(events.HANDLERS, "checkout.session.completed", crash)
        status = stripe_says.deliver(client, payload)
    event = StripeEvent.objects.get()
    assert (status, event.processed_at, event.attempts) == (200, None, 1)

    StripeEvent.objects.update(next_try_at=clock.now())
    process_event(event_id=event.pk)

    hold.refresh_from_db()
    event.refresh_from_db()
    assert hold.is_confirmed
    assert event.processed_at is not None


def test_completed_but_unpaid_waits_for_the_money(client: Client, hold: Booking, checkout: CheckoutSession) -> None:
    unpaid = stripe_says.session(checkout, payment_status="unpaid")
    stripe_says.deliver(client, stripe_says.event("checkout.session.completed", unpaid))
    hold.refresh_from_db()
    assert hold.is_held

    stripe_says.deliver(
        client, stripe_says.event("checkout.session.async_payment_succeeded", stripe_says.session(checkout))
    )

    hold.refresh_from_db()
    assert hold.is_confirmed


@pytest.mark.parametrize("late", ["checkout.session.expired", "checkout.session.async_payment_failed"])
def test_bad_news_after_the_money_leaves_the_booking_paid(
    client: Client, hold: Booking, checkout: CheckoutSession, late: str
) -> None:
    paid = stripe_says.session(checkout)
    stripe_says.deliver(client, stripe_says.event("checkout.session.completed", paid))

    stripe_says.deliver(client, stripe_says.event(late, paid | {"status": "expired", "payment_status": "unpaid"}))

    hold.refresh_from_db()
    assert hold.is_confirmed
    assert hold.order is not None and hold.order.is_paid


@pytest.mark.parametrize(
    ("field", "value"),
    [("amount_total", 1), ("currency", "usd"), ("client_reference_id", "another"), ("livemode", True)],
)
def test_a_payment_that_is_not_what_the_order_asks_for_is_set_aside(
    client: Client, hold: Booking, checkout: CheckoutSession, field: str, value: object
) -> None:
    said = stripe_says.session(checkout, **{field: value})

    status = stripe_says.deliver(client, stripe_says.event("checkout.session.completed", said))

    hold.refresh_from_db()
    event = StripeEvent.objects.get()
    assert status == 200
    assert hold.is_held
    assert event.processed_at is None
    assert str(value) in event.quarantined
    assert Payment.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_money_after_release_takes_a_free_place_again(client: Client, hold: Booking, checkout: CheckoutSession) -> None:
    paid = stripe_says.event("checkout.session.completed", stripe_says.session(checkout))
    release(hold)

    stripe_says.deliver(client, paid)

    hold.refresh_from_db()
    hold.slot.refresh_from_db()
    assert hold.is_confirmed
    assert hold.slot.taken == 1
    assert Refund.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_money_after_release_goes_back_when_the_class_is_full(
    client: Client, hold: Booking, checkout: CheckoutSession
) -> None:
    paid = stripe_says.event("checkout.session.completed", stripe_says.session(checkout))
    release(hold)
    BookingFactory.create_batch(hold.slot.capacity, slot=hold.slot)

    for _delivery in range(3):
        stripe_says.deliver(client, paid)

    hold.refresh_from_db()
    refund = Refund.objects.get()
    assert hold.state == Booking.State.RELEASED
    assert (refund.amount, refund.reason, refund.state) == (
        hold.price,
        Refund.Reason.PAID_TOO_LATE,
        Refund.State.DUE,
    )
    assert refund.payment.refunded == refund.payment.amount


@pytest.mark.django_db(transaction=True)
def test_money_after_release_goes_back_when_the_patient_has_booked_anew(
    client: Client, hold: Booking, checkout: CheckoutSession
) -> None:
    paid = stripe_says.event("checkout.session.completed", stripe_says.session(checkout))
    release(hold)
    again = BookingFactory(slot=hold.slot, patient=hold.patient)

    stripe_says.deliver(client, paid)

    again.refresh_from_db()
    assert again.is_confirmed
    assert Refund.objects.get().amount == hold.price


def test_a_second_payment_of_one_order_goes_back_in_full(
    client: Client, hold: Booking, checkout: CheckoutSession
) -> None:
    second = CheckoutSessionFactory(order=hold.order, state=CheckoutSession.State.COMPLETE)
    for one in [checkout, second]:
        stripe_says.deliver(client, stripe_says.event("checkout.session.completed", stripe_says.session(one)))

    assert Payment.objects.filter(order=hold.order).count() == 2
    assert list(Refund.objects.values_list("reason", "amount")) == [(Refund.Reason.PAID_TWICE, hold.price)]
    assert Order.objects.get(pk=hold.order_id).is_paid


def test_what_stripe_tells_of_the_payer_is_not_kept(client: Client, checkout: CheckoutSession) -> None:
    person = {"email": "anna@example.org", "name": "Anna Weber", "phone": "030 1234567", "address": {"line1": "Weg 1"}}
    said = stripe_says.session(
        checkout,
        customer_details=person,
        customer_email=person["email"],
        collected_information={"shipping_details": person},
        custom_fields=[{"text": {"value": "Anna Weber"}}],
    )
    said["metadata"] |= {"name": "Anna Weber"}
    event = stripe_says.event("checkout.session.completed", said)
    event["data"]["previous_attributes"] = {"customer_email": "anna@example.org"}

    stripe_says.deliver(client, event)

    kept = StripeEvent.objects.get()
    text = json.dumps(kept.payload)
    assert kept.processed_at is not None
    assert [word for word in ("anna", "Anna", "030 1234567", "Weg 1") if word in text] == []
    assert kept.payload["data"]["object"] == {
        name: value for name, value in stripe_says.session(checkout).items() if name != "url"
    }


def test_an_event_that_fails_does_not_quote_the_row_that_was_refused(
    client: Client, hold: Booking, checkout: CheckoutSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_answer: object) -> None:
        Booking.objects.filter(pk=hold.pk).update(confirmed_at=None, state=Booking.State.CONFIRMED)

    monkeypatch.setitem(events.HANDLERS, "checkout.session.completed", refuse)

    stripe_says.deliver(client, stripe_says.event("checkout.session.completed", stripe_says.session(checkout)))

    error = StripeEvent.objects.get().error
    assert error.startswith("IntegrityError: ") and "a_confirmed" in error
    assert "DETAIL" not in error


def test_a_session_of_another_program_on_the_same_account_is_passed_over(client: Client) -> None:
    stranger = {"id": "cs_other", "object": "checkout.session", "livemode": False, "metadata": {}}

    status = stripe_says.deliver(client, stripe_says.event("checkout.session.completed", stranger))

    event = StripeEvent.objects.get()
    assert (status, event.quarantined) == (200, "")
    assert event.processed_at is not None


BODY = json.dumps({"id": "evt_1", "object": "event", "type": "x", "livemode": False, "data": {"object": {}}}).encode()


@pytest.mark.parametrize(
    ("body", "header"),
    [
        pytest.param(BODY, None, id="no signature"),
        pytest.param(BODY, "t=1,v1=00", id="nonsense"),
        pytest.param(BODY, "v1", id="no timestamp"),
        pytest.param(BODY, "t=x,v1=ä", id="a signature that is not ASCII"),
        pytest.param(BODY, lambda: stripe_says.signature(BODY, secret="whsec_other"), id="another secret"),
        pytest.param(BODY, lambda: stripe_says.signature(BODY, at=time.time() - 301), id="301 seconds old"),
        pytest.param(BODY, lambda: stripe_says.signature(BODY, at=time.time() + 310), id="from the future"),
        pytest.param(BODY + b" ", lambda: stripe_says.signature(BODY), id="changed on the way"),
        pytest.param(b"\xff\xfe", lambda: stripe_says.signature(b"x"), id="not UTF-8"),
        pytest.param(b"[1, 2]", lambda: stripe_says.signature(b"[1, 2]"), id="no object"),
        pytest.param(b"{", lambda: stripe_says.signature(b"{"), id="no JSON"),
        pytest.param(b"{}", lambda: stripe_says.signature(b"{}"), id="no event"),
    ],
)
def test_what_stripe_did_not_sign_is_a_400_and_leaves_no_row(client: Client, body: bytes, header: object) -> None:
    answer = stripe_says.post(client, body, header() if callable(header) else header)  # type: ignore[arg-type]

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_signature")
    assert StripeEvent.objects.count() == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "evt_\x00"},
        {"id": "evt_\ud800"},
        {"id": "evt_" + "x" * 1000},
        {"type": "customer.\x00"},
        {"data": {"object": {"status": "open\x00"}}},
        {"data": {"object": {"payment_intent": {"na\x00me": "pi_1"}}}},
        {"data": {"object": {"status": "\ud800"}}},
    ],
)
def test_a_signed_event_that_the_database_cannot_keep_is_a_400_and_leaves_no_row(
    client: Client, changes: dict[str, Any]
) -> None:
    body = json.dumps(stripe_says.event("customer.created", {}, **changes)).encode()

    answer = stripe_says.post(client, body, stripe_says.signature(body))

    assert (answer.status_code, answer.json()["code"]) == (400, "event_not_storable")
    assert StripeEvent.objects.count() == 0


def test_a_signed_event_about_the_escape_of_a_nul_is_kept(client: Client) -> None:
    event = stripe_says.event("customer.created", {"status": r"\u0000"})

    assert stripe_says.deliver(client, event) == 200
    assert StripeEvent.objects.get().payload == event


def test_a_signed_event_of_a_kind_that_we_do_not_use_is_kept_and_done(client: Client) -> None:
    answer = stripe_says.post(client, BODY, stripe_says.signature(BODY))

    assert answer.status_code == 200
    assert StripeEvent.objects.get().processed_at is not None


@pytest.mark.django_db(transaction=True)
def test_control_a_hold_that_was_released_for_another_patient_is_not_confirmed_by_nobodys_money(
    hold: Booking,
) -> None:
    release(hold)
    BookingFactory(slot=hold.slot, patient=PatientFactory())

    hold.refresh_from_db()
    assert hold.state == Booking.State.RELEASED
    assert Payment.objects.count() == 0
