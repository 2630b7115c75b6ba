from booking.models.bookings import Booking
from booking.models.waiting import WaitingListEntry

__all__ = ["Booking", "WaitingListEntry"]
