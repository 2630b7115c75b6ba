"""When a reminder comes, and of what it reminds."""

from datetime import UTC, datetime, timedelta

from django.conf import settings

from booking.models import Booking
from scheduling.models import Slot

LEAST_PAUSE = timedelta(hours=2)  # between a confirmation and the reminder


def reminder_due_at(booking: Booking) -> datetime | None:
    """REMIND_BEFORE the class; None when that is not before it, or less than two hours after the booking was confirmed.

    Who books so late has all the words of the reminder in the confirmation, and is not told the same thing twice.
    """
    assert booking.confirmed_at is not None
    starts = booking.slot.starts_at
    due = starts - settings.REMIND_BEFORE
    return due if booking.confirmed_at + LEAST_PAUSE <= due < starts else None


def occasion_of(slot: Slot) -> str:
    """The start that a reminder speaks of: a class that is moved makes the old reminder void and is worth a new one."""
    return slot.starts_at.astimezone(UTC).isoformat()
