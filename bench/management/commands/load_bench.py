"""Fill a fresh, migrated database with the clinic of the bench, by COPY."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import Group
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.management.base import BaseCommand
from django.db import connection, models, transaction

from accounts import roles
from accounts.models import ApiToken, Patient, User
from bench import clinic
from booking.models import Booking
from core import clock
from payments.models import Order
from scheduling.focus import FocusArea
from scheduling.models import ClassType, Instructor, Location, Room, Slot

Row = dict[str, Any]


class Command(BaseCommand):
    help = "Fill a fresh database with the clinic of the bench: 20,000 patients, 50,000 slots, 500,000 bookings."

    def handle(self, **_options: Any) -> None:
        long_ago = clock.now() - timedelta(days=600)
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")  # some of this takes longer than any request may
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")  # no trigger need check what we make up
            copy(User, people(), password="!")  # noqa: S106 - nobody can sign in with it
            copy(
                ApiToken,
                ({"user_id": n, "digest": ApiToken.digest_of(clinic.token_of(n))} for n in patients()),
                created_at=long_ago,
            )
            copy(
                Patient, ({"id": n, "account_id": n, "name": f"Person {n}"} for n in patients()), is_account_holder=True
            )
            copy(
                User.groups.through,
                ({"user_id": n} for n in patients()),
                group_id=Group.objects.get(name=roles.PATIENT).pk,
            )
            make_house()
            let_instructor_in()
            copy(Slot, slots(), state="published", price=1800, published_at=long_ago)
            copy(Order, orders(), amount=1800, currency="eur", state="paid", paid_at=long_ago)
            copy(
                Booking,
                bookings(),
                state="confirmed",
                price=1800,
                currency="eur",
                made_at=long_ago,
                confirmed_at=long_ago,
            )
            catch_up_sequences(cursor)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
            cursor.execute("CHECKPOINT")


def patients() -> range:
    return range(1, clinic.PATIENTS + 1)


def people() -> Iterator[Row]:
    """The accounts of the patients, then those of the instructors."""
    for n in range(1, clinic.PATIENTS + clinic.ROOMS + 1):
        yield {"id": n, "email": f"person{n}@example.org", "name": f"Person {n}"}


def make_house() -> None:
    """Five locations with five rooms each, an instructor for every room, ten class types."""
    for n in range(1, 6):
        Location.objects.create(id=n, name=f"House {n}", address=f"{n} Garden Road")
    for n in range(1, clinic.ROOMS + 1):
        Room.objects.create(id=n, location_id=1 + n % 5, name=f"Room {n}", size=clinic.CAPACITY)
        Instructor.objects.create(id=n, user_id=clinic.PATIENTS + n, name=f"Instructor {n}")
    areas = FocusArea.values
    for n in range(10):
        ClassType.objects.create(
            id=n + 1,
            name=f"Class {n + 1}",
            level=ClassType.Level.values[n % 3],
            focus_areas=[areas[n % 7], areas[(n + 2) % 7]],
            description="Slow and careful.",
            price=1800,
        )


def let_instructor_in() -> None:
    """The role of the instructor who looks at the own week, and an open session."""
    account = User.objects.get(pk=clinic.PATIENTS + clinic.INSTRUCTOR)
    account.groups.add(Group.objects.get(name=roles.INSTRUCTOR))
    signed_in = {
        SESSION_KEY: str(account.pk),
        HASH_SESSION_KEY: account.get_session_auth_hash(),
        BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
    }
    Session.objects.create(
        session_key=clinic.SESSION,
        session_data=SessionStore().encode(signed_in),
        expire_date=clock.now() + timedelta(days=1),
    )


def slots() -> Iterator[Row]:
    """Four classes a day in each room, most of them over; then, far ahead and on-line, the hot slots."""
    for n in range(clinic.SLOTS):
        day, rest = divmod(n, clinic.ROOMS * clinic.SLOTS_A_DAY)
        turn, room = divmod(rest, clinic.ROOMS)
        yield slot(n + 1, day - clinic.DAYS_PAST, 8 + 3 * turn, room + 1) | {
            "class_type_id": 1 + n % 10,
            "room_id": room + 1,
            "capacity": clinic.CAPACITY,
            "taken": clinic.TAKEN,
        }
    for n in range(clinic.HOT_SLOTS):
        yield slot(clinic.SLOTS + n + 1, 700 + n, 8, 1) | {
            "class_type_id": 1,
            "capacity": clinic.HOT_CAPACITY,
            "online_link": "https://meet.example.org/hot",
        }


def slot(number: int, day: int, hour: int, instructor: int) -> Row:
    """An hour with an instructor, `day` days from today."""
    starts_at = _midnight() + timedelta(days=day, hours=hour)
    return {
        "id": number,
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(hours=1),
        "instructor_id": instructor,
    }


def _midnight() -> datetime:
    return clock.now().replace(hour=0, minute=0, second=0, microsecond=0)


def orders() -> Iterator[Row]:
    for n in range(1, clinic.BOOKINGS + 1):
        yield {"id": n, "reference": f"B{n:011}", "payer_id": booker_of(n)}


def bookings() -> Iterator[Row]:
    for n in range(1, clinic.BOOKINGS + 1):
        person = booker_of(n)
        slot_number = 1 + n % clinic.SLOTS
        yield {"id": n, "patient_id": person, "booked_by_id": person, "slot_id": slot_number, "order_id": n}


def booker_of(booking: int) -> int:
    """Who made a booking; the ten in one slot are ten different people."""
    return 1 + (booking * 7 + booking // clinic.SLOTS) % clinic.PATIENTS_WITH_HISTORY


def copy(model: type[models.Model], rows: Iterable[Row], **same: Any) -> None:
    """Write rows by COPY; `same` holds for each of them, and what neither says is the model's default."""
    fields = model._meta.concrete_fields
    usual = {field.attname: _plain(field.get_default()) for field in fields} | same
    rows = iter(rows)
    first = next(rows)
    written = [field for field in fields if not isinstance(field, models.AutoField) or field.attname in first]
    names = [field.attname for field in written]
    columns = ", ".join(f'"{field.column}"' for field in written)
    with connection.cursor() as cursor, cursor.copy(f'COPY "{model._meta.db_table}" ({columns}) FROM STDIN') as target:
        target.write_row([first.get(name, usual[name]) for name in names])
        for row in rows:
            target.write_row([row.get(name, usual[name]) for name in names])


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def catch_up_sequences(cursor: Any) -> None:
    """Let the sequences go on after the numbers that were written."""
    for model in (User, Patient, Location, Room, Instructor, ClassType, Slot, Order, Booking):
        table = model._meta.db_table
        cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")  # noqa: S608
