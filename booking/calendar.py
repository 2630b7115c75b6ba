"""A booking as an entry of the patient's own calendar: an iCalendar file by RFC 5545."""

from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from booking.models import Booking
from core import clock
from scheduling.vtimezone import describe_zone


def calendar_file(booking: Booking) -> bytes:
    """The class in one VEVENT with the clinic's VTIMEZONE: its name, where it is, and a link; no word of health.

    The UID stays the same for ever, and SEQUENCE rises with each change of the class, so a calendar that gets a newer
    file replaces the entry instead of adding one. The on-line link stays on the booking's page: calendars are shared.
    """
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", f"-//{settings.CLINIC_NAME}//Bookings//EN")
    calendar.add("method", "PUBLISH")
    slot = booking.slot
    calendar.add_component(describe_zone(clock.clinic_zone(), slot.starts_at, slot.ends_at))
    calendar.add_component(_event(booking))
    return calendar.to_ical()


def file_name(booking: Booking) -> str:
    return f"class-{clock.clinic_time(booking.slot.starts_at):%Y-%m-%d}.ics"


def _event(booking: Booking) -> Event:
    slot = booking.slot
    link = settings.SITE_URL + reverse("booking:detail", args=[booking.pk])
    event = Event()
    event.add("uid", f"booking-{booking.pk}@{urlsplit(settings.SITE_URL).hostname}")
    event.add("sequence", slot.revision if booking.is_live else slot.revision + 1)
    event.add("dtstamp", clock.now())
    event.add("dtstart", clock.clinic_time(slot.starts_at))
    event.add("dtend", clock.clinic_time(slot.ends_at))
    event.add("summary", slot.class_type.name)
    if slot.room is not None:
        event.add("location", f"{slot.room}, {slot.room.location.address}")
    elif slot.online_link:
        event.add("location", _("On-line"))
    event.add("url", link)
    event.add("description", link)  # several calendars show no URL
    event.add("status", "CONFIRMED" if booking.is_confirmed and not slot.is_cancelled else "CANCELLED")
    return event
