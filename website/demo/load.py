"""Fills an empty database with the demo clinic: the past and today as they would stand, the future by booking it."""

import random
import uuid
from datetime import timedelta

from django.conf import settings
from django.db import transaction

from accounts import roles
from accounts.models import Patient, User
from booking.models import Booking
from booking.operations import book_place
from core import clock
from payments.models import Order, PassType, Payment
from payments.operations import record_payment
from scheduling.models import Certificate, ClassType, Instructor, Location, Qualification, Room, Series, Slot
from scheduling.operations.series import slot_of, stamp_series
from scheduling.rules import weekly_rule
from website.demo import clinic

DOMAIN = "sukha.example"
ACCOUNTS = [
    ("patient", f"patient@{DOMAIN}"),
    ("instructor", f"asha@{DOMAIN}"),
    ("front desk", f"desk@{DOMAIN}"),
    ("manager", f"manager@{DOMAIN}"),
]
WEEKS_BACK = 1
WEEKS_UNTIL_NEW = 2  # until the series begins that is still a draft
DAYS_WITH_BOOKINGS = 9


def load(*, seed: int = 7) -> None:
    """Write the demo clinic, around today; chance is seeded, so two loads on one day are alike."""
    chance = random.Random(seed)  # noqa: S311 – no secrets are drawn from it
    with transaction.atomic():
        _people()
        _offer()
        _timetable()
        _bookings_of_begun_slots(chance)
    _bookings_ahead(chance)


def _people() -> None:
    _account("manager", "Carla Winter", roles.MANAGER)
    _account("desk", "Ute Sander", roles.FRONT_DESK)
    for name, (mailbox, qualification, bio) in clinic.INSTRUCTORS.items():
        user = _account(mailbox, name, roles.INSTRUCTOR)
        Instructor.objects.create(user=user, name=name, qualification=qualification, bio=bio)
    _patient("patient", "Klara Weber", phone="+49 30 5550100")
    for number, name in enumerate(clinic.PATIENTS, start=101):
        _patient(name.split()[0].lower(), name, phone=f"+49 30 5550{number}")


def _account(mailbox: str, name: str, role: str) -> User:
    user = User.objects.create_user(f"{mailbox}@{DOMAIN}", name=name)
    roles.assign_role(user, role)
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)  # type: ignore[attr-defined]
    return user


def _patient(mailbox: str, name: str, *, phone: str) -> Patient:
    account = _account(mailbox, name, roles.PATIENT)
    return Patient.objects.create(account=account, is_account_holder=True, name=name, phone=phone)


def _offer() -> None:
    for house in clinic.HOUSES:
        location = Location.objects.create(name=house.name, address=house.address, directions=house.directions)
        Room.objects.bulk_create(Room(location=location, name=name, size=size) for name, size in house.rooms.items())
    ClassType.objects.bulk_create(
        ClassType(
            name=taught.name,
            level=taught.level,
            focus_areas=[area.value for area in taught.focus],
            minutes=taught.minutes,
            capacity=taught.capacity,
            price=taught.price,
            description=taught.description,
            suits=taught.suits,
            avoid=taught.avoid,
            bring=taught.bring,
        )
        for taught in clinic.CLASS_TYPES
    )
    _qualifications()
    PassType.objects.create(name="Five classes", credits=5, valid_days=120, price=8000)
    PassType.objects.create(name="Ten classes", credits=10, valid_days=240, price=15000)


def _qualifications() -> None:
    """What class types ask for and instructors hold; the demo's weeks keep to it."""
    rows = (Qualification(name=name, description=words) for name, words in clinic.QUALIFICATIONS.items())
    by_name = {one.name: one for one in Qualification.objects.bulk_create(rows)}
    for class_type in ClassType.objects.all():
        names = clinic.ASKED_FOR.get(class_type.name, [clinic.YOGA_THERAPY])
        class_type.qualifications.set(by_name[name] for name in names)
    instructors = {one.name: one for one in Instructor.objects.all()}
    today = clock.clinic_today()
    Certificate.objects.bulk_create(
        Certificate(
            instructor=instructors[holder],
            qualification=by_name[name],
            expires_on=None if days is None else today + timedelta(days=days),
        )
        for holder, certificates in clinic.CERTIFICATES.items()
        for name, days in certificates.items()
    )


