"""The front desk's day sheet."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts import roles
from accounts.models import User
from booking.models import Booking
from core import clock
from payments.models import Payment
from scheduling.models import Slot
from tests.booking.reading import without_writing, words
from tests.factories import (
    BookingFactory,
    InstructorFactory,
    LocationFactory,
    PatientFactory,
    PaymentFactory,
    RoomFactory,
    SlotFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

HELD, CONFIRMED, RELEASED, CANCELLED = Booking.State


@pytest.fixture
def receptionist() -> User:
    user = UserFactory(name="Rita Desk")
    roles.assign_role(user, roles.FRONT_DESK)
    return User.objects.get(pk=user.pk)


@pytest.fixture
def desk(receptionist: User) -> Client:
    """The browser at the counter."""
    client = Client()
    client.force_login(receptionist)
    return client


def sheet(client: Client, day: str | None = None) -> Any:
    return without_writing(lambda: client.get(reverse("booking:desk"), {"day": day} if day else {}))


def test_the_sheet_shows_who_comes_and_who_has_paid(desk: Client, receptionist: User, friday_noon: datetime) -> None:
    slot = SlotFactory(
        class_type__name="Gentle Back Care",
        starts_at=friday_noon + timedelta(hours=6),
        capacity=8,
        room=RoomFactory(name="Willow", location=LocationFactory(name="Garden House")),
        instructor=InstructorFactory(name="Ines Amara"),
    )
    anna = BookingFactory(slot=slot, patient=PatientFactory(name="Anna Paid", phone="+49 30 111"))
    PaymentFactory(order=anna.order)
    by_phone = PatientFactory(account=None, is_account_holder=False, name="Berta Cash", phone="030 222")
    berta = BookingFactory(slot=slot, patient=by_phone, booked_by=receptionist)
    PaymentFactory(order=berta.order, method=Payment.Method.CASH, payment_intent=None)
    BookingFactory(
        slot=slot,
        patient=PatientFactory(name="Clara Held"),
        state=HELD,
        hold_expires_at=friday_noon + timedelta(minutes=9),
    )
    BookingFactory(slot=slot, patient=PatientFactory(name="Dora Gone"), state=RELEASED)

    text = words(sheet(desk))

    assert "Friday 20 November 2026 1 class · 3 people · 1 waiting for payment · Berlin time" in text
    assert "18:00–19:00 Gentle Back Care 3 of 8 places taken Willow, Garden House · Ines Amara" in text
    assert "Anna Paid +49 30 111 paid 18,00 € by card" in text
    assert "Berta Cash booked by Rita Desk 030 222 paid 18,00 € in cash" in text
    assert "Clara Held no phone To pay by 12:09 owes 18,00 €" in text
    assert "Dora Gone" not in text
    assert "Confirmed" not in text and text.count("booked by") == 1


def test_a_place_that_is_being_given_back_is_not_said_to_be_paid_soon(desk: Client, friday_noon: datetime) -> None:
    BookingFactory(slot__starts_at=friday_noon + timedelta(hours=6), state=HELD, given_up_at=friday_noon)

    text = words(sheet(desk))

    assert "Being given back" in text
    assert "To pay by" not in text


def test_a_refund_is_shown_beside_what_was_paid(desk: Client) -> None:
    booking = BookingFactory(slot__starts_at=clock.now())
    PaymentFactory(order=booking.order, refunded=800)

    assert "paid 18,00 € by card of which 8,00 € refunded" in words(sheet(desk))


def test_drafts_are_left_out_and_cancelled_classes_are_marked(desk: Client) -> None:
    SlotFactory(starts_at=clock.now(), state=Slot.State.DRAFT, class_type__name="Secret plan")
    SlotFactory(starts_at=clock.now(), state=Slot.State.CANCELLED, class_type__name="Called off")

    text = words(sheet(desk))

    assert "Secret plan" not in text
    assert "Called off Cancelled" in text


@pytest.mark.usefixtures("friday_noon")
def test_a_day_holds_what_begins_between_its_midnights_at_the_clinic(desk: Client) -> None:
    midnight, after = clock.day_bounds(clock.clinic_today() + timedelta(days=4))
    for name, starts_at in [
        ("Late the day before", midnight - timedelta(minutes=1)),
        ("First minute", midnight),
        ("Last minute", after - timedelta(minutes=1)),
        ("Next midnight", after),
    ]:
        SlotFactory(class_type__name=name, starts_at=starts_at)

    text = words(sheet(desk, "2026-11-24"))

    assert "Tuesday 24 November 2026 2 classes" in text
    assert "First minute" in text and "Last minute" in text
    assert "Late the day before" not in text and "Next midnight" not in text


@pytest.mark.usefixtures("friday_noon")
def test_the_days_before_and_after_are_one_click_away(desk: Client) -> None:
    body = sheet(desk, "2026-12-31").content.decode()

    assert 'href="?day=2026-12-30"' in body
    assert 'href="?day=2027-01-01"' in body


def test_an_empty_day_says_so(desk: Client) -> None:
    assert "No classes on this day" in words(sheet(desk))


@pytest.mark.usefixtures("friday_noon")
@pytest.mark.parametrize(
    "day", ["tomorrow", "2026-02-30", "0001-01-01", "9999-12-31", "2026-11-24\x00", "24.11", "1e9"]
)
def test_what_is_no_day_is_said_and_today_is_shown(desk: Client, day: str) -> None:
    text = words(sheet(desk, day))

    assert "That is no day that we can show, so here is today." in text
    assert "Friday 20 November 2026" in text


def test_who_may_see_the_sheet(client: Client, desk: Client) -> None:
    assert sheet(client).url == f"{reverse('account_login')}?next=/desk/"
    for role, status in [(roles.PATIENT, 403), (roles.INSTRUCTOR, 403), (roles.FRONT_DESK, 200), (roles.MANAGER, 200)]:
        user = UserFactory()
        roles.assign_role(user, role)
        client.force_login(user)
        assert sheet(client).status_code == status


@pytest.mark.parametrize("count", [1, 3])
def test_the_number_of_queries_does_not_grow(
    desk: Client, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    for _slot in range(count):
        slot = SlotFactory(starts_at=clock.now())
        for _booking in range(count):
            PaymentFactory(order=BookingFactory(slot=slot).order)

    # session, account, permissions (2), roles, slots, bookings, payments, failed refunds, events set aside
    with django_assert_num_queries(10):
        page = desk.get(reverse("booking:desk"))

    assert [words(page).count(slot.class_type.name) for slot in Slot.objects.all()] == [1] * count
    assert all(booking.patient.name in words(page) for booking in Booking.objects.all())
