"""Paying for a hold, and what arriving money does to bookings."""

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from booking.models import Booking
from booking.signals import booking_confirmed, payment_goes_back
from core import clock
from core.errors import DomainError
from payments import stripe
from payments.models import Order, Payment, Refund
from payments.operations import CheckoutOutcome, check_checkout, open_checkout, owe_refund
from scheduling.models import Slot
from scheduling.operations import (
    SlotFull,
    SlotNotPublished,
    SlotStarted,
    give_place_back,
    note_people_told,
    take_place,
)


class NothingToPay(DomainError):
    code = "nothing_to_pay"
    message = _("There is nothing to pay for this booking.")


class HoldIsOver(DomainError):
    code = "hold_over"
    message = _("The time to pay is over. If the class still has a place, you can book it again.")


class ClassIsCancelled(DomainError):
    code = "class_cancelled"
    message = _("This class is cancelled. You need not pay for it, and nothing was charged.")


@stripe.while_somebody_waits()
def start_payment(*, booking: Booking, email: str = "") -> str:
    """The address of the hosted page on which the hold is paid for; the same page again while it is open.

    Raises NothingToPay when the booking is not a hold any more, ClassIsCancelled, HoldIsOver when its time has ended,
    StripeUnreachable or StripeRefused.
    """
    if not booking.is_held or booking.order is None:
        raise NothingToPay()
    if booking.slot.state == Slot.State.CANCELLED:
        raise ClassIsCancelled()
    if not booking.hold_time_left:
        raise HoldIsOver()
    page = settings.SITE_URL + reverse("booking:detail", args=[booking.pk])
    session = open_checkout(
        order=booking.order,
        text=translate("One place, %(when)s")
        % {"when": clock.format_when(booking.slot.starts_at, booking.slot.ends_at)},
        success_url=f"{page}?paid=1",
        cancel_url=page,
        email=email,
    )
    return session.url


@stripe.while_somebody_waits()
def check_payment(*, booking: Booking) -> CheckoutOutcome:
    """Ask the payment service what became of the payment, and confirm the booking if it was made."""
    if booking.order is None:
        raise NothingToPay()
    return check_checkout(order=booking.order)


@transaction.atomic
def confirm_paid_booking(*, order: Order, payment: Payment) -> None:
    """Give the place that an order has paid for.

    A hold becomes a confirmed booking. Where the place was released meanwhile, a free one is taken again. If there is
    none, or the class was cancelled, the payment goes back, once and in full, and the patient is told. Money is never
    refused.
    """
    booking = Booking.objects.select_for_update(no_key=True).filter(order=order).first()
    if booking is None or booking.is_confirmed:  # None: the order is for something else than a place
        return
    if not _has_got_place(booking):
        _send_back(payment, booking)


def tell_of_second_payment(*, order: Order, refund: Refund) -> None:
    """Have the patient told that a further payment for the place is on its way back; the booking stays as it is."""
    booking = Booking.objects.filter(order=order).first()
    if booking is not None:
        payment_goes_back.send(sender=Booking, booking=booking, refund=refund)


def _has_got_place(booking: Booking) -> bool:
    """Confirm the booking, if its place is still there or a free one can be taken again.

    The slot comes after the booking, as in `book_place`: its lock is short, and whoever books the same class for the
    same patient now is waited for. The messages come last: they are about the class as it is under that lock.
    """
    if booking.state == Booking.State.CANCELLED:
        return False
    secure_place = _keep_place if booking.is_held else _take_place_again
    try:
        with transaction.atomic():
            booking.move_to(Booking.State.CONFIRMED)
            booking.save(update_fields=["state", "confirmed_at", "ended_at"])
            booking.slot = secure_place(booking.slot_id)
            booking_confirmed.send(sender=Booking, booking=booking)
    except (SlotFull, SlotStarted, SlotNotPublished):
        pass
    except IntegrityError as error:
        if "one_live_booking_per_patient_and_slot" not in str(error):
            raise
    else:
        return True
    booking.refresh_from_db()
    return False


def _keep_place(slot_id: int) -> Slot:
    """A hold has taken its place, also of a class that has begun since; only a cancelled class has none any more.

    Whoever moves or cancels it at this moment is waited for, or waits for us and then finds the booking confirmed.
    """
    slot = _locked(slot_id)
    if not slot.is_published:
        raise SlotNotPublished()
    return slot


def _take_place_again(slot_id: int) -> Slot:
    """Whoever moves it at this moment is waited for: the place is paid for, whenever the class takes place."""
    slot = _locked(slot_id)
    take_place(slot)
    return slot


def _locked(slot_id: int) -> Slot:
    return Slot.objects.select_for_update(no_key=True).get(pk=slot_id)


def _send_back(payment: Payment, booking: Booking) -> None:
    """Owe the whole payment to the patient and say why; the hold of a cancelled class ends with it."""
    tells_of_cancelling = note_people_told(booking.slot_id)
    reason = Refund.Reason.CLASS_CANCELLED if tells_of_cancelling else Refund.Reason.PAID_TOO_LATE
    refund = owe_refund(payment=payment, amount=payment.amount, reason=reason)
    payment_goes_back.send(sender=Booking, booking=booking, refund=refund)
    if booking.is_held:
        booking.move_to(Booking.State.CANCELLED)
        booking.save(update_fields=["state", "ended_at"])
        give_place_back(booking.slot_id)
