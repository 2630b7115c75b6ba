"""Copying what is planned: one class to another time, or a whole week to another week."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import clock
from core.clock import WEEK, monday_of
from core.errors import DomainError, InvalidInput
from scheduling.models import Instructor, Slot
from scheduling.operations.planning import check_figures, lock_for_planning, obstacles_to
from scheduling.operations.slots import draft_slot


class NothingToCopy(InvalidInput):
    code = "nothing_to_copy"
    message = _("There is no class to copy in that week. Please choose another one.")


class WeekBlocked(DomainError):
    code = "week_blocked"
    message = _("Some classes cannot be copied: %(classes)s. Please leave them out, or choose another week.")

    def __init__(self, blocked: list["PlannedCopy"]) -> None:
        self.blocked = blocked
        named = "; ".join(f"{each.original} – {each.problem}" for each in blocked[:5])
        super().__init__(classes=named if len(blocked) <= 5 else f"{named} …")


@dataclass(frozen=True)
class PlannedCopy:
    """A class of the week that is copied, the day of its copy, and the copy, or why there can be none."""

    original: Slot
    day: date
    slot: Slot | None
    problem: DomainError | None


def copy_slot(*, slot: Slot, starts_at: datetime) -> Slot:
    """Draft another class like `slot` at another time. Raises what `draft_slot` raises."""
    return draft_slot(
        class_type=slot.class_type,
        instructor=slot.instructor,
        room=slot.room,
        starts_at=starts_at,
        minutes=slot.minutes,
        capacity=slot.capacity,
        price=slot.price,
        online_link=slot.online_link,
    )


def preview_week(*, week: date, to: date, instructor: Instructor | None = None) -> list[PlannedCopy]:
    """What `copy_week` would do with each class, in order; nothing is saved."""
    return _plan(_of_week(week, instructor), monday_of(to) - monday_of(week), publishes=False)


def copy_week(
    *,
    week: date,
    to: date,
    instructor: Instructor | None = None,
    leave_out: Collection[int] = (),
    publishes: bool = False,
) -> list[Slot]:
    """Copy the classes of one week to another, at the same wall times: all of them or none.

    `week` and `to` are any days of the two weeks (Monday to Sunday, on the clinic's clock); without `instructor`, the
    classes of all are meant. Cancelled classes are not copied, nor those whose keys `leave_out` names. The copies are
    drafts; with `publishes`, copies of published classes are published too. Raises NothingToCopy, and WeekBlocked
    with whatever stands in the way.
    """
    originals = [slot for slot in _of_week(week, instructor) if slot.pk not in leave_out]
    if not originals:
        raise NothingToCopy()
    with transaction.atomic():
        lock_for_planning({each.instructor_id for each in originals}, {each.room_id for each in originals})
        planned = _plan(originals, monday_of(to) - monday_of(week), publishes=publishes)
        if blocked := [each for each in planned if each.problem]:
            raise WeekBlocked(blocked)
        return Slot.objects.bulk_create(each.slot for each in planned if each.slot)


def _of_week(week: date, instructor: Instructor | None) -> list[Slot]:
    first = monday_of(week)
    slots = Slot.objects.not_cancelled().between(clock.day_bounds(first)[0], clock.day_bounds(first + WEEK)[0])
    if instructor is not None:
        slots = slots.filter(instructor=instructor)
    return list(slots.with_details())


def _plan(originals: list[Slot], by: timedelta, *, publishes: bool) -> list[PlannedCopy]:
    copies: dict[int, Slot] = {}
    problems: dict[int, DomainError] = {}
    for original in originals:
        try:
            copies[original.pk] = _copy(original, by, publishes=publishes)
        except DomainError as error:
            problems[original.pk] = error
    for position, reason in obstacles_to(list(copies.values())).items():
        problems[list(copies)[position]] = reason
    return [
        PlannedCopy(
            original=each,
            day=clock.clinic_time(each.starts_at).date() + by,
            slot=None if each.pk in problems else copies[each.pk],
            problem=problems.get(each.pk),
        )
        for each in originals
    ]


def _copy(original: Slot, by: timedelta, *, publishes: bool) -> Slot:
    """The unsaved copy. Raises NonexistentWallTime, AmbiguousWallTime and what `check_figures` raises."""
    wall = clock.clinic_time(original.starts_at)
    starts_at = clock.instant_of(wall.date() + by, wall.time())
    published = publishes and original.is_published
    slot = Slot(
        starts_at=starts_at,
        ends_at=starts_at + original.duration,
        state=Slot.State.PUBLISHED if published else Slot.State.DRAFT,
        published_at=clock.now() if published else None,
        class_type=original.class_type,
        instructor=original.instructor,
        room=original.room,
        online_link=original.online_link,
        capacity=original.capacity,
        price=original.price,
    )
    check_figures(slot)
    return slot
