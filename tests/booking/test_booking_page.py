"""The page of one booking: held, paid, given back, too late; what it shows and what its buttons do."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.models import Patient
from booking.models import Booking
from core import clock
from payments.models import Order, Refund
from tests.booking.reading import buttons, without_writing, words
from tests.factories import BookingFactory, InstructorFactory, PaymentFactory, RefundFactory, SlotFactory

pytestmark = pytest.mark.django_db

HELD, CONFIRMED, RELEASED, CANCELLED = Booking.State


def page_of(booking: Booking, client: Client, query: str = "") -> Any:
    return without_writing(lambda: client.get(reverse("booking:detail", args=[booking.pk]) + query))


def test_a_held_place_shows_the_time_left_and_what_is_owed(
    patients_client: Client, patient: Patient, friday_noon: datetime
) -> None:
    hold = BookingFactory(patient=patient, state=HELD, hold_expires_at=friday_noon + timedelta(minutes=33, seconds=20))

    page = page_of(hold, patients_client)

    text = words(page)
    assert "Your place is held" in text
    assert "34 minutes left to pay" in text
    assert "Your place is held for you until 12:33 (Berlin time)." in text
    assert buttons(page) == ["Pay 18,00 €"]
    assert "I do not want this place" in text
    assert 'data-seconds-left="2000"' in page.content.decode()


def test_a_hold_whose_time_is_over_offers_no_payment(patients_client: Client, patient: Patient) -> None:
    hold = BookingFactory(patient=patient, state=HELD, hold_expires_at=clock.now())

    page = page_of(hold, patients_client)

    assert "The time to pay is over" in words(page)
    assert "Check again" in words(page)
    assert buttons(page) == []


def test_coming_back_from_the_payment_page_looks_for_the_payment_without_writing(
    patients_client: Client, patient: Patient
) -> None:
    """Fault 59: anyone and anything may open the address that the payment page leads to, any number of times."""
    hold = BookingFactory(patient=patient, state=HELD)

    page = page_of(hold, patients_client, "?paid=1")

    assert "We are checking your payment" in words(page)
    assert "Check again" in words(page)
    assert f'hx-post="{reverse("booking:check_payment", args=[hold.pk])}"' in page.content.decode()


def test_coming_back_after_the_webhook_came_shows_the_confirmed_booking(
    patients_client: Client, patient: Patient
) -> None:
    booking = BookingFactory(patient=patient)

    page = page_of(booking, patients_client, "?paid=1")

    assert "Your place is booked" in words(page)
    assert "hx-post" not in page.content.decode()


def test_a_confirmed_booking_says_when_where_with_whom_and_what_was_paid(
    patients_client: Client, patient: Patient, friday_noon: datetime
) -> None:
    slot = SlotFactory(
        starts_at=friday_noon + timedelta(days=4, hours=6),
        instructor=InstructorFactory(name="Ines Amara"),
        class_type__bring="A blanket.",
    )
    booking = BookingFactory(patient=patient, slot=slot)
    PaymentFactory(order=booking.order)

    page = page_of(booking, patients_client)

    text = words(page)
    for expected in [
        "Your place is booked",
        "Tuesday 24 November, 18:00–19:00 (Berlin time)",
        f"Where {slot.room} 1 Garden Road",
        "With Ines Amara",
        "Please bring A blanket.",
        "Paid 18,00 € by card",
        f"Reference {booking.order.reference}",
        "Free to cancel until Monday 23 November, 18:00.",
        "Read how yoga helps back pain",
    ]:
        assert expected in text
    assert buttons(page) == ["Add to calendar"]
    assert reverse("booking:calendar_file", args=[booking.pk]) in page.content.decode()


@pytest.mark.usefixtures("friday_noon")
def test_after_the_deadline_the_rule_is_said_plainly(patients_client: Client, patient: Patient) -> None:
    now = clock.now()
    slot = SlotFactory(starts_at=now + timedelta(hours=3))
    booking = BookingFactory(patient=patient, slot=slot, made_at=now - timedelta(days=2))

    text = words(page_of(booking, patients_client))

    assert "It was free to cancel until Thursday 19 November, 15:00." in text
    assert "If you cancel now, the price is not paid back." in text


def test_a_class_of_the_past_offers_neither_calendar_nor_cancelling(patients_client: Client, patient: Patient) -> None:
    booking = BookingFactory(patient=patient, slot__starts_at=clock.now() - timedelta(days=1))

    page = page_of(booking, patients_client)

    assert "You were booked for this class" in words(page)
    assert "cancel" not in words(page)
    assert buttons(page) == []


def test_a_place_that_was_not_paid_in_time_can_be_booked_again(patients_client: Client, patient: Patient) -> None:
    now = clock.now()
    booking = BookingFactory(patient=patient, state=RELEASED, hold_expires_at=now, ended_at=now + timedelta(seconds=9))

    page = page_of(booking, patients_client)

    assert "It was not paid in time, so it went back to the others. Nothing was charged." in words(page)
    assert buttons(page) == ["Book this class again"]


def test_where_no_place_is_left_the_next_class_of_its_kind_is_offered(
    patients_client: Client, patient: Patient
) -> None:
    full = BookingFactory(slot__capacity=1).slot
    booking = BookingFactory(patient=patient, slot=full, state=RELEASED)
    another = SlotFactory(class_type=full.class_type, starts_at=full.starts_at + timedelta(days=7))

    page = page_of(booking, patients_client)

    assert buttons(page) == []
    assert clock.format_when(another.starts_at, another.ends_at, with_zone=False) in words(page)


def test_a_place_that_was_given_back_is_not_called_late(patients_client: Client, patient: Patient) -> None:
    later = clock.now() + timedelta(minutes=20)
    booking = BookingFactory(patient=patient, state=RELEASED, hold_expires_at=later)

    text = words(page_of(booking, patients_client))

    assert "You gave this place back" in text
    assert "Nothing was charged." in text
    assert "not paid in time" not in text


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (Refund.State.DUE, "We are sending 18,00 € back to your card."),
        (Refund.State.PENDING, "We are sending 18,00 € back to your card."),
        (Refund.State.SUCCEEDED, "18,00 € went back to your card on 20 November."),
        (Refund.State.FAILED, "18,00 € could not be sent back to your card."),
    ],
)
def test_a_payment_that_came_too_late_says_that_it_goes_back(
    patients_client: Client, patient: Patient, friday_noon: datetime, state: Refund.State, sentence: str
) -> None:
    booking = BookingFactory(patient=patient, state=RELEASED, order__state=Order.State.PAID)
    RefundFactory(payment=PaymentFactory(order=booking.order), state=state, settled_at=friday_noon)

    page = page_of(booking, patients_client, "?paid=1")

    assert "Your payment came too late" in words(page)
    assert "You get back all that you paid." in words(page)
    assert sentence in words(page)


def test_a_cancelled_booking_says_so(patients_client: Client, patient: Patient) -> None:
    assert "This booking is cancelled" in words(
        page_of(BookingFactory(patient=patient, state=CANCELLED), patients_client)
    )


def test_letting_go_of_a_place_asks_first(patients_client: Client, patient: Patient) -> None:
    hold = BookingFactory(patient=patient, state=HELD)

    page = without_writing(lambda: patients_client.get(reverse("booking:give_up", args=[hold.pk])))

    assert "Give this place back?" in words(page)
    assert "Nothing was charged" in words(page)


def test_what_is_not_held_cannot_be_given_up(patients_client: Client, patient: Patient) -> None:
    booking = BookingFactory(patient=patient)
    address = reverse("booking:give_up", args=[booking.pk])

    answers = [patients_client.get(address), patients_client.post(address)]

    booking.refresh_from_db()
    assert {answer["Location"] for answer in answers} == {reverse("booking:detail", args=[booking.pk])}
    assert booking.is_confirmed


def test_paying_for_a_confirmed_booking_leads_back_to_it(patients_client: Client, patient: Patient) -> None:
    booking = BookingFactory(patient=patient)

    page = patients_client.post(reverse("booking:pay", args=[booking.pk]), follow=True)

    assert page.redirect_chain == [(reverse("booking:detail", args=[booking.pk]), 303)]
    assert "There is nothing to pay for this booking." in words(page)
    assert "Your place is booked" in words(page)


def test_a_booking_without_a_price_has_no_payment_to_look_for(patients_client: Client, patient: Patient) -> None:
    booking = BookingFactory(patient=patient, slot__price=0, order=None)

    page = patients_client.post(reverse("booking:check_payment", args=[booking.pk]), follow=True)

    assert "Your place is booked" in words(page)
    assert "Price Free of charge" in words(page)


PAGES = ["detail", "give_up", "calendar_file"]
FORMS = ["pay", "check_payment", "give_up"]


@pytest.mark.parametrize("name", PAGES)
def test_a_strangers_booking_does_not_exist(patients_client: Client, name: str) -> None:
    """Fault 51."""
    for state in (HELD, CONFIRMED):
        assert patients_client.get(reverse(f"booking:{name}", args=[BookingFactory(state=state).pk])).status_code == 404


@pytest.mark.parametrize("name", FORMS)
def test_nothing_can_be_done_to_a_strangers_booking(patients_client: Client, name: str) -> None:
    booking = BookingFactory(state=HELD)

    answer = patients_client.post(reverse(f"booking:{name}", args=[booking.pk]))

    booking.refresh_from_db()
    assert answer.status_code == 404
    assert booking.is_held


@pytest.mark.parametrize("name", [*PAGES, *FORMS])
def test_who_is_not_signed_in_signs_in_first(client: Client, name: str) -> None:
    booking = BookingFactory(state=HELD)
    page, booking_page = (reverse(f"booking:{each}", args=[booking.pk]) for each in (name, "detail"))

    if name in PAGES:
        assert client.get(page)["Location"] == f"{reverse('account_login')}?next={page}"
    if name in FORMS:
        assert client.post(page)["Location"] == f"{reverse('account_login')}?next={booking_page}"


def test_the_way_back_from_the_payment_page_survives_a_sign_in(client: Client) -> None:
    page = reverse("booking:detail", args=[BookingFactory(state=HELD).pk]) + "?paid=1"

    assert (
        client.get(page)["Location"]
        == f"{reverse('account_login')}?next={page.replace('?', '%3F').replace('=', '%3D')}"
    )


@pytest.mark.parametrize("name", FORMS)
def test_another_site_cannot_send_the_forms(patient: Patient, name: str) -> None:
    assert patient.account
    hold = BookingFactory(patient=patient, state=HELD)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(patient.account)

    answer = browser.post(reverse(f"booking:{name}", args=[hold.pk]))

    hold.refresh_from_db()
    assert answer.status_code == 403
    assert hold.is_held


@pytest.mark.parametrize("name", ["pay", "check_payment"])
def test_a_link_neither_pays_nor_asks_and_leads_to_the_booking(
    patients_client: Client, patient: Patient, name: str
) -> None:
    hold = BookingFactory(patient=patient, state=HELD)

    answer = without_writing(lambda: patients_client.get(reverse(f"booking:{name}", args=[hold.pk])))

    assert (answer.status_code, answer.url) == (302, reverse("booking:detail", args=[hold.pk]))
    assert patients_client.put(reverse(f"booking:{name}", args=[hold.pk])).status_code == 405


def test_the_page_takes_few_queries(
    patients_client: Client, patient: Patient, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    booking = BookingFactory(patient=patient)
    PaymentFactory(order=booking.order)

    with django_assert_num_queries(6):  # session, account, roles, booking with details, payments, refunds
        page = patients_client.get(reverse("booking:detail", args=[booking.pk]))

    assert "Your place is booked" in words(page)
