"""What the tests of delivery do before they look."""

from typing import Any

from accounts.signals import account_mail_due
from booking.models import Booking
from booking.signals import booking_confirmed
from notifications.models import Kind, Message


def announced(booking: Any) -> Any:
    """A booking (with patient, account, order and room, as the factory makes it) of which messages are written."""
    booking_confirmed.send(sender=Booking, booking=booking)
    return booking


def reminder_of(booking: Booking) -> Message:
    return Message.objects.get(booking=booking, kind=Kind.CLASS_REMINDER)


def send_code(email: str = "anna@example.org") -> Message:
    context = {"code": "123 456", "minutes": 10}
    account_mail_due.send(sender=None, kind="login_code", recipient=None, email=email, context=context)
    return Message.objects.latest("pk")
