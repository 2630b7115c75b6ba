"""Changing slots that are planned already: this one, this and following, or all upcoming."""

from collections.abc import Collection, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Min
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from core.clock import NonexistentWallTime
from core.errors import DomainError, InvalidInput
from scheduling.history import TOLD, values_of
from scheduling.models import Series, Slot, SlotChange, SlotQuerySet, SubstituteRequest
from scheduling.operations.planning import (
    SlotInThePast,
    TooFarAhead,
    check_figures,
    clashes_named,
    lock_for_planning,
    obstacles_to_moves,
)
from scheduling.operations.series import DaysBlocked, PlannedDay
from scheduling.operations.splits import shift_rule, split_series
from scheduling.operations.wanted import Difference, Scope, Wanted
from scheduling.signals import slot_changed

MOVED = {"class_type", "room", "online_link", "starts_at", "ends_at"}  # may be cancelled free of charge afterwards
WRITTEN = [
    *("class_type", "instructor", "room", "online_link", "starts_at", "ends_at", "capacity", "price"),
    *("series", "series_day", "is_exception", "revision", "moved_at"),
]
AT_ITS_TIME = {"instructor", "room", "starts_at", "ends_at", "class_type"}  # whether it can be there and then


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


class NoClassLeft(InvalidInput):
    code = "no_class_left"
    message = _("Every class would be left out, so nothing would change. Please choose another time or fewer classes.")


OF_ITS_DAY = (SlotInThePast, TooFarAhead, CapacityBelowTaken, NonexistentWallTime)  # of others it may not be true


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


@dataclass(frozen=True)
class ChangePreview:
    """What a change would do: the slots that change, and those left out, which stay as they are; in order of time."""

    changes: list[PlannedChange]
    staying: list[Slot]


def affected_slots(*, slot: Slot, scope: Scope) -> list[Slot]:
    """The slots that a change of `slot` in `scope` would touch, in order: nothing begun, cancelled or hand-made.

    Raises NotPartOfSeries.
    """
    if scope is Scope.THIS:
        return [slot]
    return list(_of_scope(slot, scope).with_details())


def change_slots(
    *, slot: Slot, wanted: Wanted, scope: Scope, revision: int, by: User | None, leave_out: Collection[int] = ()
) -> list[Slot]:
    """Make `slot`, and those of its series that `scope` names, as `wanted`; return the slots that changed.

    `revision` is the one that the editor has seen. Each change is on the record; booked patients are told of what
    concerns them. *This one* becomes an exception of its series; *this and following* splits the series in two. Slots
    whose keys are in `leave_out` stay as they are, as exceptions.

    Raises NotYourSeries, ChangedMeanwhile, CannotChange, NotPartOfSeries, NoClassLeft, AmbiguousWallTime, DaysBlocked
    with all that would have to be left out (or, for one slot, the reason itself) and what `check_figures` raises.
    """
    refuse_foreign_series(slot, scope, by)
    with transaction.atomic():
        planned = _change(slot, wanted, scope, revision, leave_out)
        _save(planned, by)
    return [change.slot for change in planned.changes]


def preview_change(
    *, slot: Slot, wanted: Wanted, scope: Scope, revision: int, leave_out: Collection[int] = ()
) -> ChangePreview:
    """What `change_slots` would do; nothing is saved and nobody is told. Raises the same."""
    with transaction.atomic():
        planned = _change(slot, wanted, scope, revision, leave_out)
        transaction.set_rollback(True)
    return ChangePreview([change for change in planned.changes if change.before], planned.staying)


def refuse_foreign_series(slot: Slot, scope: Scope, by: User | None) -> None:
    """Raise NotYourSeries when `by` asks for more than the one class of somebody else's series."""
    if scope is not Scope.THIS and by is not None and slot.series is not None and not slot.series.may_be_planned_by(by):
        raise NotYourSeries()


def locked_scope(slot: Slot, scope: Scope) -> list[Slot]:
    """The slots that `scope` names and `slot` itself, as they are under their locks, in order of time.

    Locked first and read afterwards: what became an exception while we waited is none of the scope any more, and
    PostgreSQL drops a row that it waited for, when it was joined with the instructor or room that somebody has
    replaced meanwhile. All slots from there on are locked, since splitting the series writes the exceptions too.

    Raises NotPartOfSeries.
    """
    rows = chosen = Slot.objects.filter(pk=slot.pk)
    if scope is not Scope.THIS:
        slot = with_series_locked(slot)
        chosen |= _of_scope(slot, scope)
        first = chosen.aggregate(day=Min("series_day"))["day"]
        rows = Slot.objects.filter(series=slot.series_id, series_day__gte=first)
    list(rows.select_for_update(no_key=True).order_by("pk").values("pk"))
    return sorted(chosen.with_details().select_related("series"), key=lambda each: each.starts_at)


