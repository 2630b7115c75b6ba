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
