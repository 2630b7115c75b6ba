"""The form in which a class is planned."""

from typing import Any, ClassVar

from django.db.models import Q, QuerySet

from core import clock
from core.clock import AmbiguousWallTime, NonexistentWallTime
from core.errors import DomainError
from scheduling.forms.plan import MomentForm, PlaceForm, PlanForm
from scheduling.models import ClassType, Slot
from scheduling.operations import (
    MOST_AHEAD,
    ClinicIsClosed,
    InstructorIsAway,
    InstructorIsTeaching,
    NotQualified,
    RoomIsTaken,
    SlotInThePast,
    TooFarAhead,
)


class SlotForm(PlanForm, PlaceForm, MomentForm):
    """When, where and what. Given a slot, its values are shown."""

    REFUSED_BESIDE: ClassVar[dict[type[DomainError], str]] = (
        PlanForm.REFUSED_BESIDE
        | PlaceForm.REFUSED_BESIDE
        | {
            AmbiguousWallTime: "fold",
            ClinicIsClosed: "day",
            InstructorIsAway: "day",
            InstructorIsTeaching: "wall_time",
            NonexistentWallTime: "wall_time",
            NotQualified: "class_type",
            RoomIsTaken: "room",
            SlotInThePast: "day",
            TooFarAhead: "day",
        }
    )

    field_order = (
        *("instructor", "class_type", "day", "wall_time", "fold", "room", "online_link"),
        *("minutes", "capacity", "price"),
    )

    def __init__(self, *args: Any, slot: Slot | None = None, **options: Any) -> None:
        if slot is not None:
            options["initial"] = _values_of(slot)
        super().__init__(*args, **options)
        self._offer("class_type", _offered_class_types(slot))
        today = clock.clinic_today()
        self.fields["day"].widget.attrs |= {"min": today.isoformat(), "max": (today + MOST_AHEAD).isoformat()}

    def plan(self) -> dict[str, Any]:
        """What `draft_slot` and `Wanted` take, but for the instructor."""
        return {
            name: self.cleaned_data[name]
            for name in ("class_type", "room", "online_link", "starts_at", "minutes", "capacity", "price")
        }


def _values_of(slot: Slot) -> dict[str, Any]:
    """What the form shows for a slot."""
    start = clock.clinic_time(slot.starts_at)
    return {
        "instructor": slot.instructor_id,
        "class_type": slot.class_type_id,
        "day": start.date(),
        "wall_time": start.time(),
        "fold": start.fold,
        "room": slot.room_id,
        "online_link": slot.online_link,
        "minutes": slot.minutes,
        "capacity": slot.capacity,
        "price": slot.price,
    }


def _offered_class_types(slot: Slot | None) -> QuerySet[ClassType]:
    """Those taught at present, and the one that a slot has already."""
    return ClassType.objects.filter(Q(is_active=True) | Q(pk=slot.class_type_id if slot else None))
