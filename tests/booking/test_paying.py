"""Book, pay, come back: through the pages, against the Stripe sandbox."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Patient
from booking.models import Booking
from core import clock
from payments.models import CheckoutSession, Order, Payment, Refund
from scheduling.models import Slot
from tests.booking.reading import buttons, words
from tests.factories import BookingFactory, SlotFactory
from tests.payments import stripe_says
from tests.payments.sandbox.running import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hold(patients_client: Client) -> Booking:
    """A place that the patient has just booked on the page."""
    slot = SlotFactory(capacity=1)
    patients_client.post(reverse("booking:book", args=[slot.pk]), {"price": slot.price})
    return Booking.objects.get()


def send(client: Client, name: str, booking: Booking, **more: Any) -> Any:
    return client.post(reverse(f"booking:{name}", args=[booking.pk]), **more)


def go_to_payment(client: Client, booking: Booking) -> CheckoutSession:
    """Click on *Pay* and return the hosted page that the click leads to."""
    answer = send(client, "pay", booking)
    session = CheckoutSession.objects.get(order=booking.order_id, state=CheckoutSession.State.OPEN)
    assert (answer.status_code, answer.url) == (303, session.url)
    return session


def come_back(client: Client, booking: Booking) -> Any:
    return client.get(reverse("booking:detail", args=[booking.pk]), {"paid": "1"})


def look(client: Client, booking: Booking, since: float | None = None) -> Any:
    """What htmx does while the page says that the payment is being checked."""
    fields = {"since": int(since if since is not None else clock.now().timestamp())}
    return send(client, "check_payment", booking, data=fields, headers={"HX-Request": "true"})


def test_booked_paid_and_back_the_booking_is_confirmed(
    stripe_sandbox: Sandbox, patients_client: Client, hold: Booking
) -> None:
    session = go_to_payment(patients_client, hold)
    stripe_sandbox.pay(str(session.stripe_id))
    assert "We are checking your payment" in words(come_back(patients_client, hold))

    answer = look(patients_client, hold)

    assert answer.headers["HX-Redirect"] == reverse("booking:detail", args=[hold.pk])
    page = patients_client.get(answer.headers["HX-Redirect"])
    assert "Your place is booked" in words(page)
    assert "Paid 18,00 € by card" in words(page)
    assert Payment.objects.get().amount == hold.price


def test_without_script_the_button_does_the_same(
    stripe_sandbox: Sandbox, patients_client: Client, hold: Booking
) -> None:
    session = go_to_payment(patients_client, hold)
    page = patients_client.post(reverse("booking:check_payment", args=[hold.pk]), follow=True)
    assert "The payment has not arrived yet." in words(page)
    assert "We are checking your payment" in words(page)
    stripe_sandbox.pay(str(session.stripe_id))

    page = patients_client.post(reverse("booking:check_payment", args=[hold.pk]), follow=True)

    assert page.redirect_chain == [(reverse("booking:detail", args=[hold.pk]), 303)]
    assert "Your place is booked" in words(page)


def test_the_payment_page_comes_back_to_the_booking(
    stripe_sandbox: Sandbox, patients_client: Client, hold: Booking
) -> None:
    go_to_payment(patients_client, hold)

    [asked] = stripe_sandbox.seen("dump")["checkout.session"]

    page = reverse("booking:detail", args=[hold.pk])
    assert asked["success_url"].endswith(f"{page}?paid=1")
    assert asked["cancel_url"].endswith(page)
    assert asked["customer_email"] == hold.booked_by.email


def test_ten_clicks_on_pay_open_one_page(stripe_sandbox: Sandbox, patients_client: Client, hold: Booking) -> None:
    addresses = {send(patients_client, "pay", hold).url for _click in range(10)}

    assert addresses == {CheckoutSession.objects.get().url}


def test_while_nothing_is_paid_the_page_goes_on_looking_for_a_minute(
    stripe_sandbox: Sandbox, patients_client: Client, hold: Booking
) -> None:
    go_to_payment(patients_client, hold)
    now = clock.now().timestamp()

    assert look(patients_client, hold, now - 50).status_code == 204
    answer = look(patients_client, hold, now - 61)

    assert answer.status_code == 200
    assert "No payment has arrived" in words(answer)
    assert "Nothing was charged." in words(answer)
    assert buttons(answer) == ["Pay 18,00 €"]
    assert "hx-post" not in answer.content.decode()


@pytest.mark.parametrize("since", ["", "tomorrow", "-1", "9" * 30])
def test_a_made_up_beginning_ends_the_looking(
    stripe_sandbox: Sandbox, patients_client: Client, hold: Booking, since: str
) -> None:
    go_to_payment(patients_client, hold)

    answer = send(patients_client, "check_payment", hold, data={"since": since}, headers={"HX-Request": "true"})

    assert "No payment has arrived" in words(answer)


def test_while_stripe_is_away_the_page_says_that_nothing_is_lost(
    stripe_sandbox: Sandbox, patients_client: Client, hold: Booking
) -> None:
    session = go_to_payment(patients_client, hold)
    stripe_sandbox.pay(str(session.stripe_id))
    stripe_sandbox.control("faults", path="/v1/checkout/sessions/*", method="GET", action="close", times=6)

    assert look(patients_client, hold).status_code == 204
    answer = look(patients_client, hold, 0)

    assert "We do not know yet" in words(answer)
    assert "If you have paid, you need not do anything" in words(answer)
    assert buttons(answer) == []


def test_when_the_payment_page_cannot_be_opened_the_place_stays_held(
    stripe_sandbox: Sandbox, patients_client: Client, hold: Booking
) -> None:
    stripe_sandbox.control("faults", path="/v1/checkout/sessions", action="close", times=3)

    page = patients_client.post(reverse("booking:pay", args=[hold.pk]), follow=True)

    assert "The payment service does not answer at the moment. Your place stays held; please try again." in words(page)
    assert "Your place is held" in words(page)
    assert buttons(page) == ["Pay 18,00 €"]


def test_going_back_and_paying_again_is_not_possible_once_it_is_paid(
    stripe_sandbox: Sandbox, patients_client: Client, hold: Booking
) -> None:
    session = go_to_payment(patients_client, hold)
    stripe_sandbox.pay(str(session.stripe_id))
    look(patients_client, hold)

    page = patients_client.post(reverse("booking:pay", args=[hold.pk]), follow=True)

    assert "There is nothing to pay for this booking." in words(page)
    assert "Your place is booked" in words(page)
    assert Payment.objects.count() == 1


def test_webhook_and_return_in_either_order_confirm_once(
    stripe_sandbox: Sandbox, patients_client: Client, client: Client, hold: Booking
) -> None:
    """Fault 14, one after the other; both at once is in test_holds.py."""
    session = go_to_payment(patients_client, hold)
    paid = stripe_sandbox.pay(str(session.stripe_id))
    stripe_says.deliver(client, stripe_says.event("checkout.session.completed", paid))

    first = come_back(patients_client, hold)
    answer = look(patients_client, hold)
    stripe_says.deliver(client, stripe_says.event("checkout.session.completed", paid))

    assert "Your place is booked" in words(first)
    assert answer.headers["HX-Redirect"] == reverse("booking:detail", args=[hold.pk])
    assert Payment.objects.count() == 1


def test_a_payment_of_another_amount_is_left_to_a_person(
    stripe_sandbox: Sandbox, patients_client: Client, hold: Booking
) -> None:
    """Fault 22."""
    session = go_to_payment(patients_client, hold)
    stripe_sandbox.pay(str(session.stripe_id))
    Order.objects.update(amount=1)

    answer = look(patients_client, hold)

    hold.refresh_from_db()
    page = patients_client.get(answer.headers["HX-Redirect"])
    assert "Your payment needs a closer look by us." in words(page)
    assert hold.is_held
    assert Payment.objects.count() == 0


def test_who_pays_after_the_place_was_given_away_reads_that_the_money_goes_back(
    stripe_sandbox: Sandbox, patients_client: Client, hold: Booking
) -> None:
    """Fault 19: the page was paid while Stripe could not be asked, and somebody else has the place now."""
    session = go_to_payment(patients_client, hold)
    CheckoutSession.objects.update(stripe_id=None, state=CheckoutSession.State.EXPIRED)
    send(patients_client, "give_up", hold)
    BookingFactory(slot=Slot.objects.get(pk=hold.slot_id))
    CheckoutSession.objects.update(stripe_id=session.stripe_id, state=CheckoutSession.State.OPEN)
    stripe_sandbox.pay(str(session.stripe_id))

    assert "We are checking your payment" in words(come_back(patients_client, hold))
    answer = look(patients_client, hold)

    page = patients_client.get(answer.headers["HX-Redirect"])
    assert "Your payment came too late" in words(page)
    assert "We are sending 18,00 € back to your card." in words(page)
    assert Refund.objects.get().amount == hold.price


def test_giving_a_place_up_frees_it_and_closes_its_payment_page(
    stripe_sandbox: Sandbox, patients_client: Client, hold: Booking
) -> None:
    go_to_payment(patients_client, hold)

    page = patients_client.post(reverse("booking:give_up", args=[hold.pk]), follow=True)

    assert "You gave this place back" in words(page)
    assert "Nothing was charged." in words(page)
    assert buttons(page) == ["Book this class again"]
    assert Slot.objects.get(pk=hold.slot_id).taken == 0
    assert stripe_sandbox.seen("dump")["checkout.session"][0]["status"] == "expired"


def test_giving_up_what_is_paid_already_keeps_the_place(
    stripe_sandbox: Sandbox, patients_client: Client, hold: Booking
) -> None:
    session = go_to_payment(patients_client, hold)
    stripe_sandbox.pay(str(session.stripe_id))

    page = patients_client.post(reverse("booking:give_up", args=[hold.pk]), follow=True)

    assert "Your payment had been made already" in words(page)
    assert "Your place is booked" in words(page)


def test_a_hold_that_is_over_cannot_be_paid_for(
    stripe_sandbox: Sandbox, patients_client: Client, patient: Patient
) -> None:
    hold = BookingFactory(patient=patient, state=Booking.State.HELD, hold_expires_at=clock.now() - timedelta(seconds=1))

    page = patients_client.post(reverse("booking:pay", args=[hold.pk]), follow=True)

    assert "The time to pay is over. If the class still has a place, you can book it again." in words(page)
    assert CheckoutSession.objects.count() == 0
