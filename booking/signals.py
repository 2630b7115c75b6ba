"""What booking tells the app above, inside the transaction that makes it true. Argument: booking (Booking)."""

from django.dispatch import Signal

# The patient has the place: it is paid for, or nothing was due.
booking_confirmed = Signal()

# A payment buys nothing and goes back; the refund is a row already. Further argument: refund (Refund).
payment_goes_back = Signal()

# Time, place, teacher or kind of the class has changed. Further: change (SlotChange).
class_changed = Signal()

# The clinic has cancelled the class. Further: refund (Refund, or None where nothing had been paid).
class_cancelled = Signal()