def _change(slot: Slot, wanted: Wanted, scope: Scope, revision: int, leave_out: Collection[int]) -> ChangePreview:
    """Lock and change the slots and the rule behind them; the caller saves the slots."""
    slots = locked_scope(slot, scope)
    slot = next(each for each in slots if each.pk == slot.pk)
    if slot.revision != revision:
        raise ChangedMeanwhile()
    if slot.is_cancelled or slot.has_started:
        raise CannotChange()
    difference = Difference.between(slot, wanted)
    if not difference:
        return ChangePreview([], [])
    staying = [each for each in slots if each.pk in leave_out]
    old = [each for each in slots if each.pk not in leave_out]
    if not old:
        raise NoClassLeft()
    new = _as_wanted(old, slot, wanted, difference)
    if scope is Scope.THIS:
        new[0].is_exception = slot.series_id is not None
    else:
        for each in staying:
            each.is_exception = True
        _change_series([*new, *staying], slot, scope, difference)
    return ChangePreview([PlannedChange(*pair) for pair in zip(new, map(_changed, old, new), strict=True)], staying)


def _of_scope(slot: Slot, scope: Scope) -> SlotQuerySet:
    if slot.series_id is None or slot.series_day is None:
        raise NotPartOfSeries()
    slots = Slot.objects.filter(series=slot.series_id, is_exception=False).not_cancelled().upcoming()
    if scope is Scope.FOLLOWING:
        slots = slots.filter(series_day__gte=slot.series_day)
    return slots.order_by("series_day")


def with_series_locked(slot: Slot) -> Slot:
    """The slot as it is under the lock of its series: only under that may it go over to another one."""
    while True:
        series = Slot.objects.values_list("series", flat=True).get(pk=slot.pk)
        if series is None:
            raise NotPartOfSeries()
        Series.objects.select_for_update(no_key=True).get(pk=series)
        slot = Slot.objects.get(pk=slot.pk)
        if slot.series_id == series:
            return slot


def _as_wanted(slots: Sequence[Slot], slot: Slot, wanted: Wanted, difference: Difference) -> list[Slot]:
    """Unsaved copies of `slots`, changed: `slot` is as `wanted`, the others differ from what they were as it does.

    Raises AmbiguousWallTime, DaysBlocked (or, for one slot, the reason itself) and what `check_figures` raises.
    """
    copies = [copy(each) for each in slots]
    reasons: dict[int, DomainError] = {}
    for each in copies:
        try:
            difference.apply_to(each, starts_at=wanted.starts_at if each.pk == slot.pk else None)
            _check_figures(each)
        except OF_ITS_DAY as reason:
            reasons[each.pk] = reason
    both = [*slots, *copies]
    lock_for_planning([each.instructor_id for each in both], [each.room_id for each in both])
    pairs = [pair for pair in zip(slots, copies, strict=True) if pair[1].pk not in reasons]
    reasons |= obstacles_to_moves([pair for pair in pairs if AT_ITS_TIME & _changed(*pair).keys()])
    if reasons and len(slots) == 1:
        raise reasons[slots[0].pk]
    if reasons:
        blocked = [each for each in slots if each.pk in reasons]
        raise DaysBlocked([PlannedDay(difference.day_of(each), each, reasons[each.pk]) for each in blocked])
    return copies


def _check_figures(slot: Slot) -> None:
    if slot.capacity < slot.taken:
        raise CapacityBelowTaken(taken=slot.taken, slot=slot)
    check_figures(slot)


def _change_series(slots: Sequence[Slot], slot: Slot, scope: Scope, difference: Difference) -> None:
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


def _save(planned: ChangePreview, by: User | None) -> None:
    """Write the slots and their changes, and tell the apps above."""
    if not planned.changes:
        return
    now = clock.now()
    records = []
    for change in planned.changes:
        slot = change.slot
        slot.revision += 1
        if change.moves:
            slot.moved_at = now
        facts = {"before": change.before, "tells": change.tells}
        records.append(SlotChange(slot=slot, revision=slot.revision, made_by=by, made_at=now, **facts))
    slots = [change.slot for change in planned.changes]
    with clashes_named(slots[0]), transaction.atomic():
        Slot.objects.bulk_update([*slots, *planned.staying], WRITTEN)
    SlotChange.objects.bulk_create(records)
    if handed_over := [change.slot for change in planned.changes if "instructor" in change.before]:
        SubstituteRequest.objects.filter(slot__in=handed_over).withdraw()  # of whoever does not teach it any more
    for record in records:
        if record.tells:
            slot_changed.send(sender=Slot, slot=record.slot, change=record)


def _changed(old: Slot, new: Slot) -> dict[str, Any]:
    """The old values of what is different now."""
    now = values_of(new)
    return {name: value for name, value in values_of(old).items() if now[name] != value}
