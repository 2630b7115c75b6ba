"""The page of one class, in every state that it can be in."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts import roles
from accounts.models import Patient
from booking.models import Booking
from core import clock
from scheduling.models import Slot
from tests.booking.reading import buttons, without_writing, words
from tests.factories import (
    BookingFactory,
    ClassTypeFactory,
    InstructorFactory,
    LocationFactory,
    RoomFactory,
    SlotFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

TUESDAY_EVENING = datetime(2026, 11, 24, 17, tzinfo=UTC)  # 18:00 in Berlin


def page_of(slot: Slot, client: Client) -> Any:
    return without_writing(lambda: client.get(reverse("booking:slot", args=[slot.pk])))


@pytest.fixture
def full_slot() -> Slot:
    slot: Slot = BookingFactory(slot__capacity=1).slot
    return slot


@pytest.mark.usefixtures("friday_noon")
def test_an_open_class_tells_all_that_one_needs_to_know(patients_client: Client) -> None:
    kind = ClassTypeFactory(
        name="Gentle Back Care",
        focus_areas=["core-strength", "alignment"],
        description="Slow poses.",
        suits="Backs that ache after sitting.",
        avoid="Deep forward bends.",
        bring="A blanket.",
    )
    house = LocationFactory(name="Garden House", address="1 Garden Road", directions="Ring at the green door.")
    slot = SlotFactory(
        class_type=kind,
        instructor=InstructorFactory(name="Ines Amara", qualification="Certified yoga therapist"),
        room=RoomFactory(name="Willow", location=house),
        starts_at=TUESDAY_EVENING,
    )

    page = page_of(slot, patients_client)

    text = words(page)
    for expected in [
        "Gentle Back Care",
        "Tuesday 24 November, 18:00–19:00 (Berlin time)",
        "Willow, Garden House 1 Garden Road Ring at the green door.",
        "Ines Amara Certified yoga therapist",
        "Gentle, 60 minutes",
        "What we do Slow poses.",
        "Who it suits Backs that ache after sitting.",
        "What to avoid Deep forward bends.",
        "What to bring A blanket.",
        "8 places left",
        "Your place is held for 35 minutes while you pay",
        "Free to cancel until Monday 23 November, 18:00.",
    ]:
        assert expected in text
    assert text.count("Berlin time") == 1
    assert buttons(page) == ["Book this class – 18,00 €"]
    body = page.content.decode()
    assert reverse("website:article") + "#core-strength" in body
    assert reverse("website:article") + "#alignment" in body


def test_a_visitor_signs_in_first_and_comes_back(client: Client) -> None:
    slot = SlotFactory()

    page = page_of(slot, client)

    assert buttons(page) == ["Book this class – 18,00 €"]
    assert f'href="{reverse("account_login")}?next=/slots/{slot.pk}/"' in page.content.decode()


@pytest.mark.usefixtures("friday_noon")
def test_shortly_before_the_class_only_the_first_minutes_are_free(patients_client: Client) -> None:
    slot = SlotFactory(starts_at=clock.now() + timedelta(hours=3))

    text = words(page_of(slot, patients_client))

    assert "you can cancel free of charge only in the first 10 minutes after booking" in text
    assert "Free to cancel until" not in text


def test_a_class_without_a_price_speaks_of_no_payment(patients_client: Client) -> None:
    page = page_of(SlotFactory(price=0), patients_client)

    assert buttons(page) == ["Book this class"]
    assert "Free of charge" in words(page)
    assert "while you pay" not in words(page)


def test_a_held_place_can_be_paid_for_from_here(patients_client: Client, patient: Patient) -> None:
    hold = BookingFactory(patient=patient, state=Booking.State.HELD)

    page = page_of(hold.slot, patients_client)

    assert "A place is held for you" in words(page)
    assert f"We hold it until {clock.clinic_time(hold.hold_expires_at):%H:%M} (Berlin time)" in words(page)
    assert buttons(page) == ["Pay 18,00 €"]
    assert reverse("booking:pay", args=[hold.pk]) in page.content.decode()


def test_a_hold_whose_time_is_over_leads_to_its_booking(patients_client: Client, patient: Patient) -> None:
    hold = BookingFactory(patient=patient, state=Booking.State.HELD, hold_expires_at=clock.now())

    page = page_of(hold.slot, patients_client)

    assert "The time to pay is over" in words(page)
    assert buttons(page) == ["See your booking"]


def test_a_booked_class_shows_the_booking(patients_client: Client, patient: Patient) -> None:
    booking = BookingFactory(patient=patient)

    page = page_of(booking.slot, patients_client)

    assert "You have a place in this class" in words(page)
    assert buttons(page) == ["See your booking"]
    assert reverse("booking:detail", args=[booking.pk]) in page.content.decode()


def test_a_full_class_offers_the_next_one_of_its_kind_with_a_place(patients_client: Client, full_slot: Slot) -> None:
    later = full_slot.starts_at + timedelta(days=7)
    BookingFactory(slot__class_type=full_slot.class_type, slot__starts_at=later, slot__capacity=1)
    another = SlotFactory(class_type=full_slot.class_type, starts_at=later + timedelta(days=7))
    SlotFactory(starts_at=later)

    page = page_of(full_slot, patients_client)

    assert "This class is full" in words(page)
    assert "The next one with a place for you " + clock.format_when(
        another.starts_at, another.ends_at, with_zone=False
    ) in words(page)
    assert buttons(page) == []


def test_a_full_class_without_another_leads_to_the_timetable(patients_client: Client, full_slot: Slot) -> None:
    page = page_of(full_slot, patients_client)

    assert "All places are taken. Please choose another class from the timetable." in words(page)
    assert reverse("scheduling:timetable") in page.content.decode()


def test_a_class_that_has_begun_cannot_be_booked(patients_client: Client) -> None:
    page = page_of(SlotFactory(starts_at=clock.now()), patients_client)

    assert "This class has begun" in words(page)
    assert buttons(page) == []


def test_a_cancelled_class_says_so(patients_client: Client) -> None:
    page = page_of(SlotFactory(state=Slot.State.CANCELLED), patients_client)

    assert "This class is cancelled" in words(page)
    assert buttons(page) == []


def test_a_draft_does_not_exist_for_outsiders(client: Client, patients_client: Client) -> None:
    draft = SlotFactory(state=Slot.State.DRAFT)
    other_teacher = Client()
    other_teacher.force_login(InstructorFactory().user)

    assert [page_of(draft, each).status_code for each in (client, patients_client, other_teacher)] == [404, 404, 404]


def test_a_draft_that_was_cancelled_does_not_exist_for_outsiders_either(client: Client) -> None:
    draft = SlotFactory(state=Slot.State.CANCELLED, published_at=None)
    colleague, own = Client(), Client()
    colleague.force_login(InstructorFactory().user)
    own.force_login(draft.instructor.user)

    assert [page_of(draft, each).status_code for each in (client, colleague, own)] == [404, 404, 200]


def test_a_draft_is_shown_to_its_instructor_and_to_the_desk(client: Client) -> None:
    draft = SlotFactory(state=Slot.State.DRAFT)
    desk = UserFactory()
    roles.assign_role(desk, roles.FRONT_DESK)

    for user in (draft.instructor.user, desk):
        client.force_login(user)
        assert "Only the staff can see this class." in words(page_of(draft, client))


def test_an_account_without_a_patient_is_told_why_it_cannot_book(client: Client) -> None:
    client.force_login(UserFactory())

    page = page_of(SlotFactory(), client)

    assert "This account cannot book a place" in words(page)
    assert buttons(page) == []


@pytest.mark.parametrize("role", roles.STAFF)
def test_staff_are_told_of_no_rules_that_are_not_theirs(client: Client, role: str) -> None:
    client.force_login(UserFactory(role=role))

    page = page_of(SlotFactory(), client)

    assert "You are signed in as staff Patients book this class here with their own accounts." in words(page)
    assert not any(rule in words(page) for rule in ("front desk", "place is held", "Free to cancel"))
    assert buttons(page) == []


@pytest.mark.parametrize("number", ["0", "99999999999999999999999", "9" * 5000])
def test_a_number_without_a_class_is_no_page(client: Client, number: str) -> None:
    assert client.get(f"/slots/{number}/").status_code == 404


@pytest.mark.usefixtures("friday_noon")
def test_who_has_another_class_at_that_time_is_told_before_booking(patients_client: Client, patient: Patient) -> None:
    slot = SlotFactory(starts_at=TUESDAY_EVENING)
    half_an_hour_later = TUESDAY_EVENING + timedelta(minutes=30)
    BookingFactory(patient=patient, slot__class_type__name="Chair Yoga", slot__starts_at=half_an_hour_later)

    page = page_of(slot, patients_client)

    assert (
        "You have another class at that time It is Chair Yoga, 18:30–19:30. You can book this one all the same."
    ) in words(page)
    assert buttons(page) == ["Book this class – 18,00 €"]


@pytest.mark.parametrize(
    ("hours", "state", "slot_state"),
    [
        (-1, Booking.State.CONFIRMED, Slot.State.PUBLISHED),
        (1, Booking.State.CONFIRMED, Slot.State.PUBLISHED),
        (0, Booking.State.RELEASED, Slot.State.PUBLISHED),
        (0, Booking.State.CONFIRMED, Slot.State.CANCELLED),
    ],
    ids=["ends when it begins", "begins when it ends", "given back", "does not take place"],
)
def test_what_is_not_at_that_time_is_not_mentioned(
    patients_client: Client, patient: Patient, hours: int, state: str, slot_state: str
) -> None:
    slot = SlotFactory()
    other = SlotFactory(starts_at=slot.starts_at + timedelta(hours=hours), state=slot_state)
    BookingFactory(patient=patient, slot=other, state=state)
    BookingFactory(slot__starts_at=slot.starts_at)  # somebody else's

    assert "another class at that time" not in words(page_of(slot, patients_client))


def test_the_page_takes_few_queries(
    client: Client, patients_client: Client, full_slot: Slot, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    slot = SlotFactory(class_type=full_slot.class_type)

    with django_assert_num_queries(1):
        of_visitor = client.get(reverse("booking:slot", args=[slot.pk]))
    # session, account, permissions (2), class, own booking, own patient, roles, what is booked at that time
    with django_assert_num_queries(9):
        of_patient = patients_client.get(reverse("booking:slot", args=[slot.pk]))
    with django_assert_num_queries(2):  # the class and the next one like it
        full = client.get(reverse("booking:slot", args=[full_slot.pk]))

    assert all("8 places left" in words(page) for page in (of_visitor, of_patient))
    assert reverse("booking:slot", args=[slot.pk]) in full.content.decode()
