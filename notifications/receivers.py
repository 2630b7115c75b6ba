"""What notifications does when the apps below report a fact: it writes rows, in their transaction."""

from typing import Any

from django.dispatch import receiver

from accounts.models import User
from accounts.signals import account_mail_due
from booking.models import Booking
from booking.signals import booking_confirmed, late_payment_refunded
from notifications import operations
from notifications.models import Kind


@receiver(booking_confirmed, dispatch_uid="notifications.announce_booking")
def announce_booking(*, booking: Booking, **_kwargs: Any) -> None:
    operations.write_confirmation(booking=booking)


@receiver(late_payment_refunded, dispatch_uid="notifications.announce_late_refund")
def announce_late_refund(*, booking: Booking, **_kwargs: Any) -> None:
    operations.write_late_refund(booking=booking)


@receiver(account_mail_due, dispatch_uid="notifications.write_account_mail")
def write_account_mail(
    *, kind: str, recipient: User | None, email: str, context: dict[str, Any], **_kwargs: Any
) -> None:
    operations.write_account_mail(kind=Kind(kind), recipient=recipient, email=email, context=context)
