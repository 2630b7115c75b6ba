"""Changing slots that are planned already: this one, this and following, or all upcoming."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from core.errors import DomainError, InvalidInput
from scheduling.history import TOLD, values_of
from scheduling.models import ClassType, Instructor, Room, Series, Slot, SlotChange
from scheduling.operations.planning import check_figures, clashes_named, lock_for_planning, obstacles_to
from scheduling.operations.series import DaysBlocked, PlannedDay
from scheduling.operations.splits import shift_rule, split_series
from scheduling.signals import slot_changed

MOVED = {"class_type", "room", "online_link", "starts_at", "ends_at"}  # may be cancelled free of charge afterwards
WRITTEN = [
    *("class_type", "instructor", "room", "online_link", "starts_at", "ends_at", "capacity", "price"),
    *("series", "series_day", "is_exception", "revision", "moved_at"),
]
AT_ITS_TIME = {"instructor", "room", "starts_at", "ends_at", "class_type"}  # whether it can be there and then


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


class ChangedMeanwhile(DomainError):
    code = "changed_meanwhile"
    message = _("Somebody else has changed this class meanwhile. Please look at it again; nothing of yours was saved.")


class CannotChange(DomainError):
    code = "cannot_change"
    message = _("This class has begun or was cancelled, so it cannot be changed any more.")


class CapacityBelowTaken(DomainError):
    code = "capacity_below_taken"
    message = _("%(taken)s places of %(slot)s are taken already. Please enter at least that many.")


class NotPartOfSeries(InvalidInput):
    code = "not_part_of_series"
    message = _("This class is not part of a series, so only this one can be changed.")


class NotYourSeries(DomainError):
    code = "not_your_series"
    message = _("This series is taught by a colleague, so you can change only the class that is yours.")
    status = 403


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
    days: int
    wall_time: time | None
    fold: int | None

    @classmethod
    def between(cls, slot: Slot, wanted: Wanted) -> "Difference":
        zone = slot.series.zone if slot.series else clock.clinic_zone()
        before, after = slot.starts_at.astimezone(zone), wanted.starts_at.astimezone(zone)
        plain = ("class_type", "instructor", "room", "online_link", "capacity", "price")
        return cls(
            values={name: getattr(wanted, name) for name in plain if getattr(wanted, name) != getattr(slot, name)},
            minutes=wanted.minutes if wanted.minutes != slot.minutes else None,
            days=(after.date() - before.date()).days,
            wall_time=after.time() if after.time() != before.time() else None,
            fold=wanted.fold,
        )

    @property
    def moves(self) -> bool:
        return bool(self.days) or self.wall_time is not None

    def __bool__(self) -> bool:
        return bool(self.values) or self.minutes is not None or self.moves


def affected_slots(*, slot: Slot, scope: Scope) -> list[Slot]:
    """The slots that a change of `slot` in `scope` would touch, in order: nothing begun, cancelled or hand-made.

    Raises NotPartOfSeries.
    """
    if scope is Scope.THIS:
        return [slot]
    return list(_of_scope(slot, scope).with_details())


def change_slots(*, slot: Slot, wanted: Wanted, scope: Scope, revision: int, by: User | None) -> list[Slot]:
    """Make `slot`, and those of its series that `scope` names, as `wanted`; return the slots that changed.

    `revision` is the one that the editor has seen. Each change is on the record; booked patients are told of what
    concerns them. *This one* becomes an exception of its series; *this and following* splits the series in two.

    Raises NotYourSeries, ChangedMeanwhile, CannotChange, NotPartOfSeries, CapacityBelowTaken, DaysBlocked (or, for one
    slot, the reason itself) and what `check_figures` raises.
    """
    refuse_foreign_series(slot, scope, by)
    with transaction.atomic():
        slots, before = _change(slot, wanted, scope, revision)
        _save(slots, before, by)
    return slots


def preview_change(*, slot: Slot, wanted: Wanted, scope: Scope, revision: int) -> list["PlannedChange"]:
    """What `change_slots` would do, in order of time; nothing is saved and nobody is told. Raises the same."""
    with transaction.atomic():
        slots, before = _change(slot, wanted, scope, revision)
        transaction.set_rollback(True)
    planned = [PlannedChange(each, _changed(each, before)) for each in slots]
    return [each for each in planned if each.before]


@dataclass(frozen=True)
class PlannedChange:
    """One slot as it would be, and the old values of what would be different."""

    slot: Slot
    before: dict[str, Any]

    @property
    def tells(self) -> bool:
        """Whether its booked patients are told."""
        return self.slot.is_published and self.slot.taken > 0 and bool(self.before.keys() & TOLD)

    @property
    def moves(self) -> bool:
        """Whether they may cancel free of charge from then on."""
        return self.slot.is_published and bool(self.before.keys() & MOVED)


def refuse_foreign_series(slot: Slot, scope: Scope, by: User | None) -> None:
    """Raise NotYourSeries when `by` asks for more than the one class of somebody else's series."""
    if scope is not Scope.THIS and by is not None and slot.series is not None and not slot.series.may_be_planned_by(by):
        raise NotYourSeries()


