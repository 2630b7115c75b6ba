"""Faults 1 to 3: a place is sold once, whoever comes at the same time."""

import time
from collections import Counter
from collections.abc import Iterator
from functools import partial

import pytest
from django.db import connection

from accounts.models import Patient
from booking.models import Booking
from booking.operations import book, book_place
from payments.models import Order
from scheduling.models import Slot
from scheduling.operations import SlotFull
from tests.factories import PatientFactory, SlotFactory
from tests.races.crowd import Pause, all_at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def wants(patient: Patient, slot: Slot) -> partial[Booking]:
    assert patient.account
    return partial(book_place, patient=patient, slot=slot, by=patient.account)


def test_64_people_at_once_for_one_place_make_one_booking() -> None:
    slot = SlotFactory(capacity=1)
    people = PatientFactory.create_batch(64)

    ends = all_at_once(wants(patient, slot) for patient in people)

    slot.refresh_from_db()
    assert ends == {"ok": 1, "slot_full": 63}
    assert (slot.taken, Booking.objects.live().count(), Order.objects.count()) == (1, 1, 1)


def test_40_people_at_once_for_10_places_fill_them_exactly() -> None:
    slot = SlotFactory(capacity=10)
    people = PatientFactory.create_batch(40)

    ends = all_at_once(wants(patient, slot) for patient in people)

    slot.refresh_from_db()
    assert ends == {"ok": 10, "slot_full": 30}
    assert (slot.taken, Booking.objects.live().count()) == (10, 10)


def test_a_double_click_times_twenty_makes_one_booking() -> None:
    slot = SlotFactory(capacity=8)
    patient = PatientFactory()

    ends = all_at_once(wants(patient, slot) for _click in range(20))

    slot.refresh_from_db()
    assert ends == {"ok": 1, "already_booked": 19}
    assert (slot.taken, Booking.objects.live().count()) == (1, 1)


def twenty_classes_at_once() -> Counter[str]:
    patient = PatientFactory()
    return all_at_once(wants(patient, slot) for slot in SlotFactory.create_batch(20))


def test_an_account_that_books_twenty_classes_at_once_holds_five_places() -> None:
    ends = twenty_classes_at_once()

    assert ends == {"ok": 5, "too_many_holds": 15}
    assert (Booking.objects.live().count(), Order.objects.count()) == (5, 5)


def test_control_without_waiting_for_each_other_it_holds_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "_LOCK_AND_COUNT", "SELECT 1;" + book._LOCK_AND_COUNT.partition(";")[2])
    monkeypatch.setattr(book, "open_order", Pause().before(book.open_order))

    assert twenty_classes_at_once()["ok"] > 5


@pytest.fixture
def unprotected(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Places are checked first and written afterwards, as peers do it, and the database has no constraint."""

    def check_then_take(slot: Slot) -> None:
        fresh = Slot.objects.get(pk=slot.pk)
        if fresh.is_full:
            raise SlotFull()
        time.sleep(0.05)  # what rendering or a slow network adds in between
        fresh.taken += 1
        fresh.save(update_fields=["taken"])

    monkeypatch.setattr(book, "take_place", check_then_take)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE booking_booking DROP CONSTRAINT IF EXISTS one_live_booking_per_patient_and_slot")
        cursor.execute("DROP INDEX IF EXISTS one_live_booking_per_patient_and_slot")
        cursor.execute("ALTER TABLE scheduling_slot DROP CONSTRAINT taken_never_exceeds_capacity")
    yield
    Booking.objects.all().delete()
    Slot.objects.all().delete()
    with connection.schema_editor() as editor:
        for model, name in [
            (Booking, "one_live_booking_per_patient_and_slot"),
            (Slot, "taken_never_exceeds_capacity"),
        ]:
            constraint = next(c for c in model._meta.constraints if c.name == name)
            editor.add_constraint(model, constraint)


@pytest.mark.usefixtures("unprotected")
def test_control_without_the_guarded_update_one_place_is_sold_many_times() -> None:
    slot = SlotFactory(capacity=1)
    people = PatientFactory.create_batch(64)

    ends = all_at_once(wants(patient, slot) for patient in people)

    assert ends["ok"] > 1
    assert Booking.objects.live().count() > 1


@pytest.mark.usefixtures("unprotected")
def test_control_without_the_constraint_a_double_click_books_twice() -> None:
    slot = SlotFactory(capacity=30)
    patient = PatientFactory()

    ends = all_at_once(wants(patient, slot) for _click in range(20))

    assert ends["ok"] > 1
    assert Booking.objects.live().filter(patient=patient).count() > 1
