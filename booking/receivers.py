"""What booking does when the apps below report a fact."""

from typing import Any

from django.dispatch import receiver

from booking import operations
from payments.models import Order, Payment
from payments.signals import order_paid


@receiver(order_paid, dispatch_uid="booking.confirm_paid_booking")
def confirm_paid_booking(*, order: Order, payment: Payment, **_kwargs: Any) -> None:
    operations.confirm_paid_booking(order=order, payment=payment)