def _change(slot: Slot, wanted: Wanted, scope: Scope, revision: int) -> tuple[list[Slot], dict[int, dict[str, Any]]]:
    """Lock and change the slots and the rule behind them; the caller saves the slots. They come with their old values.

    No slots where nothing is different.
    """
    if scope is not Scope.THIS and slot.series_id:
        Series.objects.select_for_update(no_key=True).get(pk=slot.series_id)
    slots = _locked(slot, scope)
    slot = next((each for each in slots if each.pk == slot.pk), slot)
    if slot.revision != revision:
        raise ChangedMeanwhile()
    if slot.is_cancelled or slot.has_started:
        raise CannotChange()
    difference = Difference.between(slot, wanted)
    if not difference:
        return [], {}
    before = {each.pk: values_of(each) for each in slots}
    for each in slots:
        _apply(each, difference)
    slot.starts_at, slot.ends_at = wanted.starts_at, wanted.starts_at + timedelta(minutes=wanted.minutes)
    _check(slots, before)
    if scope is Scope.THIS:
        slot.is_exception = slot.series_id is not None
    else:
        _change_series(slots, slot, scope, difference)
    return slots, before


def _of_scope(slot: Slot, scope: Scope) -> Any:
    if slot.series_id is None or slot.series_day is None:
        raise NotPartOfSeries()
    slots = Slot.objects.filter(series=slot.series_id, is_exception=False).not_cancelled().upcoming()
    if scope is Scope.FOLLOWING:
        slots = slots.filter(series_day__gte=slot.series_day)
    return slots.order_by("series_day")


def _locked(slot: Slot, scope: Scope) -> list[Slot]:
    """The slots of the scope and `slot` itself, locked by ascending id, in order of time."""
    chosen = Slot.objects.filter(pk=slot.pk)
    if scope is not Scope.THIS:
        keys = list(_of_scope(slot, scope).values_list("pk", flat=True))
        chosen = Slot.objects.filter(pk__in=[*keys, slot.pk])
    # Locked first and read afterwards: PostgreSQL drops a row that it waited for, when it was joined with the
    # instructor or room that somebody has replaced meanwhile.
    list(chosen.select_for_update(no_key=True).order_by("pk").values("pk"))
    return sorted(chosen.with_details().select_related("series"), key=lambda each: each.starts_at)


def _apply(slot: Slot, difference: Difference) -> None:
    """Change the values of an unsaved slot. Raises NonexistentWallTime or AmbiguousWallTime."""
    for name, value in difference.values.items():
        setattr(slot, name, value)
    minutes = difference.minutes or slot.minutes
    if difference.moves:
        zone = slot.series.zone if slot.series else clock.clinic_zone()
        local = slot.starts_at.astimezone(zone)
        fold = difference.fold if difference.fold is not None or slot.series is None else slot.series.fold
        day, wall = local.date() + timedelta(days=difference.days), difference.wall_time or local.time()
        slot.starts_at = clock.instant_of(day, wall, zone, fold=fold)
    slot.ends_at = slot.starts_at + timedelta(minutes=minutes)


def _check(slots: Sequence[Slot], before: dict[int, dict[str, Any]]) -> None:
    """Whether all of them can be as they are now."""
    for slot in slots:
        if slot.capacity < slot.taken:
            raise CapacityBelowTaken(taken=slot.taken, slot=slot)
        check_figures(slot)
    left = [before[slot.pk] for slot in slots]
    lock_for_planning(
        [*(slot.instructor_id for slot in slots), *(old["instructor"] for old in left)],
        [*(slot.room_id for slot in slots), *(old["room"] for old in left)],
    )
    moved = [slot for slot in slots if AT_ITS_TIME & _changed(slot, before).keys()]
    reasons = obstacles_to(moved, moving=[slot.pk for slot in slots])
    if len(slots) == 1:
        for reason in reasons.values():
            raise reason
    if reasons:
        days = {position: clock.clinic_time(moved[position].starts_at).date() for position in reasons}
        raise DaysBlocked([PlannedDay(days[position], None, reason) for position, reason in reasons.items()])


def _change_series(slots: list[Slot], slot: Slot, scope: Scope, difference: Difference) -> None:
    """Change the rule behind the slots, so that what is stamped later is like them."""
    assert slot.series is not None
    series = Series.objects.get(pk=slot.series.pk)
    first = min(each.series_day for each in slots if each.series_day is not None)
    if scope is Scope.FOLLOWING or difference.days:  # what is past keeps its days
        series = split_series(series=series, day=first)
    for name, value in difference.values.items():
        setattr(series, name, value)
    series.minutes = difference.minutes or series.minutes
    series.wall_time = difference.wall_time or series.wall_time
    if difference.fold is not None:
        series.fold = difference.fold
    if difference.days:
        shift_rule(series=series, days=difference.days)
    series.save()
    for each in slots:
        each.series = series
        if difference.days and each.series_day is not None:
            each.series_day += timedelta(days=difference.days)


def _save(slots: list[Slot], before: dict[int, dict[str, Any]], by: User | None) -> None:
    """Write the slots and their changes, and tell the apps above."""
    if not slots:
        return
    now = clock.now()
    changes = []
    for slot in slots:
        planned = PlannedChange(slot, _changed(slot, before))
        slot.revision += 1
        if planned.moves:
            slot.moved_at = now
        facts = {"before": planned.before, "tells": planned.tells}
        changes.append(SlotChange(slot=slot, revision=slot.revision, made_by=by, made_at=now, **facts))
    with clashes_named(slots[0]), transaction.atomic():
        Slot.objects.bulk_update(slots, WRITTEN)
    SlotChange.objects.bulk_create(changes)
    for change in changes:
        if change.tells:
            slot_changed.send(sender=Slot, slot=change.slot, change=change)


def _changed(slot: Slot, before: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """The old values of what is different now."""
    now = values_of(slot)
    return {name: value for name, value in before[slot.pk].items() if now[name] != value}
