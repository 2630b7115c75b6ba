"""Money that came in."""

import logging

from django.db import transaction

from core import clock
from payments.models import Order, Payment, Refund
from payments.operations.refunds import owe_refund
from payments.signals import order_paid, order_paid_twice

logger = logging.getLogger(__name__)


@transaction.atomic
def record_payment(*, order: Order, amount: int, currency: str, payment_intent: str) -> Payment:
    """Write down a payment on a hosted page: once for each payment intent, however often and whoever reports it.

    An order that was closed unpaid is paid all the same: the money is there, and the receivers of `order_paid` decide
    what it buys. A second payment for a paid order goes back in full, which `order_paid_twice` tells.
    """
    order = Order.objects.select_for_update().get(pk=order.pk)
    known = Payment.objects.filter(payment_intent=payment_intent).first()
    if known is not None:
        return known
    payment = Payment.objects.create(
        order=order, amount=amount, currency=currency, method=Payment.Method.CARD, payment_intent=payment_intent
    )
    if order.is_paid:
        logger.warning("order %s was paid twice, payment %s goes back", order.pk, payment.pk)
        refund = owe_refund(payment=payment, amount=amount, reason=Refund.Reason.PAID_TWICE)
        order_paid_twice.send(sender=Order, order=order, refund=refund)
        return payment
    order.state = Order.State.PAID
    order.paid_at = clock.now()
    order.save(update_fields=["state", "paid_at"])
    order_paid.send(sender=Order, order=order, payment=payment)
    return payment
