"""Writing down that somebody is to be told something, in the transaction of what caused it."""

import json
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from accounts.encryption import encrypt
from accounts.models import User
from booking.models import Booking
from core import clock
from core.wakeup import wake_worker
from notifications.changes import occasion_of_change
from notifications.models import Kind, Message
from notifications.refunds import occasion_of_refund
from notifications.reminders import occasion_of, reminder_due_at
from payments.models import Refund
from scheduling.models import Instructor, SlotChange, SubstituteRequest

OF_USE_FOR = timedelta(days=3)  # a mail server may be away for a week-end
KIND_OF_REFUND = {
    Refund.Reason.PAID_TOO_LATE: Kind.PAYMENT_REFUNDED,
    Refund.Reason.PAID_TWICE: Kind.PAID_TWICE,
    Refund.Reason.CLASS_CANCELLED: Kind.PAID_FOR_CANCELLED,
}


def write_confirmation(*, booking: Booking) -> None:
    """Tell the patient that the place is theirs, once, and remind them in time."""
    drop_after = max(clock.now() + OF_USE_FOR, booking.slot.starts_at)
    _write_about(booking, Kind.BOOKING_CONFIRMED, occasion="confirmed", drop_after=drop_after)
    write_reminder(booking=booking)


def write_reminder(*, booking: Booking) -> None:
    """Put down the reminder of the class, one for each start that it has had; of no use once the class begins."""
    due = reminder_due_at(booking)
    starts = booking.slot.starts_at
    if due is not None and starts > clock.now():
        _write_about(booking, Kind.CLASS_REMINDER, occasion=occasion_of(booking.slot), drop_after=starts, due=due)


def write_refund(*, booking: Booking, refund: Refund) -> None:
    """Tell the patient that a payment for the booking bought nothing and goes back, and why; once for each refund."""
    kind = KIND_OF_REFUND[Refund.Reason(refund.reason)]
    _write_about(booking, kind, occasion=occasion_of_refund(refund), drop_after=clock.now() + OF_USE_FOR)


def write_change(*, booking: Booking, change: SlotChange) -> None:
    """Tell the patient what is different about the class, once for each change, and remind of the new start."""
    drop_after = max(booking.slot.starts_at, clock.now() + OF_USE_FOR)
    _write_about(booking, Kind.CLASS_CHANGED, occasion=occasion_of_change(change), drop_after=drop_after)
    if booking.is_confirmed:
        write_reminder(booking=booking)


def write_cancelled_class(*, booking: Booking, refund: Refund | None) -> None:
    """Tell the patient that the class does not take place and, with `refund`, that the money goes back."""
    occasion = occasion_of_refund(refund) if refund else "cancelled"
    _write_about(booking, Kind.CLASS_CANCELLED, occasion=occasion, drop_after=clock.now() + OF_USE_FOR)


def write_substitute_wanted(*, request: SubstituteRequest, colleagues: Iterable[Instructor]) -> None:
    """Ask each of the colleagues whether they can take the class over; see `_write_to_colleague`."""
    for colleague in colleagues:
        _write_to_colleague(request, Kind.SUBSTITUTE_WANTED, colleague.user)


def write_substitute_found(*, request: SubstituteRequest, by: User) -> None:
    """Tell the one who teaches the class now, and those who waited for somebody, unless they did it themselves."""
    assert request.filled_by is not None
    _write_to_colleague(request, Kind.CLASS_TAKEN_OVER, request.filled_by.user)
    waiting = {request.instead_of.user, request.asked_by} - {by, request.filled_by.user}
    for account in sorted(waiting, key=lambda account: account.pk):
        _write_to_colleague(request, Kind.SUBSTITUTE_FOUND, account)


def write_account_mail(*, kind: Kind, recipient: User | None, email: str, context: dict[str, Any]) -> None:
    """Put down a mail about an account. Its words may hold a code, so they wait encrypted and go with the sending."""
    lasts = timedelta(minutes=context["minutes"]) if "minutes" in context else OF_USE_FOR
    now = clock.now()
    _write(
        Message(
            kind=kind,
            recipient=recipient,
            email=email,
            occasion=uuid.uuid4().hex,
            due_at=now,
            drop_after=now + lasts,
            secret=encrypt(json.dumps(context)),
        )
    )


def _write_about(
    booking: Booking, kind: Kind, *, occasion: str, drop_after: datetime, due: datetime | None = None
) -> None:
    account = booking.patient.account
    _write(
        Message(
            kind=kind,
            recipient=account,
            email=account.email if account else "",  # without an address the desk sees the row, and calls
            booking=booking,
            occasion=occasion,
            due_at=due or clock.now(),
            drop_after=drop_after,
        )
    )


def _write_to_colleague(request: SubstituteRequest, kind: Kind, account: User) -> None:
    """Write once for each request and colleague; anew where the message was not sent while the request was closed."""
    settled = Message.VoidReason.SETTLED
    unsent = request.messages.filter(kind=kind, recipient=account, void_reason=settled).count()
    occasion = f"request {request.pk} account {account.pk}" + (f" after {unsent}" if unsent else "")
    now = clock.now()
    _write(
        Message(
            kind=kind,
            recipient=account,
            email=account.email,
            substitute_request=request,
            occasion=occasion,
            due_at=now,
            drop_after=max(request.slot.starts_at, now + OF_USE_FOR),
        )
    )


def _write(message: Message) -> None:
    """Store a message unless its occasion has one; wake a worker for what is due already."""
    message.next_try_at = message.due_at
    try:
        with transaction.atomic():
            message.save(force_insert=True)
    except IntegrityError as error:
        if "one_message_per_kind_booking_and_occasion" not in str(error):
            raise
        return
    if message.due_at <= clock.now():
        wake_worker("notifications.tasks.deliver_message", message.pk)
