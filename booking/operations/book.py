"""Booking a place."""

from django.conf import settings
from django.db import IntegrityError, transaction
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


def book_place(*, patient: Patient, slot: Slot, by: User) -> Booking:
    """Hold a place until it is paid for; where nothing is due it is confirmed at once.

    The price is the one on `slot` as the caller has seen it. The row of the slot is updated last, so that its lock is
    held no longer than a commit takes.

    Raises AlreadyBooked, SlotFull, SlotStarted, SlotNotPublished or PriceChanged; nothing is written then.
    """
    if slot.is_full:  # saves the work; the guarded update below decides
        raise AlreadyBooked() if _has_place(patient, slot) else SlotFull()
    try:
        with transaction.atomic():
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
