"""The form in which a class is planned."""

from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core import clock
from core.errors import DomainError
from scheduling.forms.fields import NOT_ON_OFFER, RoomField
from scheduling.forms.plan import MomentForm, PlanForm
from scheduling.models import ClassType, Room, Slot
from scheduling.operations import (
    MOST_AHEAD,
    InstructorIsTeaching,
    PriceTooHigh,
    PriceTooLow,
    RoomIsTaken,
    RoomTooSmall,
    SlotInThePast,
    TooFarAhead,
)


class SlotForm(PlanForm, MomentForm):
    """When, where and what. Given a slot, its values are shown."""

    REFUSED_BESIDE: ClassVar[dict[type[DomainError], str]] = {
        InstructorIsTeaching: "wall_time",
        RoomIsTaken: "room",
        RoomTooSmall: "capacity",
        PriceTooLow: "price",
        PriceTooHigh: "price",
        TooFarAhead: "day",
        SlotInThePast: "day",
    }

    room = RoomField(
        label=_("Room"),
        queryset=Room.objects.select_related("location"),
        empty_label=_("Please choose"),
        error_messages={"required": _("Please choose a room."), "invalid_choice": NOT_ON_OFFER},
    )

    field_order = ("instructor", "class_type", "day", "wall_time", "fold", "room", "minutes", "capacity", "price")

    def __init__(self, *args: Any, slot: Slot | None = None, **options: Any) -> None:
        if slot is not None:
            options["initial"] = _values_of(slot)
        super().__init__(*args, **options)
        self._offer("class_type", _offered_class_types(slot))
        today = clock.clinic_today()
        self.fields["day"].widget.attrs |= {"min": today.isoformat(), "max": (today + MOST_AHEAD).isoformat()}

    def plan(self) -> dict[str, Any]:
        """What `draft_slot` and `edit_draft` take, but for the instructor."""
        return {
            name: self.cleaned_data[name]
            for name in ("class_type", "room", "starts_at", "minutes", "capacity", "price")
        }


def _values_of(slot: Slot) -> dict[str, Any]:
    """What the form shows for a draft."""
    start = clock.clinic_time(slot.starts_at)
    return {
        "class_type": slot.class_type_id,
        "day": start.date(),
        "wall_time": start.time(),
        "fold": start.fold,
        "room": slot.room_id,
        "minutes": int(slot.duration.total_seconds()) // 60,
        "capacity": slot.capacity,
        "price": slot.price,
    }


def _offered_class_types(slot: Slot | None) -> QuerySet[ClassType]:
    """Those taught at present, and the one that a draft has already."""
    return ClassType.objects.filter(Q(is_active=True) | Q(pk=slot.class_type_id if slot else None))
