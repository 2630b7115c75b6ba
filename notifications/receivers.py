"""What notifications does when the apps below report a fact: it writes rows, in their transaction."""

from typing import Any

from django.dispatch import receiver

from accounts.models import User
from accounts.signals import account_mail_due
from booking.models import Booking
from booking.signals import booking_confirmed, class_cancelled, class_changed, payment_goes_back
from notifications import operations
from notifications.models import Kind
from payments.models import Refund
from scheduling.models import Instructor, SlotChange, SubstituteRequest
from scheduling.signals import substitute_found, substitute_wanted


@receiver(booking_confirmed, dispatch_uid="notifications.announce_booking")
def announce_booking(*, booking: Booking, **_kwargs: Any) -> None:
    operations.write_confirmation(booking=booking)


@receiver(payment_goes_back, dispatch_uid="notifications.announce_refund")
def announce_refund(*, booking: Booking, refund: Refund, **_kwargs: Any) -> None:
    operations.write_refund(booking=booking, refund=refund)


@receiver(class_changed, dispatch_uid="notifications.announce_change")
def announce_change(*, booking: Booking, change: SlotChange, **_kwargs: Any) -> None:
    operations.write_change(booking=booking, change=change)


@receiver(class_cancelled, dispatch_uid="notifications.announce_cancelled_class")
def announce_cancelled_class(*, booking: Booking, refund: Refund | None, **_kwargs: Any) -> None:
    operations.write_cancelled_class(booking=booking, refund=refund)


@receiver(substitute_wanted, dispatch_uid="notifications.ask_colleagues")
def ask_colleagues(*, request: SubstituteRequest, colleagues: list[Instructor], **_kwargs: Any) -> None:
    operations.write_substitute_wanted(request=request, colleagues=colleagues)


@receiver(substitute_found, dispatch_uid="notifications.announce_substitute")
def announce_substitute(*, request: SubstituteRequest, by: User, **_kwargs: Any) -> None:
    operations.write_substitute_found(request=request, by=by)


@receiver(account_mail_due, dispatch_uid="notifications.write_account_mail")
def write_account_mail(
    *, kind: str, recipient: User | None, email: str, context: dict[str, Any], **_kwargs: Any
) -> None:
    operations.write_account_mail(kind=Kind(kind), recipient=recipient, email=email, context=context)
