"""Booking by program."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from pytest_django import DjangoAssertNumQueries, Settings

from accounts import roles
from accounts.models import Patient, User
from booking.models import Booking
from core import clock
from payments.models import CheckoutSession, Order
from scheduling.models import Instructor, Slot
from tests.api.booking import book
from tests.api.client import DescribedClient, signed_in
from tests.factories import BookingFactory, PatientFactory, SlotFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_booking_holds_a_place_and_says_where_to_pay(
    api: DescribedClient, patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now().replace(microsecond=0)
    monkeypatch.setattr(clock, "reading", lambda: now)
    slot = SlotFactory()

    answer = book(api, slot)

    booking = Booking.objects.get()
    slot.refresh_from_db()
    assert (answer.status_code, answer["Location"]) == (201, f"/api/v1/bookings/{booking.pk}/")
    assert answer.json() == {
        "id": booking.pk,
        "state": "held",
        "slot": {
            "id": slot.pk,
            "class_type": slot.class_type.name,
            "starts_at": clock.clinic_time(slot.starts_at).isoformat(),
            "ends_at": clock.clinic_time(slot.ends_at).isoformat(),
        },
        "patient": {"id": patient.pk, "name": patient.name},
        "price": 1800,
        "currency": "eur",
        "made_at": clock.clinic_time(now).isoformat(),
        "hold_expires_at": clock.clinic_time(now + settings.HOLD_LASTS).isoformat(),
        "confirmed_at": None,
        "ended_at": None,
        "free_cancel_until": clock.clinic_time(slot.starts_at - timedelta(hours=24)).isoformat(),
        "payment_url": f"{settings.SITE_URL}/my/bookings/{booking.pk}/",
    }
    assert (booking.patient, booking.booked_by, slot.taken) == (patient, patient.account, 1)
    assert api.get(answer["Location"]).json() == answer.json()


def test_booking_asks_nothing_of_the_payment_service(api: DescribedClient) -> None:
    book(api, SlotFactory())

    assert not CheckoutSession.objects.exists()


def test_where_nothing_is_due_the_booking_is_confirmed_at_once(api: DescribedClient) -> None:
    answer = book(api, SlotFactory(price=0)).json()

    assert (answer["state"], answer["payment_url"], answer["hold_expires_at"]) == ("confirmed", None, None)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("key", "statements"), [("", 8), ("a-key", 12)])
def test_the_statements_of_a_booking(
    api: DescribedClient, key: str, statements: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Who asks, slot, BEGIN, holds, order, booking, place, COMMIT; with a key its look-up, answer and a savepoint."""
    slot = SlotFactory()

    with django_assert_num_queries(statements):
        assert book(api, slot, key=key).status_code == 201


def test_who_holds_as_many_places_as_an_account_can_pays_first(
    api: DescribedClient, patient: Patient, settings: Settings
) -> None:
    settings.MOST_HOLDS = 2
    child = PatientFactory(account=patient.account, is_account_holder=False)
    first, second, third = SlotFactory.create_batch(3)
    book(api, first)
    book(api, second, patient=child.pk)

    refused = book(api, third)

    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_holds")
    assert book(api, second, patient=child.pk).json()["code"] == "already_booked"
    assert book(api, SlotFactory(price=0)).json()["state"] == "confirmed"
    Booking.objects.filter(slot=first).update(state=Booking.State.CONFIRMED, confirmed_at=clock.now())
    assert book(api, third).status_code == 201


def test_a_made_up_price_state_or_payer_is_ignored(api: DescribedClient, patient: Patient) -> None:
    slot = SlotFactory(price=1800)
    other = PatientFactory()

    book(
        api,
        slot,
        price=1,
        currency="vnd",
        state="confirmed",
        confirmed_at="2026-01-01T00:00:00Z",
        is_staff=True,
        booked_by=other.account.pk,
        order={"amount": 1, "state": "paid"},
    )

    booking = Booking.objects.get()
    assert (booking.price, booking.currency, booking.state) == (1800, "eur", Booking.State.HELD)
    assert (booking.patient, booking.booked_by) == (patient, patient.account)
    assert Order.objects.get().amount == 1800
    assert patient.account
    patient.account.refresh_from_db()
    assert patient.account.is_staff is False


