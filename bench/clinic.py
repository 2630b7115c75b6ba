"""How large the generated clinic is, and who books in it while we measure."""

from typing import Final

PATIENTS: Final = 20_000
PATIENTS_WITH_HISTORY: Final = 8_000  # the first ones; the others book now, so that nobody meets an own booking
SLOTS: Final = 50_000
BOOKINGS: Final = 500_000
ROOMS: Final = 25
SLOTS_A_DAY: Final = 4  # in each room
DAYS: Final = SLOTS // (ROOMS * SLOTS_A_DAY)
DAYS_PAST: Final = int(DAYS * 0.7)
CAPACITY: Final = 20
TAKEN: Final = BOOKINGS // SLOTS
HOT_SLOTS: Final = 64
HOT_CAPACITY: Final = 32_000  # the column is a smallint
INSTRUCTOR: Final = 1  # who looks at the own week, in a session that stays open
SESSION: Final = "instructor1ofthebench"


def token_of(patient: int) -> str:
    """The token of a patient's account; patient and account have the same number."""
    return f"{patient:040x}"
