"""What patients see of a class that was moved, cancelled or takes place on-line: on its pages and in the calendar."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from icalendar import Calendar, Event

from accounts.models import Patient
from booking.models import Booking
from booking.operations import end_for_cancelled_slot
from core import clock
from notifications.models import Kind
from notifications.writing import write_letter
from scheduling.models import Slot
from scheduling.operations import Scope, Wanted, cancel_slots, change_slots
from tests.booking.reading import words
from tests.factories import BookingFactory, MessageFactory, PaymentFactory, SlotFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("friday_noon")]

TUESDAY_SIX = datetime(2026, 11, 24, 17, tzinfo=UTC)
LINK = "https://meet.example.org/back"


@pytest.fixture
def booking(patient: Patient) -> Booking:
    made_at = clock.now() - timedelta(hours=1)
    return BookingFactory(patient=patient, slot=SlotFactory(starts_at=TUESDAY_SIX), made_at=made_at)


def change(slot: Slot, **changes: Any) -> None:
    slot = Slot.objects.with_details().get(pk=slot.pk)
    change_slots(slot=slot, wanted=Wanted.like(slot, **changes), scope=Scope.THIS, revision=slot.revision, by=None)


def cancel(slot: Slot) -> None:
    slot = Slot.objects.get(pk=slot.pk)
    cancel_slots(slot=slot, scope=Scope.THIS, reason="Burst pipe", revision=slot.revision, by=None)


def booking_page(client: Client, booking: Booking) -> str:
    return words(client.get(reverse("booking:detail", args=[booking.pk])))


def class_page(client: Client, slot: Slot) -> str:
    return words(client.get(reverse("booking:slot", args=[slot.pk])))


def event_of(client: Client, booking: Booking) -> Event:
    answer = client.get(reverse("booking:calendar_file", args=[booking.pk]))
    calendar = Calendar.from_ical(answer.content)
    assert isinstance(calendar, Calendar)
    [event] = calendar.events
    return event


class TestMoved:
    def test_the_booking_says_from_when_to_when_and_that_cancelling_is_free(
        self, patients_client: Client, booking: Booking
    ) -> None:
        assert "moved" not in booking_page(patients_client, booking)
        change(booking.slot, starts_at=TUESDAY_SIX + timedelta(hours=1))
        change(booking.slot, starts_at=TUESDAY_SIX + timedelta(hours=2))

        text = booking_page(patients_client, booking)

        assert "This class was moved When: Tuesday 24 November, 20:00–21:00 (Berlin time)" in text
        assert "(before: Tuesday 24 November, 18:00–19:00 (Berlin time))" in text
        assert "you can cancel free of charge until the class begins" in text

    def test_the_booking_tells_the_new_time_and_neither_places_nor_price(
        self, patients_client: Client, booking: Booking
    ) -> None:
        """Both were agreed on when they booked; the class's own have changed for those who book now."""
        change(booking.slot, starts_at=TUESDAY_SIX + timedelta(hours=1), capacity=9, price=2500)

        text = booking_page(patients_client, booking)

        assert text.count("(before:") == 1
        assert "(before: Tuesday 24 November, 18:00–19:00 (Berlin time))" in text
        assert "Places:" not in text and "25,00" not in text

    def test_what_was_changed_before_booking_is_not_news(self, patients_client: Client, patient: Patient) -> None:
        slot = SlotFactory(starts_at=TUESDAY_SIX)
        change(slot, starts_at=TUESDAY_SIX + timedelta(hours=1))
        later = BookingFactory(patient=patient, slot=slot, made_at=clock.now() + timedelta(seconds=1))

        assert "moved" not in booking_page(patients_client, later)

    def test_the_calendar_gets_a_newer_version_of_the_same_entry(
        self, patients_client: Client, booking: Booking
    ) -> None:
        before = event_of(patients_client, booking)
        change(booking.slot, starts_at=TUESDAY_SIX + timedelta(hours=1))

        after = event_of(patients_client, booking)

        assert (before["sequence"], after["sequence"]) == (0, 1)
        assert (before["uid"], after.start) == (after["uid"], TUESDAY_SIX + timedelta(hours=1))