def test_an_account_books_for_those_who_belong_to_it_and_nobody_else(api: DescribedClient, patient: Patient) -> None:
    child = PatientFactory(account=patient.account, is_account_holder=False)
    stranger = PatientFactory()
    slot = SlotFactory()

    own = book(api, slot, patient=child.pk)
    other = book(api, slot, patient=stranger.pk)
    unknown = book(api, slot, patient=2**62)

    assert (own.status_code, own.json()["patient"]["id"]) == (201, child.pk)
    assert [(answer.status_code, answer.json()["errors"]) for answer in (other, unknown)] == [
        (400, {"patient": ["There is no such patient in your account."]})
    ] * 2
    assert Booking.objects.count() == 1


def test_an_account_that_is_no_patient_says_for_whom() -> None:
    answer = book(signed_in(UserFactory()), SlotFactory())

    assert (answer.status_code, answer.json()["errors"]) == (400, {"patient": ["Please say for whom."]})


def test_each_refusal_carries_its_code(api: DescribedClient, patient: Patient) -> None:
    booked = BookingFactory(patient=patient).slot

    def refusal(slot: Slot) -> tuple[int, str]:
        answer = book(api, slot)
        return answer.status_code, answer.json()["code"]

    assert refusal(SlotFactory(capacity=1, taken=1)) == (409, "slot_full")
    assert refusal(booked) == (409, "already_booked")
    assert refusal(SlotFactory(starts_at=clock.now() - timedelta(minutes=1))) == (409, "slot_started")
    assert refusal(SlotFactory(state=Slot.State.CANCELLED)) == (409, "slot_not_published")
    assert Booking.objects.count() == 1
    assert not Order.objects.filter(state=Order.State.OPEN).exists()


def test_a_draft_is_as_unknown_as_no_slot_at_all(api: DescribedClient) -> None:
    answers = [book(api, slot).json() for slot in (SlotFactory(state=Slot.State.DRAFT).pk, 2**62)]

    assert [answer["errors"] for answer in answers] == [{"slot": ["There is no such class."]}] * 2


def test_bookings_are_read_by_those_whom_they_concern(
    api: DescribedClient,
    patient: Patient,
    teaching: DescribedClient,
    at_the_desk: DescribedClient,
    instructor: Instructor,
) -> None:
    child = PatientFactory(account=patient.account, is_account_holder=False)
    own, childs = BookingFactory(patient=patient), BookingFactory(patient=child, booked_by=patient.account)
    in_class = BookingFactory(slot=SlotFactory(instructor=instructor))
    assert in_class.patient.account
    them = signed_in(in_class.patient.account)

    def listed(client: DescribedClient, query: str = "") -> list[int]:
        return [booking["id"] for booking in client.get(f"/api/v1/bookings/{query}").json()["results"]]

    def sees(client: DescribedClient) -> tuple[list[int], list[int], list[int]]:
        opened = [
            booking.pk
            for booking in (in_class, childs, own)
            if client.get(f"/api/v1/bookings/{booking.pk}/").status_code == 200
        ]
        return listed(client), listed(client, f"?slot={in_class.slot_id}"), opened

    assert sees(api) == ([childs.pk, own.pk], [], [childs.pk, own.pk])
    assert sees(them) == ([in_class.pk], [in_class.pk], [in_class.pk])
    assert sees(teaching) == ([], [in_class.pk], [in_class.pk])
    assert sees(at_the_desk) == ([], [in_class.pk], [in_class.pk, childs.pk, own.pk])
    assert listed(teaching, f"?slot={own.slot_id}") == []
    assert listed(at_the_desk, f"?slot={own.slot_id}") == [own.pk]


def test_a_stranger_learns_nothing_about_a_booking(api: DescribedClient, visitor: DescribedClient) -> None:
    booking = BookingFactory()

    strangers = api.get(f"/api/v1/bookings/{booking.pk}/")
    nothing = api.get(f"/api/v1/bookings/{booking.pk + 1}/")

    assert (strangers.status_code, strangers.json()) == (404, nothing.json())
    assert visitor.get(f"/api/v1/bookings/{booking.pk}/").status_code == 401
    assert visitor.get("/api/v1/bookings/").status_code == 401
    assert book(visitor, booking.slot).status_code == 401


