"""What workers do for bookings; each may run twice, together or never: the rows decide."""

import logging

from celery import shared_task

from booking import operations
from booking.models import Booking

BATCH = 100

logger = logging.getLogger(__name__)


@shared_task
def release_ended_holds() -> None:
    """Release what is over; a hold that cannot be released does not keep the others from it."""
    ended = Booking.objects.hold_ended().select_related("order", "slot").order_by("hold_expires_at")
    for booking in ended[:BATCH]:
        try:
            operations.release_hold(booking=booking)
        except Exception:
            logger.exception("hold %s could not be released", booking.pk)
