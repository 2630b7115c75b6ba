"""Booking a place."""

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Patient, User
from booking.models import Booking
from booking.signals import booking_confirmed
from core import clock
from core.errors import DomainError
from core.queries import insert
from payments.operations import open_order
from scheduling.models import Slot
from scheduling.operations import SlotFull, take_place


class AlreadyBooked(DomainError):
    code = "already_booked"
    message = _("This class is booked already. You find it under “My bookings”.")


class TooManyHolds(DomainError):
    code = "too_many_holds"
    message = _(
        "As many places as one account can hold are held for you and not paid for yet. Please pay for one of them or "
        "give one back under “My bookings”; then you can book this class."
    )


# Two statements in one round trip. The second has a snapshot of its own, so whoever gets the lock counts what the one
# before has committed.
_LOCK_AND_COUNT = """
    SELECT pg_advisory_xact_lock(hashtextextended('holds', %(account)s));
    SELECT count(*) FROM booking_booking WHERE booked_by_id = %(account)s AND state = 'held'
"""


def book_place(*, patient: Patient, slot: Slot, by: User) -> Booking:
    """Hold a place until it is paid for; where nothing is due it is confirmed at once.

    Price and time are those on `slot` as the caller has seen it. The row of the slot is updated last, so that its lock
    is held no longer than a commit takes.

    Who books for their own account holds at most MOST_HOLDS places unpaid, or one account could keep the whole clinic
    empty for nothing. That is exact, also for clicks at the same moment: an account's holds are made one after the
    other. It costs one round trip for each hold.

    Raises AlreadyBooked, TooManyHolds, SlotFull, SlotStarted, SlotNotPublished, SlotMoved or PriceChanged; nothing
    is written then.
    """
    if slot.is_full:  # saves the work; the guarded update below decides
        raise AlreadyBooked() if _has_place(patient, slot) else SlotFull()
    try:
        with transaction.atomic():
            if slot.price and patient.account == by:
                _refuse_too_many_holds(patient, slot, by)
            booking = _claim(patient, slot, by)
            take_place(slot)
            if booking.is_confirmed:
                booking_confirmed.send(sender=Booking, booking=booking)
    except IntegrityError as error:
        if "one_live_booking_per_patient_and_slot" in str(error):
            raise AlreadyBooked() from error
        raise
    return booking


def _has_place(patient: Patient, slot: Slot) -> bool:
    """Whether the patient's own booking is among those that fill the slot: the second click for its last place."""
    return Booking.objects.live().filter(patient=patient, slot=slot).exists()


def _refuse_too_many_holds(patient: Patient, slot: Slot, by: User) -> None:
    """Let the account's bookings at the same moment wait for each other until the transaction ends, and count."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_AND_COUNT, {"account": by.pk})
        cursor.nextset()
        (held,) = cursor.fetchone()
    if held >= settings.MOST_HOLDS:
        raise AlreadyBooked() if _has_place(patient, slot) else TooManyHolds()


def _claim(patient: Patient, slot: Slot, by: User) -> Booking:
    now = clock.now()
    booking = Booking(patient=patient, slot=slot, booked_by=by, price=slot.price, currency=slot.currency, made_at=now)
    if slot.price:
        booking.order = open_order(payer=patient.account, amount=slot.price, currency=slot.currency)
        booking.state = Booking.State.HELD
        booking.hold_expires_at = now + settings.HOLD_LASTS
    else:
        booking.state = Booking.State.CONFIRMED
        booking.confirmed_at = now
    insert(booking)
    return booking
