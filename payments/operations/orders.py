"""Orders: opened when something is bought, closed when it is not paid for."""

from accounts.models import User
from core.queries import insert
from payments.models import Order


def open_order(*, payer: User | None, amount: int, currency: str) -> Order:
    """Note that `payer` (None: someone without an account, who pays at the desk) owes `amount` (smallest unit)."""
    order = Order(payer=payer, amount=amount, currency=currency)
    insert(order)
    return order


def close_order(*, order: Order) -> None:
    """Nothing is owed any more, because the thing was not taken. A paid order stays paid."""
    Order.objects.filter(pk=order.pk, state=Order.State.OPEN).update(state=Order.State.CLOSED)
