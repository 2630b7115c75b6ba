"""What scheduling tells the apps above, inside the transaction that makes it true. All send `slot` (Slot)."""

from django.dispatch import Signal

# Time, place, teacher or kind of a published slot with taken places changed. Further: change (SlotChange).
slot_changed = Signal()

# The clinic has cancelled a slot. Its bookings are ended afterwards, one by one.
slot_cancelled = Signal()
