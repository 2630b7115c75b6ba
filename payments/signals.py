"""What payments tells the apps above, inside the transaction that makes it true."""

from django.dispatch import Signal

# Money for an order has arrived. Arguments: order (Order, locked, paid), payment (Payment).
# A fact: receivers cannot refuse it, only answer it, if need be with a refund.
order_paid = Signal()

# A further payment has come for a paid order and goes back. Arguments: order (Order, locked), refund (Refund).
order_paid_twice = Signal()