def test_who_teaches_no_more_sees_no_booking_of_the_classes_once_taught(
    teaching: DescribedClient, instructor: Instructor
) -> None:
    booking = BookingFactory(slot__instructor=instructor)
    while_teaching = teaching.get("/api/v1/bookings/", {"slot": booking.slot_id}).json()["results"]
    roles.set_roles(instructor.user, [roles.PATIENT])

    afterwards = teaching.get("/api/v1/bookings/", {"slot": booking.slot_id}).json()["results"]
    directly = teaching.get(f"/api/v1/bookings/{booking.pk}/")

    assert (len(while_teaching), afterwards, directly.status_code) == (1, [], 404)


def test_an_instructor_who_takes_part_sees_each_booking_once(teaching: DescribedClient, instructor: Instructor) -> None:
    booking = BookingFactory(slot=SlotFactory(instructor=instructor), patient=PatientFactory(account=instructor.user))

    for query in ("", f"?slot={booking.slot_id}"):
        assert [found["id"] for found in teaching.get(f"/api/v1/bookings/{query}").json()["results"]] == [booking.pk]


def test_the_list_comes_in_pages_the_newest_first(api: DescribedClient, patient: Patient) -> None:
    bookings = BookingFactory.create_batch(5, patient=patient)
    seen: list[int] = []
    address = "/api/v1/bookings/?limit=2"

    while address:
        page = api.get(address).json()
        seen += [booking["id"] for booking in page["results"]]
        address = page["next"]

    assert seen == [booking.pk for booking in reversed(bookings)]


@pytest.mark.parametrize("rows", [1, 3])
def test_the_own_list_takes_two_queries_however_long_it_is(
    api: DescribedClient, patient: Patient, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Who asks, and the bookings."""
    BookingFactory.create_batch(rows, patient=patient)

    with django_assert_num_queries(2):
        assert len(api.get("/api/v1/bookings/").json()["results"]) == rows


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_of_a_slot_takes_five_queries_however_long_it_is(
    at_the_desk: DescribedClient, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Who asks (no patient, so a second look), the permissions, own and by group, and the bookings."""
    slot = SlotFactory()
    BookingFactory.create_batch(rows, slot=slot)

    with django_assert_num_queries(5):
        assert len(at_the_desk.get(f"/api/v1/bookings/?slot={slot.pk}").json()["results"]) == rows


def test_a_slot_that_makes_no_sense_names_its_field(api: DescribedClient) -> None:
    for slot in ("0", "-1", "mine", "%00", "9" * 30, "9" * 5000):
        answer = api.get(f"/api/v1/bookings/?slot={slot}")

        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["slot"])


def test_a_role_that_was_taken_away_opens_nothing_any_more(at_the_desk: DescribedClient) -> None:
    booking = BookingFactory()
    assert at_the_desk.get(f"/api/v1/bookings/{booking.pk}/").status_code == 200

    for user in User.objects.filter(groups__name=roles.FRONT_DESK):
        roles.set_roles(user, [])

    assert at_the_desk.get(f"/api/v1/bookings/{booking.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"slot": None}, "slot"),
        ({"slot": "\x00"}, "slot"),
        ({"slot": -1}, "slot"),
        ({"slot": 0}, "slot"),
        ({"slot": 2**63}, "slot"),
        ({"slot": 1.5}, "slot"),
        ({"slot": [1]}, "slot"),
        ({"slot": "9" * 5000}, "slot"),
        ({"patient": -5}, "patient"),
        ({"patient": "me"}, "patient"),
        ({"pay_with": "cash"}, "pay_with"),
        ({"pay_with": "\u202ecard"}, "pay_with"),
        ({"pay_with": "card\x00"}, "pay_with"),
        ({"pay_with": None}, "pay_with"),
        ({"pay_with": {"card": 1}}, "pay_with"),
        ({"pay_with": ""}, "pay_with"),
    ],
)
def test_a_wish_that_makes_no_sense_names_its_field(api: DescribedClient, fields: dict[str, Any], wrong: str) -> None:
    answer = book(api, SlotFactory(), **fields)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, [wrong])
    assert not Booking.objects.exists()
