"""What booking tells the app above, inside the transaction that makes it true. Argument: booking (Booking)."""

from django.dispatch import Signal

# The patient has the place: it is paid for, or nothing was due.
booking_confirmed = Signal()

# Money came after the place was given away; the refund is a row already.
late_payment_refunded = Signal()
