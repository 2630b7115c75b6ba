"""Using the editor of planned classes: its addresses, what a browser sends, and Tuesdays to edit."""

import html
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.test import Client
from django.urls import reverse

from booking.models import Booking
from core import clock
from scheduling.models import Instructor, Series, Slot
from scheduling.operations import start_series
from tests.factories import (
    BookingFactory,
    ClassTypeFactory,
    LocationFactory,
    PatientFactory,
    RoomFactory,
    SeriesFactory,
    SlotFactory,
)

TUESDAY_SIX = datetime(2026, 11, 24, 17, tzinfo=UTC)
HIDDEN = re.compile(r'<input type="hidden"\s+name="([a-z_]+)"\s+value="([^"]*)"')


def tuesday_class(instructor: Instructor, **fields: Any) -> Slot:
    """Gentle Back Care on Tuesday 24 November at 18:00 in the Quiet Room."""
    room = RoomFactory(name="Quiet Room", location=LocationFactory(name="House by the Park"))
    kind = ClassTypeFactory(name="Gentle Back Care", price=1800)
    return SlotFactory(instructor=instructor, room=room, class_type=kind, starts_at=TUESDAY_SIX, **fields)


def five_tuesdays(instructor: Instructor, **fields: Any) -> Series:
    """Tuesdays at 18:00 from 24 November on; five of them."""
    parts = {"class_type": ClassTypeFactory(name="Gentle Back Care"), "instructor": instructor, "room": RoomFactory()}
    rule = {"starts_on": date(2026, 11, 24), "recurrence": "FREQ=WEEKLY;COUNT=5"}
    return start_series(series=SeriesFactory.build(**parts, **rule, **fields))


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def booked(slot: Slot, name: str = "Robin Beck", **fields: Any) -> Booking:
    made_at = clock.now() - timedelta(hours=1)
    return BookingFactory(slot=slot, patient=PatientFactory(name=name), made_at=made_at, **fields)


def page_of(slot: Slot, name: str = "planned_class") -> str:
    return reverse(f"booking:{name}", args=[slot.pk])


def typed(slot: Slot, **more: Any) -> dict[str, Any]:
    """What a browser sends of the form that was opened now, but for what was typed."""
    start = clock.clinic_time(slot.starts_at)
    as_it_is = {
        "class_type": slot.class_type_id,
        "instructor": slot.instructor_id,
        "day": f"{start:%Y-%m-%d}",
        "wall_time": f"{start:%H:%M}",
        "room": slot.room_id or "",
        "online_link": slot.online_link,
        "minutes": slot.minutes,
        "capacity": slot.capacity,
        "price": f"{slot.price / 100:.2f}",
        "revision": slot.revision,
        **({"scope": "this"} if slot.series_id else {}),
    }
    return as_it_is | more


def sent_again(page: Any) -> dict[str, str]:
    """What the button of a check page sends."""
    fields = dict(HIDDEN.findall(page.content.decode()))
    return {name: html.unescape(value) for name, value in fields.items() if name != "csrfmiddlewaretoken"}
