from booking.operations.book import AlreadyBooked, TooManyHolds, book_place
from booking.operations.cancelled_slots import end_for_cancelled_slot
from booking.operations.hold import give_up_hold, release_hold
from booking.operations.pay import (
    HoldIsOver,
    NothingToPay,
    check_payment,
    confirm_paid_booking,
    start_payment,
    tell_of_second_payment,
)

__all__ = [
    "AlreadyBooked",
    "HoldIsOver",
    "NothingToPay",
    "TooManyHolds",
    "book_place",
    "check_payment",
    "confirm_paid_booking",
    "end_for_cancelled_slot",
    "give_up_hold",
    "release_hold",
    "start_payment",
    "tell_of_second_payment",
]