def _timetable() -> None:
    """The weekly plan as series: what has begun as it would stand by now, what is to come by stamping it."""
    types = {one.name: one for one in ClassType.objects.all()}
    instructors = {one.name: one for one in Instructor.objects.all()}
    rooms = {one.name: one for one in Room.objects.all()}
    for weekly in clinic.WEEK:
        series = _series(weekly, types[weekly.taught], instructors[weekly.instructor], rooms[weekly.room])
        slots = (slot_of(series, day) for day in series.days(series.starts_on, clock.clinic_today()))
        Slot.objects.bulk_create(slot for slot in slots if slot.has_started)
        stamp_series(series=series)


def _series(weekly: clinic.Weekly, taught: ClassType, instructor: Instructor, room: Room) -> Series:
    monday = clock.monday_of(clock.clinic_today())
    first = monday + timedelta(weeks=-WEEKS_BACK if weekly.publishes else WEEKS_UNTIL_NEW, days=weekly.weekday)
    return Series.objects.create(
        class_type=taught,
        instructor=instructor,
        room=room,
        recurrence=weekly_rule([weekly.weekday]),
        starts_on=first,
        wall_time=weekly.wall_time,
        time_zone=settings.CLINIC_TIME_ZONE,
        minutes=taught.minutes,
        capacity=min(taught.capacity, room.size),
        price=taught.price,
        publishes=weekly.publishes,
    )


def _bookings_of_begun_slots(chance: random.Random) -> None:
    """What has begun can no longer be booked, so its rows are written as they would stand by now."""
    patients = list(Patient.objects.select_related("account"))
    for slot in Slot.objects.published().filter(starts_at__lte=clock.now()):
        for patient in chance.sample(patients, chance.randint(2, slot.capacity - 1)):
            _past_booking(patient, slot)
            slot.taken += 1
        slot.save(update_fields=["taken"])


def _past_booking(patient: Patient, slot: Slot) -> None:
    assert patient.account
    made_at = slot.starts_at - timedelta(days=2)
    order = None
    if slot.price:
        order = Order.objects.create(
            payer=patient.account,
            amount=slot.price,
            currency=slot.currency,
            state=Order.State.PAID,
            paid_at=made_at,
            created_at=made_at,
        )
        Payment.objects.create(
            order=order,
            amount=slot.price,
            currency=slot.currency,
            method=Payment.Method.CARD,
            payment_intent=_demo_intent(),
            received_at=made_at,
        )
    Booking.objects.create(
        patient=patient,
        slot=slot,
        order=order,
        booked_by=patient.account,
        state=Booking.State.CONFIRMED,
        price=slot.price,
        currency=slot.currency,
        made_at=made_at,
        confirmed_at=made_at,
    )


def _bookings_ahead(chance: random.Random) -> None:
    """Book the next days as patients would; the messages that follow from it go out by themselves."""
    guests = list(Patient.objects.select_related("account").exclude(account__email=ACCOUNTS[0][1]))
    soon = Slot.objects.published().between(clock.now(), clock.now() + timedelta(days=DAYS_WITH_BOOKINGS))
    for number, slot in enumerate(soon):
        wanted = slot.capacity if number % 7 == 3 else chance.randint(1, min(4, slot.capacity - 1))
        for patient in chance.sample(guests, wanted):
            _book_and_pay(patient, Slot.objects.get(pk=slot.pk))


def _book_and_pay(patient: Patient, slot: Slot) -> None:
    assert patient.account
    booking = book_place(patient=patient, slot=slot, by=patient.account)
    if booking.order:
        record_payment(
            order=booking.order, amount=booking.price, currency=booking.currency, payment_intent=_demo_intent()
        )


def _demo_intent() -> str:
    return f"pi_demo_{uuid.uuid4().hex[:16]}"
