"""Paying for a hold, and what arriving money does to bookings."""

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from booking.models import Booking
from booking.signals import booking_confirmed, late_payment_refunded
from core import clock
from core.errors import DomainError
from payments import stripe
from payments.models import Order, Payment, Refund
from payments.operations import CheckoutOutcome, check_checkout, open_checkout, owe_refund
from scheduling.models import Slot
from scheduling.operations import SlotFull, SlotNotPublished, SlotStarted, take_place


class NothingToPay(DomainError):
    code = "nothing_to_pay"
    message = _("There is nothing to pay for this booking.")


class HoldIsOver(DomainError):
    code = "hold_over"
    message = _("The time to pay is over. If the class still has a place, you can book it again.")


@stripe.while_somebody_waits()
def start_payment(*, booking: Booking, email: str = "") -> str:
    """The address of the hosted page on which the hold is paid for; the same page again while it is open.

    Raises NothingToPay when the booking is not a hold any more, HoldIsOver when its time has ended, StripeUnreachable
    or StripeRefused.
    """
    if not booking.is_held or booking.order is None:
        raise NothingToPay()
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

    A hold becomes a confirmed booking. Where the place was released meanwhile, a free one is taken again; if there is
    none, the payment goes back, once and in full, and the patient is told. Money is never refused.
    """
    booking = Booking.objects.select_for_update().filter(order=order).first()
    if booking is None or booking.is_confirmed:  # None: the order is for something else than a place
        return
    if booking.is_held:
        _confirm(booking)
    elif not _took_place_again(booking):
        owe_refund(payment=payment, amount=payment.amount, reason=Refund.Reason.PAID_TOO_LATE)
        late_payment_refunded.send(sender=Booking, booking=booking)


def _confirm(booking: Booking) -> None:
    booking.move_to(Booking.State.CONFIRMED)
    booking.save(update_fields=["state", "confirmed_at", "ended_at"])
    booking_confirmed.send(sender=Booking, booking=booking)


def _took_place_again(booking: Booking) -> bool:
    """Confirm a released booking if the class has a place and the patient has no other one in it.

    The slot comes last, as in `book_place`: whoever books the same class for the same patient now is waited for.
    """
    if not booking.is_released:
        return False
    try:
        with transaction.atomic():
            _confirm(booking)
            take_place(Slot.objects.get(pk=booking.slot_id))
    except (SlotFull, SlotStarted, SlotNotPublished):
        pass
    except IntegrityError as error:
        if "one_live_booking_per_patient_and_slot" not in str(error):
            raise
    else:
        return True
    booking.refresh_from_db()
    return False