class TestTheClickOnAnOldPage:
    def test_is_refused_when_the_class_was_moved_meanwhile(self, patients_client: Client, patient: Patient) -> None:
        slot = SlotFactory(starts_at=TUESDAY_SIX)
        page = patients_client.get(reverse("booking:slot", args=[slot.pk])).content.decode()
        assert 'name="starts_at" value="2026-11-24T18:00:00+01:00"' in page
        change(slot, starts_at=TUESDAY_SIX + timedelta(hours=1))

        seen = {"price": slot.price, "starts_at": "2026-11-24T18:00:00+01:00"}
        answer = patients_client.post(reverse("booking:book", args=[slot.pk]), seen, follow=True)

        assert "This class was moved. Please look at its new time before you book." in words(answer)
        assert not Booking.objects.exists()

    def test_of_the_right_time_books(self, patients_client: Client) -> None:
        slot = SlotFactory(starts_at=TUESDAY_SIX)

        seen = {"price": slot.price, "starts_at": "2026-11-24T18:00:00+01:00"}
        patients_client.post(reverse("booking:book", args=[slot.pk]), seen)

        assert Booking.objects.get().slot == slot

    @pytest.mark.parametrize("starts_at", ["soon", "a\x00b", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00+14:00"])
    def test_with_a_time_that_cannot_be_is_refused_the_same_way(self, patients_client: Client, starts_at: str) -> None:
        slot = SlotFactory(starts_at=TUESDAY_SIX)

        seen = {"price": slot.price, "starts_at": starts_at}
        answer = patients_client.post(reverse("booking:book", args=[slot.pk]), seen, follow=True)

        assert "This class was moved." in words(answer)
        assert not Booking.objects.exists()


class TestCancelled:
    def test_the_booking_says_why_and_what_becomes_of_the_money(
        self, patients_client: Client, booking: Booking
    ) -> None:
        PaymentFactory(order=booking.order, amount=booking.price)
        cancel(booking.slot)

        at_once = booking_page(patients_client, booking)
        end_for_cancelled_slot(booking=booking)
        afterwards = booking_page(patients_client, booking)

        for text in (at_once, afterwards):
            assert "The class will not take place. We are sorry. The reason: Burst pipe" in text
            assert "If you cannot come" not in text
        assert "What you paid goes back to you" in at_once
        assert "We are sending 18,00 € back to your card." in afterwards

    def test_the_class_says_so_too(self, patients_client: Client, client: Client, booking: Booking) -> None:
        cancel(booking.slot)

        for visitor in (patients_client, client):
            text = class_page(visitor, booking.slot)
            assert "This class is cancelled It will not take place. The reason: Burst pipe" in text
            assert "You have a place in this class" not in text

    def test_the_calendar_takes_it_out(self, patients_client: Client, booking: Booking) -> None:
        sequences = [event_of(patients_client, booking)["sequence"]]
        cancel(booking.slot)
        sequences.append(event_of(patients_client, booking)["sequence"])
        end_for_cancelled_slot(booking=booking)

        event = event_of(patients_client, booking)

        assert event["status"] == "CANCELLED"
        assert sequences == [0, 1] and event["sequence"] == 2
        assert "Take it out of your calendar" in booking_page(patients_client, booking)


class TestOnLine:
    @pytest.fixture
    def online(self) -> Slot:
        return SlotFactory(room=None, online_link=LINK, starts_at=TUESDAY_SIX)

    def test_the_link_is_for_those_who_have_their_place(
        self, patients_client: Client, client: Client, patient: Patient, online: Slot
    ) -> None:
        assert "the link stands here and in your confirmation" in class_page(client, online)
        held = BookingFactory(patient=patient, slot=online, state=Booking.State.HELD)
        pages = [class_page(each, online) for each in (client, patients_client)]
        pages.append(booking_page(patients_client, held))
        held.move_to(Booking.State.CONFIRMED)
        held.save()

        assert all(LINK not in page for page in pages)
        assert LINK not in class_page(client, online)
        assert LINK in class_page(patients_client, online)
        assert LINK in booking_page(patients_client, held)

    @pytest.mark.parametrize("kind", [Kind.BOOKING_CONFIRMED, Kind.CLASS_REMINDER])
    def test_the_mails_of_a_confirmed_place_name_it(self, patient: Patient, online: Slot, kind: Kind) -> None:
        booking = BookingFactory(patient=patient, slot=online)

        letter = write_letter(MessageFactory(booking=booking, kind=kind))

        assert f"Where: On-line, {LINK}\n" in letter.text
        assert LINK in letter.html

    def test_a_mail_about_a_held_place_does_not(self, patient: Patient, online: Slot) -> None:
        held = BookingFactory(
            patient=patient, slot=online, state=Booking.State.HELD, made_at=clock.now() - timedelta(hours=1)
        )
        change(online, online_link=f"{LINK}-again")
        message = held.messages.get(kind=Kind.CLASS_CHANGED)

        letter = write_letter(message)

        assert LINK not in letter.text + letter.html
        assert "The link comes with the confirmation." in letter.text

    def test_the_calendar_says_on_line_and_keeps_the_link_to_itself(
        self, patients_client: Client, patient: Patient, online: Slot
    ) -> None:
        event = event_of(patients_client, BookingFactory(patient=patient, slot=online))

        assert event["location"] == "On-line"
        assert LINK not in event.to_ical().decode()
