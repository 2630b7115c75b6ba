"""Holds that end: by time, or because the patient does not want the place after all."""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from booking.models import Booking
from core import clock
from payments import stripe
from payments.models import Order
from payments.operations import CheckoutOutcome, PaymentMismatch, close_checkout, close_order
from scheduling.operations import give_place_back

WAIT_FOR_MONEY = timedelta(hours=1)
WAIT_FOR_ANSWER = timedelta(minutes=2)
LONGEST_WAIT_FOR_ANSWER = timedelta(minutes=40)  # after a hold's time, or as long as a page of it may be open
ALWAYS = Q()

logger = logging.getLogger(__name__)


def release_hold(*, booking: Booking) -> None:
    """Free the place of a hold whose time is over, unless its payment turns out to have been made.

    The payment page is closed at the provider first. While the provider does not answer the place stays held, until
    the page must have expired by itself. May be called any number of times; call it outside a transaction.
    """
    if not Booking.objects.hold_ended().filter(pk=booking.pk).exists():
        return
    outcome = _close(booking)
    if outcome is CheckoutOutcome.PROCESSING and not booking.slot.has_started:
        _hold_on(booking, WAIT_FOR_MONEY)
    elif outcome is CheckoutOutcome.UNKNOWN and _may_be_paid(booking):
        logger.warning("hold %s is over, but the payment service does not answer", booking.pk)
        _hold_on(booking, WAIT_FOR_ANSWER)
    elif outcome is not CheckoutOutcome.PAID:
        _release(booking, outcome, only_if=Q(hold_expires_at__lte=clock.now()))


@stripe.while_somebody_waits()
def give_up_hold(*, booking: Booking) -> None:
    """The patient lets go of a held place before its time; if it was paid for meanwhile, the payment wins.

    Its payment page is closed at the provider first. While the provider does not answer the place is being given back:
    it can be paid for here no more, and the sweep closes the page and frees the place. Also where the page was opened
    at this moment in another window, or the money is on its way, the place stays held.
    """
    outcome = _close(booking)
    if outcome is CheckoutOutcome.NOT_PAID:
        _release(booking, outcome)
    elif outcome is CheckoutOutcome.UNKNOWN:
        now = clock.now()
        Booking.objects.filter(pk=booking.pk, state=Booking.State.HELD).update(given_up_at=now, hold_expires_at=now)


def _may_be_paid(booking: Booking) -> bool:
    """Whether an answer of the payment service is still worth waiting for."""
    if clock.now() < booking.made_at + settings.HOLD_LASTS + LONGEST_WAIT_FOR_ANSWER:
        return True
    return booking.order is not None and booking.order.has_open_page


def _close(booking: Booking) -> CheckoutOutcome:
    if booking.order is None:
        raise ValueError(f"booking {booking.pk} is no hold")
    try:
        return close_checkout(order=booking.order)
    except PaymentMismatch as error:
        logger.error("hold %s: a person has to look at its payment: %s", booking.pk, error)
        return CheckoutOutcome.UNKNOWN


def _hold_on(booking: Booking, wait: timedelta) -> None:
    Booking.objects.hold_ended().filter(pk=booking.pk).update(hold_expires_at=clock.now() + wait)


@transaction.atomic
def _release(booking: Booking, outcome: CheckoutOutcome, *, only_if: Q = ALWAYS) -> None:
    """Lock order, booking and slot in that order, as paying does, and look again."""
    order = Order.objects.select_for_update(of=("self",)).get(bookings=booking)
    # Opened in another window since, or being opened: the next sweep, or another click, closes it first. While Stripe
    # is away a page that is only asked for is not waited for: its address is not told once the order is closed.
    if order.has_open_page or (outcome is CheckoutOutcome.NOT_PAID and order.is_page_asked_for):
        return
    locked = Booking.objects.select_for_update(no_key=True)
    held = locked.filter(only_if, pk=booking.pk, state=Booking.State.HELD).first()
    if held is None:
        return
    held.move_to(Booking.State.RELEASED)
    held.save(update_fields=["state", "ended_at"])
    close_order(order=order)
    give_place_back(held.slot_id)
