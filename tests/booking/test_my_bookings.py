"""*My bookings*: what is coming, what is over, and nobody else's."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts import roles
from accounts.models import Patient
from booking.models import Booking
from tests.booking.reading import buttons, without_writing, words
from tests.factories import BookingFactory, PatientFactory, SlotFactory, UserFactory

pytestmark = pytest.mark.django_db

HELD, CONFIRMED, RELEASED, CANCELLED = Booking.State


def my_page(client: Client, query: str = "") -> Any:
    return without_writing(lambda: client.get(reverse("booking:my") + query))


def test_without_a_booking_the_page_says_what_to_do(patients_client: Client) -> None:
    page = my_page(patients_client)

    assert "You have no class booked" in words(page)
    assert buttons(page) == ["Find a class"]
    assert "Earlier" not in words(page)


def test_the_coming_classes_stand_first_in_their_order_then_the_past_ones(
    patients_client: Client, patient: Patient, friday_noon: datetime
) -> None:
    for name, days, state in [
        ("Next month", 30, CONFIRMED),
        ("Long ago", -30, CONFIRMED),
        ("Tomorrow", 1, CONFIRMED),
        ("Yesterday", -1, CONFIRMED),
        ("Given away", 2, RELEASED),
        ("Going on", 0, CONFIRMED),
    ]:
        slot = SlotFactory(class_type__name=name, starts_at=friday_noon + timedelta(days=days, minutes=-10))
        BookingFactory(patient=patient, slot=slot, state=state)

    text = words(my_page(patients_client))

    assert text.count("Berlin time") == 1
    names = [
        "Coming up",
        "Going on",
        "Tomorrow",
        "Next month",
        "Earlier and given back",
        "Given away",
        "Yesterday",
        "Long ago",
    ]
    assert sorted(names, key=text.index) == names


def test_a_hold_shows_the_time_left_and_can_be_paid(
    patients_client: Client, patient: Patient, friday_noon: datetime
) -> None:
    hold = BookingFactory(patient=patient, state=HELD, hold_expires_at=friday_noon + timedelta(minutes=34))

    page = my_page(patients_client)

    assert "Held for you until 12:34: 34 minutes left to pay." in words(page)
    assert buttons(page) == ["Pay 18,00 €"]
    assert reverse("booking:pay", args=[hold.pk]) in page.content.decode()


def test_other_peoples_bookings_are_not_listed(patients_client: Client) -> None:
    stranger = BookingFactory()

    text = words(my_page(patients_client))

    assert stranger.slot.class_type.name not in text


def test_an_account_sees_the_bookings_of_its_dependants(patients_client: Client, patient: Patient) -> None:
    child = PatientFactory(account=patient.account, is_account_holder=False, name="Child")
    booking = BookingFactory(patient=child)

    assert booking.slot.class_type.name in words(my_page(patients_client))


def test_older_bookings_are_on_further_pages(patients_client: Client, patient: Patient, friday_noon: datetime) -> None:
    for days in range(1, 22):
        BookingFactory(patient=patient, slot__starts_at=friday_noon - timedelta(days=days))

    first, second, beyond = (my_page(patients_client, query) for query in ("", "?page=2", "?page=99"))

    assert [page.content.decode().count("<article") for page in (first, second, beyond)] == [20, 1, 1]


@pytest.mark.parametrize(
    ("role", "place"),
    [(roles.FRONT_DESK, "Day sheet"), (roles.MANAGER, "Day sheet"), (roles.INSTRUCTOR, "Teaching")],
)
def test_staff_without_a_patient_are_not_sent_to_book(client: Client, role: str, place: str) -> None:
    client.force_login(UserFactory(role=role))

    page = my_page(client)

    assert "You are signed in as staff, and take part in no class with this account." in words(page)
    assert buttons(page) == [place]


def test_an_account_without_patient_and_role_is_sent_to_the_desk(client: Client) -> None:
    client.force_login(UserFactory())

    page = my_page(client)

    assert "No patient belongs to this account, so it cannot book. Please ask the front desk." in words(page)
    assert buttons(page) == []


def test_who_is_not_signed_in_signs_in_first(client: Client) -> None:
    assert my_page(client).url == f"{reverse('account_login')}?next=/my/"


@pytest.mark.parametrize("count", [1, 3])
def test_the_number_of_queries_does_not_grow(
    patients_client: Client, patient: Patient, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    for _each in range(count):
        BookingFactory(patient=patient)
        BookingFactory(patient=patient, state=RELEASED)

    with django_assert_num_queries(6):  # session, account, roles, coming, number of past ones, past ones
        page = patients_client.get(reverse("booking:my"))

    assert [words(page).count(booking.slot.class_type.name) for booking in Booking.objects.all()] == [1] * 2 * count
