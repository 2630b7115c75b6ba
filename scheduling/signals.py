"""What scheduling tells the apps above, inside the transaction that makes it true. All send `slot` (Slot)."""

from django.dispatch import Signal

# Time, place, teacher or kind of a published slot with taken places changed. Further: change (SlotChange).
slot_changed = Signal()

# Colleagues are asked to take a slot over. Further: request (SubstituteRequest), colleagues (list of Instructor) –
# those who are qualified and free.
substitute_wanted = Signal()

# Another instructor teaches a slot instead of the one who was to. Further: request (SubstituteRequest), by (User).
substitute_found = Signal()

# The clinic has cancelled a slot. Its bookings are ended afterwards, one by one.
slot_cancelled = Signal()
