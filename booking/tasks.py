"""What workers do for bookings; each may run twice, together or never: the rows decide."""

from celery import shared_task

from booking import operations
from booking.models import Booking

BATCH = 100


@shared_task
def release_ended_holds() -> None:
    ended = Booking.objects.hold_ended().select_related("order", "slot").order_by("hold_expires_at")
    for booking in ended[:BATCH]:
        operations.release_hold(booking=booking)
