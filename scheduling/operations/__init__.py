from scheduling.operations.places import (
    PriceChanged,
    SlotFull,
    SlotNotPublished,
    SlotStarted,
    give_place_back,
    take_place,
)
from scheduling.operations.slots import (
    InstructorIsTeaching,
    NotADraft,
    PriceTooLow,
    RoomIsTaken,
    RoomTooSmall,
    SlotInThePast,
    draft_slot,
    edit_draft,
    publish_slot,
)

__all__ = [
    "InstructorIsTeaching",
    "NotADraft",
    "PriceChanged",
    "PriceTooLow",
    "RoomIsTaken",
    "RoomTooSmall",
    "SlotFull",
    "SlotInThePast",
    "SlotNotPublished",
    "SlotStarted",
    "draft_slot",
    "edit_draft",
    "give_place_back",
    "publish_slot",
    "take_place",
]
