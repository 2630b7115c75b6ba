"""The calendar file of a booking, read as a calendar reads it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from icalendar import Calendar, Event

from accounts.models import Patient
from booking.models import Booking
from tests.factories import BookingFactory, LocationFactory, RoomFactory, SlotFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def booking(patient: Patient) -> Booking:
    """A class on the evening after the clocks were set back, so that summer time would show."""
    slot = SlotFactory(
        class_type__name="Gentle Back Care",
        class_type__avoid="Slipped discs",
        starts_at=datetime(2026, 10, 26, 17, tzinfo=UTC),
        room=RoomFactory(
            name="Willow", location=LocationFactory(name="Garden House", address="1 Garden Road, 10115 X")
        ),
    )
    made: Booking = BookingFactory(patient=patient, slot=slot)
    return made


def calendar_of(booking: Booking, client: Client) -> Calendar:
    answer = client.get(reverse("booking:calendar_file", args=[booking.pk]))
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="class-2026-10-26.ics"'
    calendar = Calendar.from_ical(answer.content)
    assert isinstance(calendar, Calendar)
    return calendar


def event_of(calendar: Calendar) -> Event:
    [event] = calendar.events
    return event


def test_a_calendar_reads_when_where_and_what(patients_client: Client, booking: Booking) -> None:
    calendar = calendar_of(booking, patients_client)

    event = event_of(calendar)
    page = f"{settings.SITE_URL}/my/bookings/{booking.pk}/"
    assert (calendar["method"], calendar["version"]) == ("PUBLISH", "2.0")
    assert (event["summary"], event["status"], event["sequence"]) == ("Gentle Back Care", "CONFIRMED", 0)
    assert event["location"] == "Willow, Garden House, 1 Garden Road, 10115 X"
    assert (event["url"], event["description"]) == (page, page)
    assert event.start == datetime(2026, 10, 26, 17, tzinfo=UTC)
    assert event.end == datetime(2026, 10, 26, 18, tzinfo=UTC)


def test_the_times_are_the_clinics_and_its_zone_is_described(patients_client: Client, booking: Booking) -> None:
    calendar = calendar_of(booking, patients_client)

    assert event_of(calendar)["dtstart"].params["TZID"] == "Europe/Berlin"
    assert event_of(calendar).start.strftime("%H:%M") == "18:00"
    assert [zone["tzid"] for zone in calendar.timezones] == ["Europe/Berlin"]
    zone = calendar.timezones[0].to_tz(lookup_tzid=False)
    assert datetime(2026, 10, 26, 18, tzinfo=zone).utcoffset() == timedelta(hours=1)
    assert datetime(2026, 10, 24, 18, tzinfo=zone).utcoffset() == timedelta(hours=2)


def test_the_same_booking_always_has_the_same_name(patients_client: Client, booking: Booking) -> None:
    names = {event_of(calendar_of(booking, patients_client))["uid"] for _time in range(2)}

    assert names == {f"booking-{booking.pk}@127.0.0.1"}


def test_nothing_in_the_file_speaks_of_a_person_or_of_health(patients_client: Client, booking: Booking) -> None:
    """Faults 61 and 64."""
    text = patients_client.get(reverse("booking:calendar_file", args=[booking.pk])).content.decode()

    assert "Slipped" not in text
    assert booking.patient.name not in text
    assert booking.booked_by.email not in text


@pytest.mark.parametrize("state", [Booking.State.HELD, Booking.State.RELEASED, Booking.State.CANCELLED])
def test_only_what_is_confirmed_goes_into_a_calendar(patients_client: Client, patient: Patient, state: str) -> None:
    booking = BookingFactory(patient=patient, state=state)

    assert patients_client.get(reverse("booking:calendar_file", args=[booking.pk])).status_code == 404
