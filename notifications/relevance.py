"""Whether a message is still true and useful, asked at the moment of sending."""

from booking.models import Booking
from core import clock
from notifications.changes import is_told_by_a_later_message, what_is_new
from notifications.models import MONEY_KINDS, Kind, Message, Preference
from notifications.reminders import occasion_of
from scheduling.models import Slot, SubstituteRequest

Reason = Message.VoidReason


def why_void(message: Message) -> Message.VoidReason | None:
    """The reason why `message` must not be sent now, from the world as it is; None when it should be."""
    reason = None
    if message.booking:
        reason = _why_booking_void(message, message.booking)
    elif message.substitute_request:
        reason = _why_request_void(message, message.substitute_request)
    if reason is None and message.drop_after <= clock.now():
        return Reason.TOO_LATE
    if reason is None and not address_of(message):
        return Reason.NO_ADDRESS
    return reason


def address_of(message: Message) -> str:
    """Where the message goes: about a class to the account as it is today, else to the address it was written to."""
    if message.substitute_request is not None:
        account = message.recipient
        return account.email if account and account.is_active else ""
    if message.booking is None:
        return message.email
    account = message.booking.patient.account
    return account.email if account else ""


def _why_booking_void(message: Message, booking: Booking) -> Message.VoidReason | None:
    if message.kind in MONEY_KINDS:  # a fact, whatever became of booking and class
        return None
    if message.kind == Kind.CLASS_CANCELLED:
        return None if booking.slot.is_cancelled else Reason.CLASS_TAKES_PLACE
    if not (booking.is_confirmed or (booking.is_held and message.kind == Kind.CLASS_CHANGED)):
        return Reason.NOT_BOOKED
    if booking.slot.state == Slot.State.CANCELLED:
        return Reason.CLASS_CANCELLED
    if message.kind == Kind.CLASS_CHANGED:
        return _why_change_void(message, booking)
    if message.kind == Kind.CLASS_REMINDER:
        return _why_reminder_void(message, booking)
    return None


def _why_change_void(message: Message, booking: Booking) -> Message.VoidReason | None:
    if is_told_by_a_later_message(message):
        return Reason.CLASS_MOVED
    return None if what_is_new(message, booking.slot) else Reason.UNCHANGED


def _why_request_void(message: Message, request: SubstituteRequest) -> Message.VoidReason | None:
    slot = request.slot
    if slot.is_cancelled:
        return Reason.CLASS_CANCELLED
    if slot.has_started:
        return Reason.CLASS_BEGAN
    if message.kind == Kind.SUBSTITUTE_WANTED:
        return None if request.is_live else Reason.SETTLED
    return None if slot.instructor_id == request.filled_by_id else Reason.SETTLED


def _why_reminder_void(message: Message, booking: Booking) -> Message.VoidReason | None:
    if booking.slot.has_started:
        return Reason.CLASS_BEGAN
    if message.occasion != occasion_of(booking.slot):
        return Reason.CLASS_MOVED
    account = booking.patient.account
    if account and not Preference.objects.wants(account, Kind.CLASS_REMINDER):
        return Reason.REMINDERS_OFF
    return None
