"""What becomes of the bookings of a cancelled class: each ends by itself, with its money and its message."""

from django.db import transaction

from booking.models import Booking
from booking.signals import class_cancelled
from core import clock
from payments.models import Order, Payment, Refund
from payments.operations import owe_refund
from scheduling.operations import give_place_back


@transaction.atomic
def end_for_cancelled_slot(*, booking: Booking) -> None:
    """End one booking of a cancelled slot: what was paid goes back the way it came, the patient is told, once.

    A hold only becomes due: it is released as any other, after its payment page was closed. May be called any number
    of times; what has ended, or belongs to a slot that takes place after all, stays as it is.
    """
    if booking.order_id is not None:
        Order.objects.select_for_update().get(pk=booking.order_id)
    locked = Booking.objects.select_for_update(no_key=True, of=("self",)).of_cancelled_slots()
    live = locked.with_details().filter(pk=booking.pk).first()
    if live is None:
        return
    # Not before the cancelling, also where another machine's clock is behind: by that it is known who had a place then.
    now = max(clock.now(), live.slot.cancelled_at or clock.now())
    if live.is_held:
        live.hold_expires_at = now
        live.save(update_fields=["hold_expires_at"])
        class_cancelled.send(sender=Booking, booking=live, refund=None)
        return
    live.move_to(Booking.State.CANCELLED)
    live.ended_at = now
    live.save(update_fields=["state", "ended_at"])
    class_cancelled.send(sender=Booking, booking=live, refund=_owed(live))
    give_place_back(live.slot_id)


def _owed(booking: Booking) -> Refund | None:
    """Owe what was paid for the place and has not gone back yet."""
    payment = Payment.objects.filter(order=booking.order_id).order_by("pk").first() if booking.order_id else None
    if payment is None or payment.amount == payment.refunded:
        return None
    left = payment.amount - payment.refunded
    return owe_refund(payment=payment, amount=left, reason=Refund.Reason.CLASS_CANCELLED)
