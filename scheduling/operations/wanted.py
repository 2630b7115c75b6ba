"""How a slot shall be, what that changes, and for which slots of its series."""

from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _

from core import clock
from scheduling.models import ClassType, Instructor, Room, Slot

PLAIN = ("class_type", "instructor", "room", "online_link", "capacity", "price")


class Scope(StrEnum):
    """Which slots of a series a change is for."""

    THIS = "this"
    FOLLOWING = "following"
    UPCOMING = "upcoming"

    @property
    def label(self) -> str:
        return str(
            {
                Scope.THIS: _("Only this class"),
                Scope.FOLLOWING: _("This and the following classes"),
                Scope.UPCOMING: _("All upcoming classes of the series"),
            }[self]
        )


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """How a slot shall be. Of a series, only what differs from the slot at hand is changed in the other slots."""

    class_type: ClassType
    instructor: Instructor
    room: Room | None
    online_link: str
    starts_at: datetime
    minutes: int
    capacity: int
    price: int
    fold: int | None = None  # for nights of the series on which the new wall time happens twice

    @classmethod
    def like(cls, slot: Slot, **changes: Any) -> "Wanted":
        """As `slot` is, but for `changes`."""
        values = {field.name: getattr(slot, field.name) for field in fields(cls) if field.name != "fold"}
        return cls(**values | changes)


@dataclass(frozen=True)
class Difference:
    """What a change changes: plain values by field, and the time as days to shift and a new wall time."""

    values: dict[str, Any]
    minutes: int | None
    moves: bool
    days: int
    wall_time: time | None
    fold: int | None

    @classmethod
    def between(cls, slot: Slot, wanted: Wanted) -> "Difference":
        zone = slot.series.zone if slot.series else clock.clinic_zone()
        before, after = slot.starts_at.astimezone(zone), wanted.starts_at.astimezone(zone)
        return cls(
            values={name: getattr(wanted, name) for name in PLAIN if getattr(wanted, name) != getattr(slot, name)},
            minutes=wanted.minutes if wanted.minutes != slot.minutes else None,
            moves=wanted.starts_at != slot.starts_at,
            days=(after.date() - before.date()).days,
            wall_time=after.time() if after.time() != before.time() else None,
            fold=wanted.fold,
        )

    def __bool__(self) -> bool:
        return bool(self.values) or self.minutes is not None or self.moves

    def day_of(self, slot: Slot) -> date:
        """The day on which `slot` would be."""
        return clock.clinic_time(slot.starts_at).date() + timedelta(days=self.days)

    def apply_to(self, slot: Slot, *, starts_at: datetime | None = None) -> None:
        """Change the values of an unsaved slot, which begins at `starts_at`, or moves as the slot at hand does.

        Raises NonexistentWallTime or AmbiguousWallTime.
        """
        minutes = self.minutes or slot.minutes
        slot.starts_at = starts_at or self._moved(slot)
        slot.ends_at = slot.starts_at + timedelta(minutes=minutes)
        for name, value in self.values.items():
            setattr(slot, name, value)

    def _moved(self, slot: Slot) -> datetime:
        if not self.moves:
            return slot.starts_at
        zone = slot.series.zone if slot.series else clock.clinic_zone()
        local = slot.starts_at.astimezone(zone)
        fold = self.fold if self.fold is not None or slot.series is None else slot.series.fold
        day, wall = local.date() + timedelta(days=self.days), self.wall_time or local.time()
        return clock.instant_of(day, wall, zone, fold=fold)
