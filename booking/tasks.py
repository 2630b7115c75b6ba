"""What workers do for bookings; each may run twice, together or never: the rows decide."""

from celery import shared_task

from booking import operations
from booking.models import Booking
from payments.sweep import sweep

BATCH = 100


@shared_task
def release_ended_holds() -> None:
    """Release what is over; a hold that cannot be released does not keep the others from it."""
    ended = Booking.objects.hold_ended().select_related("order", "slot").order_by("hold_expires_at")
    sweep("hold", ended[:BATCH], lambda hold: operations.release_hold(booking=hold))


@shared_task
def end_bookings_of_cancelled_slots() -> None:
    """End what is booked in cancelled classes; one that cannot be ended does not keep the others from it."""
    due = Booking.objects.of_cancelled_slots().order_by("pk")
    sweep("booking of a cancelled class", due[:BATCH], lambda each: operations.end_for_cancelled_slot(booking=each))
