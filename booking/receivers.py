"""What booking does when the apps below report a fact."""

from typing import Any

from django.dispatch import receiver

from booking import operations
from booking.models import Booking
from booking.signals import class_changed
from core.wakeup import wake_worker
from payments.models import Order, Payment, Refund
from payments.signals import order_paid, order_paid_twice
from scheduling.models import Slot, SlotChange
from scheduling.signals import slot_cancelled, slot_changed


@receiver(order_paid, dispatch_uid="booking.confirm_paid_booking")
def confirm_paid_booking(*, order: Order, payment: Payment, **_kwargs: Any) -> None:
    operations.confirm_paid_booking(order=order, payment=payment)


@receiver(order_paid_twice, dispatch_uid="booking.tell_of_second_payment")
def tell_of_second_payment(*, order: Order, refund: Refund, **_kwargs: Any) -> None:
    operations.tell_of_second_payment(order=order, refund=refund)


@receiver(slot_changed, dispatch_uid="booking.tell_of_changed_slot")
def tell_of_changed_slot(*, slot: Slot, change: SlotChange, **_kwargs: Any) -> None:
    for booking in Booking.objects.live().filter(slot=slot).with_details().order_by("pk"):
        class_changed.send(sender=Booking, booking=booking, change=change)


@receiver(slot_cancelled, dispatch_uid="booking.end_bookings_soon")
def end_bookings_soon(**_kwargs: Any) -> None:
    """Each booking ends in a transaction of its own: its locks come before the slot's, which the sender holds."""
    wake_worker("booking.tasks.end_bookings_of_cancelled_slots")
