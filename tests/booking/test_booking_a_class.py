"""The click on *Book this class*: one click, many clicks, and clicks that somebody has meddled with."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import Patient
from booking.models import Booking
from booking.operations import book as booking_operation
from booking.operations import book_place
from core import clock
from payments.models import Order
from scheduling.models import Slot
from tests.booking.reading import words
from tests.factories import BookingFactory, PatientFactory, SlotFactory, UserFactory

pytestmark = pytest.mark.django_db


def book(client: Client, slot: Slot, **more: Any) -> Any:
    fields = {"price": slot.price} | more
    return client.post(reverse("booking:book", args=[slot.pk]), fields)


def what_the_class_page_says(client: Client, slot: Slot, answer: Any) -> str:
    assert (answer.status_code, answer.url) == (303, reverse("booking:slot", args=[slot.pk]))
    return words(client.get(answer.url))


def test_one_click_holds_a_place_and_shows_it(patients_client: Client, patient: Patient) -> None:
    slot = SlotFactory()

    answer = book(patients_client, slot)

    booking = Booking.objects.get()
    assert (answer.status_code, answer.url) == (303, reverse("booking:detail", args=[booking.pk]))
    assert (booking.patient, booking.slot, booking.booked_by) == (patient, slot, patient.account)
    assert booking.is_held
    assert booking.order and booking.order.amount == slot.price


def test_a_class_without_a_price_is_confirmed_at_once(patients_client: Client) -> None:
    book(patients_client, SlotFactory(price=0))

    assert Booking.objects.get().is_confirmed


@pytest.mark.parametrize("capacity", [1, 8])
def test_twenty_clicks_make_one_booking_and_all_lead_to_it(patients_client: Client, capacity: int) -> None:
    slot = SlotFactory(capacity=capacity)

    answers = {(answer.status_code, answer.url) for answer in (book(patients_client, slot) for _click in range(20))}

    assert answers == {(303, reverse("booking:detail", args=[Booking.objects.get().pk]))}
    assert Order.objects.count() == 1


def test_who_holds_too_many_places_is_led_to_where_they_can_be_paid_for(
    patients_client: Client, patient: Patient, settings: Settings
) -> None:
    settings.MOST_HOLDS = 1
    book(patients_client, SlotFactory())
    another = SlotFactory()

    answer = book(patients_client, another)

    assert (answer.status_code, answer.url) == (303, reverse("booking:my"))
    assert "give one back under “My bookings”; then you can book this class." in words(patients_client.get(answer.url))
    assert not Booking.objects.filter(slot=another).exists()


def test_counting_what_one_account_holds_does_not_read_what_all_hold(patient: Patient) -> None:
    BookingFactory.create_batch(40, state=Booking.State.HELD)
    count = booking_operation._LOCK_AND_COUNT.partition(";")[2]

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE booking_booking")
        cursor.execute("SET LOCAL enable_seqscan = off")  # forty rows are read through in less time
        cursor.execute(f"EXPLAIN {count}", {"account": patient.account_id})
        plan = " ".join(row[0] for row in cursor.fetchall())

    assert "using holds_by_account" in plan


def test_what_the_desk_books_for_somebody_is_not_limited(patient: Patient, settings: Settings) -> None:
    settings.MOST_HOLDS = 1
    desk = UserFactory()

    for slot in SlotFactory.create_batch(2):
        book_place(patient=patient, slot=slot, by=desk)

    assert patient.bookings.count() == 2


def test_a_visitors_click_leads_to_sign_in_and_from_there_back_to_the_class(client: Client) -> None:
    slot = SlotFactory()

    answer = book(client, slot)

    assert (answer.status_code, answer.url) == (302, f"{reverse('account_login')}?next=/slots/{slot.pk}/")
    assert Booking.objects.count() == 0


@pytest.mark.parametrize("price", ["1", "0", "-1800", "free", "", "99999999999999999999", "18.00", "1800\x00"])
def test_a_price_from_somewhere_else_never_becomes_the_price(patients_client: Client, price: str) -> None:
    slot = SlotFactory(price=1800)

    answer = book(patients_client, slot, price=price)

    assert "The price of this class has changed." in what_the_class_page_says(patients_client, slot, answer)
    assert (Booking.objects.count(), Order.objects.count()) == (0, 0)
    slot.refresh_from_db()
    assert slot.taken == 0


def test_a_price_that_rose_since_the_page_was_shown_is_said_first(patients_client: Client) -> None:
    slot = SlotFactory(price=1800)
    Slot.objects.update(price=2500)

    answer = book(patients_client, slot)

    text = what_the_class_page_says(patients_client, slot, answer)
    assert "The price of this class has changed." in text
    assert "Book this class – 25,00 €" in text
    assert Booking.objects.count() == 0


def test_fields_that_the_form_does_not_have_change_nothing(patients_client: Client, patient: Patient) -> None:
    """Fault 52."""
    stranger = PatientFactory()
    meddled = {"patient": stranger.pk, "state": "confirmed", "amount": 1, "currency": "jpy", "is_staff": "on"}

    book(patients_client, SlotFactory(), **meddled)

    booking = Booking.objects.get()
    assert (booking.patient, booking.state, booking.currency) == (patient, Booking.State.HELD, "eur")
    assert booking.order and booking.order.amount == 1800


def test_what_the_rules_refuse_is_said_on_the_class_page(patients_client: Client) -> None:
    full = BookingFactory(slot__capacity=1).slot
    begun = SlotFactory(starts_at=clock.now() - timedelta(minutes=5))
    cancelled = SlotFactory(state=Slot.State.CANCELLED)

    for slot, sentence in [
        (full, "This class is full."),
        (begun, "This class has begun. Please choose another one."),
        (cancelled, "This class is not open for booking."),
    ]:
        answer = book(patients_client, slot)
        assert sentence in what_the_class_page_says(patients_client, slot, answer)
    assert Booking.objects.filter(slot__in=[begun, cancelled]).count() == 0


def test_a_draft_cannot_be_booked_by_its_number(patients_client: Client) -> None:
    assert book(patients_client, SlotFactory(state=Slot.State.DRAFT)).status_code == 404
    assert Booking.objects.count() == 0


def test_an_account_without_a_patient_books_nothing(client: Client) -> None:
    slot = SlotFactory()
    client.force_login(UserFactory())

    answer = book(client, slot)

    assert "This account cannot book a place" in what_the_class_page_says(client, slot, answer)
    assert Booking.objects.count() == 0


def test_a_link_cannot_book_and_leads_to_the_class(patients_client: Client) -> None:
    slot = SlotFactory()

    answer = patients_client.get(reverse("booking:book", args=[slot.pk]))

    assert (answer.status_code, answer["Location"]) == (302, reverse("booking:slot", args=[slot.pk]))
    assert Booking.objects.count() == 0


def test_another_site_cannot_book(patient: Patient) -> None:
    assert patient.account
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(patient.account)

    assert book(browser, SlotFactory()).status_code == 403
    assert Booking.objects.count() == 0
