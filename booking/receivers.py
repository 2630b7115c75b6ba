"""What booking does when the apps below report a fact."""

from typing import Any

from django.dispatch import receiver

from booking import operations
from payments.models import Order, Payment, Refund
from payments.signals import order_paid, order_paid_twice


@receiver(order_paid, dispatch_uid="booking.confirm_paid_booking")
def confirm_paid_booking(*, order: Order, payment: Payment, **_kwargs: Any) -> None:
    operations.confirm_paid_booking(order=order, payment=payment)


@receiver(order_paid_twice, dispatch_uid="booking.tell_of_second_payment")
def tell_of_second_payment(*, order: Order, refund: Refund, **_kwargs: Any) -> None:
    operations.tell_of_second_payment(order=order, refund=refund)
