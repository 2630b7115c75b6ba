"""Times in which nobody teaches: closures of the clinic, times off of instructors, and the classes planned in them.

Whoever adds one locks the rooms and instructors that it concerns, as whoever plans a class does (planning.py). So of a
closure and a class in it that are made at the same moment, one sees the other: either the class is refused, or it is
among the conflicts of the closure. A room or instructor that is itself new at that moment is the one gap. The conflicts
are read anew each time they are shown, so that gap does not stay hidden.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from core import clock
from core.errors import InvalidInput
from scheduling.models import Closure, Instructor, Location, Room, Slot, SlotQuerySet, TimeOff
from scheduling.operations.planning import MOST_AHEAD, TooFarAhead, kept_in, lock_for_planning

Absence = Closure | TimeOff
Kind = TypeVar("Kind", Closure, TimeOff)


class EndsBeforeItBegins(InvalidInput):
    code = "ends_before_it_begins"
    message = _("This ends before it begins. Please look at both times.")


class AlreadyOver(InvalidInput):
    code = "already_over"
    message = _("This time is over already. Please choose one that ends in the future.")


def add_closure(*, place: Location | Room | None, starts_at: datetime, ends_at: datetime, reason: str) -> Closure:
    """Close a location, a room or, without a place, the whole clinic. Classes planned in it stay: see `conflicts_of`.

    `reason` is told to patients whose class is cancelled for it. Adding the same twice is adding it once, since two
    rows would keep the time closed after one was removed. Raises EndsBeforeItBegins, AlreadyOver or TooFarAhead.
    """
    _check_times(starts_at, ends_at)
    asked: dict[str, Any] = {
        "location": place if isinstance(place, Location) else None,
        "room": place if isinstance(place, Room) else None,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "reason": reason,
    }
    closure = Closure(**asked)
    with transaction.atomic():
        lock_for_planning(_instructors_of(closure), _rooms_of(closure))
        return _added_already(Closure, asked) or Closure.objects.create(**asked)


def remove_closure(*, closure: Closure) -> None:
    """Open again. What was cancelled stays cancelled, and days that series skipped for it stay empty."""
    Closure.objects.filter(pk=closure.pk).delete()


def add_time_off(*, instructor: Instructor, starts_at: datetime, ends_at: datetime, note: str = "") -> TimeOff:
    """Say when an instructor does not teach. Classes planned in it stay: see `conflicts_of`.

    `note` is for the staff who plan; patients never see it. Adding the same twice is adding it once.

    Raises EndsBeforeItBegins, AlreadyOver or TooFarAhead.
    """
    _check_times(starts_at, ends_at)
    asked: dict[str, Any] = {"instructor": instructor, "starts_at": starts_at, "ends_at": ends_at, "note": note}
    with transaction.atomic():
        lock_for_planning([instructor.pk], [])
        return _added_already(TimeOff, asked) or TimeOff.objects.create(**asked)


def remove_time_off(*, time_off: TimeOff) -> None:
    """Let the instructor be planned again. What was cancelled or handed over stays so."""
    TimeOff.objects.filter(pk=time_off.pk).delete()


def keep_class(*, absence: Absence, slot: Slot) -> None:
    """Put on record that a class takes place in spite of a closure or time off. Doing it again changes nothing.

    A draft stays a draft. From then on the closure or time off does not stand in the way of publishing or changing it.
    """
    absence.kept.add(slot)


def conflicts_of(absence: Absence) -> SlotQuerySet:
    """The planned classes, drafts too, that lie in a closure or time off and have not begun; kept ones as well."""
    return _plannable_still().filter(_lies_in(absence)).with_details()


def count_undecided(absences: Sequence[Absence]) -> dict[int, int]:
    """How many classes in each of some closures, or of some times off, nobody has decided about; in two queries."""
    if not absences:
        return {}
    kept: dict[int, list[int]] = {}
    for key, slot in kept_in(absences):
        kept.setdefault(key, []).append(slot)
    counts = {
        f"of_{absence.pk}": Count("pk", filter=_lies_in(absence) & ~Q(pk__in=kept.get(absence.pk, [])))
        for absence in absences
    }
    start, end = min(each.starts_at for each in absences), max(each.ends_at for each in absences)
    found = _plannable_still().overlapping(start, end).aggregate(**counts)
    return {absence.pk: found[f"of_{absence.pk}"] for absence in absences}


def _added_already(model: type[Kind], asked: dict[str, Any]) -> Kind | None:
    """The row that is just as asked for; found reliably only under the locks of what it concerns."""
    return model._default_manager.filter(**asked).order_by("pk").first()


def _check_times(starts_at: datetime, ends_at: datetime) -> None:
    if ends_at <= starts_at:
        raise EndsBeforeItBegins()
    if ends_at <= clock.now():
        raise AlreadyOver()
    if ends_at > clock.now() + MOST_AHEAD:
        raise TooFarAhead()


def _rooms_of(closure: Closure) -> Iterable[int]:
    if closure.room_id is not None:
        return [closure.room_id]
    rooms = Room.objects.filter(location=closure.location_id) if closure.location_id else Room.objects.all()
    return rooms.values_list("pk", flat=True)


def _instructors_of(closure: Closure) -> Iterable[int]:
    """Of the whole clinic all: a class on-line has no room to be locked, but somebody who teaches it."""
    is_whole_clinic = closure.room_id is None and closure.location_id is None
    return Instructor.objects.values_list("pk", flat=True) if is_whole_clinic else []


def _plannable_still() -> SlotQuerySet:
    return Slot.objects.not_cancelled().upcoming()


def _lies_in(absence: Absence) -> Q:
    """The condition under which a slot lies in a closure or time off."""
    at_its_time = Q(starts_at__lt=absence.ends_at, ends_at__gt=absence.starts_at)
    if isinstance(absence, TimeOff):
        return at_its_time & Q(instructor=absence.instructor_id)
    if absence.room_id is not None:
        return at_its_time & Q(room=absence.room_id)
    if absence.location_id is not None:
        return at_its_time & Q(room__location=absence.location_id)
    return at_its_time
