"""What every planned slot must pass: its own figures, and what stands in the way at its time.

Whoever plans locks the instructors and then the rooms, each by ascending id, so that two who plan for one of them go
one after the other, and what is found here stays true until they commit. The exclusion constraints stand behind it.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core import clock
from core.errors import DomainError, InvalidInput
from core.money import format_money
from scheduling.models import Certificate, Closure, Instructor, Qualification, Room, Slot, TimeOff

MOST_AHEAD = timedelta(days=730)
MOST_PLACES = 500
LEAST_MINUTES, MOST_MINUTES = 5, 600
HIGHEST_PRICE = 1_000_000  # in the smallest unit: a slip of the keyboard, not a price


class RoomIsTaken(DomainError):
    code = "room_taken"
    message = _("%(room)s is taken at that time: %(clash)s. Please choose another time or room.")


class InstructorIsTeaching(DomainError):
    code = "instructor_teaching"
    message = _("%(instructor)s teaches at that time: %(clash)s. Please choose another time.")


class ClinicIsClosed(DomainError):
    code = "closed"
    message = _("%(place)s: closed at that time (%(reason)s). Please choose another time.")


class InstructorIsAway(DomainError):
    code = "instructor_away"
    message = _("%(instructor)s is away at that time. Please choose another time or instructor.")


class NotQualified(DomainError):
    code = "not_qualified"
    message = _("%(instructor)s does not hold %(missing)s on that day, which %(class_type)s asks for.")


class RoomTooSmall(InvalidInput):
    code = "room_too_small"
    message = _("%(room)s holds %(size)s mats. Please enter fewer places or choose another room.")


class NeedsRoomOrLink(InvalidInput):
    code = "needs_room_or_link"
    message = _("Please choose a room, or enter the link under which people join on-line.")


class SlotInThePast(InvalidInput):
    code = "slot_in_the_past"
    message = _("This time is over. Please choose one in the future.")


class TooFarAhead(InvalidInput):
    code = "too_far_ahead"
    message = _("Please choose a day within the next two years.")


class InstructorHasLeft(InvalidInput):
    code = "instructor_has_left"
    message = _("%(instructor)s does not teach at present. Please choose another instructor.")


class PlacesOutOfRange(InvalidInput):
    code = "places_out_of_range"
    message = _("A class has %(fewest)s to %(most_places)s places. Please enter a number between them.")


class LengthOutOfRange(InvalidInput):
    code = "length_out_of_range"
    message = _("A class lasts %(shortest)s to %(longest)s minutes. Please enter a number between them.")


class PriceTooHigh(InvalidInput):
    code = "price_too_high"
    message = _("This price is too high. Please enter %(most)s at most.")


class PriceTooLow(InvalidInput):
    code = "price_too_low"
    message = _("Cards cannot be charged less than %(least)s. Please choose a higher price, or 0 for a free class.")


def check_figures(slot: Slot) -> None:
    """Check what the slot itself says.

    Raises SlotInThePast, TooFarAhead, LengthOutOfRange, PlacesOutOfRange, PriceTooLow, PriceTooHigh, RoomTooSmall,
    InstructorHasLeft or NeedsRoomOrLink.
    """
    if slot.has_started:
        raise SlotInThePast()
    if slot.starts_at > clock.now() + MOST_AHEAD:
        raise TooFarAhead()
    if not timedelta(minutes=LEAST_MINUTES) <= slot.duration <= timedelta(minutes=MOST_MINUTES):
        raise LengthOutOfRange(shortest=LEAST_MINUTES, longest=MOST_MINUTES)
    if not 1 <= slot.capacity <= MOST_PLACES:
        raise PlacesOutOfRange(fewest=1, most_places=MOST_PLACES)
    if slot.price > HIGHEST_PRICE:
        raise PriceTooHigh(most=format_money(HIGHEST_PRICE, slot.currency))
    if 0 < slot.price < settings.LEAST_PRICE:
        raise PriceTooLow(least=format_money(settings.LEAST_PRICE, slot.currency))
    if slot.room is not None and slot.capacity > slot.room.size:
        raise RoomTooSmall(room=slot.room, size=slot.room.size)
    if not slot.instructor.is_active:
        raise InstructorHasLeft(instructor=slot.instructor)
    if slot.is_published and slot.room is None and not slot.online_link:
        raise NeedsRoomOrLink()


def lock_for_planning(instructors: Iterable[int], rooms: Iterable[int | None]) -> None:
    """Lock these instructors' and then these rooms' rows until the transaction ends; those that are left as well.

    The exclusion constraints alone let only one of two overlapping classes in. But two that arrive together may wait
    for each other's row, and PostgreSQL ends that as a deadlock instead of naming the clash.
    """
    for model, keys in ((Instructor, set(instructors)), (Room, {key for key in rooms if key is not None})):
        list(model._default_manager.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk").values("pk"))


def locked_slot(pk: int) -> Slot:
    """The slot with its details, as it is under its lock."""
    [slot] = locked_slots([pk])
    return slot


def locked_slots(pks: Iterable[int]) -> list[Slot]:
    """The slots with their details in order of time, as they are under their locks.

    Not in one query: whoever waits for a row that is joined with its instructor, while another instructor is written
    into it, gets the new row beside the old instructor – which do not fit together, so PostgreSQL returns none.
    """
    slots = Slot.objects.filter(pk__in=set(pks))
    list(slots.select_for_update(no_key=True).order_by("pk").values("pk"))
    return list(slots.with_details())


def obstacles_to(slots: Sequence[Slot], *, moving: Iterable[int] = (), together: bool = True) -> dict[int, DomainError]:
    """What stands in the way of planned slots: position in `slots` → the first reason why that one cannot be.

    Closures, time off, missing qualifications, and clashes with other slots or among themselves, in a fixed number of
    queries. A slot that was kept in a closure or time off (`keep_class`) may be there. `moving` are the keys of slots
    that leave their present time, and so stand in nobody's way. Slots that are not planned `together` are possibilities
    of which each is looked at by itself.
    """
    if not slots:
        return {}
    around = _Surroundings.of(slots, moving)
    found = {}
    for position, slot in enumerate(slots):
        if reason := around.reason_against(slot):
            found[position] = reason
        elif together:
            around.busy.add(slot)
    return found


def obstacles_to_moves(moves: Sequence[tuple[Slot, Slot]]) -> dict[int, DomainError]:
    """What stands in the way of slots that change together, as pairs of how each is and would be: key → first reason.

    A slot that cannot change stays where it is, and may thereby stand in the way of another one, which is then named
    as well: all but the named ones can change. The same fixed number of queries as for `obstacles_to`.
    """
    if not moves:
        return {}
    around = _Surroundings.of([new for _old, new in moves], [old.pk for old, _new in moves])
    found: dict[int, DomainError] = {}
    staying: list[Slot] = []
    while True:
        trial = replace(around, busy=around.busy.joined_by(staying))
        stuck = []
        for old, new in moves:
            if new.pk in found:
                continue
            if reason := trial.reason_against(new):
                found[new.pk] = reason
                stuck.append(old)
            else:
                trial.busy.add(new)
        if not stuck:
            return found
        staying += stuck


def kept_in(absences: Sequence[Closure | TimeOff]) -> QuerySet[Any, tuple[int, int]]:
    """Which classes somebody has decided to give in some closures, or times off: (absence, slot), by their keys."""
    model = type(absences[0])
    absence = str(model._meta.model_name)
    return model.kept.through.objects.filter(**{f"{absence}__in": absences}).values_list(f"{absence}_id", "slot_id")


def refuse_obstacles(slot: Slot) -> None:
    """Raise what stands in the way of one planned slot, if anything does."""
    for reason in obstacles_to([slot], moving=[slot.pk] if slot.pk else []).values():
        raise reason


@contextmanager
def clashes_named(slot: Slot) -> Iterator[None]:
    """Turn a refusal by an exclusion constraint into a sentence that names the clashing class."""
    try:
        yield
    except IntegrityError as error:
        constraint = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
        others = Slot.objects.with_details().exclude(pk=slot.pk).not_cancelled()
        others = others.overlapping(slot.starts_at, slot.ends_at)
        if constraint == "a_room_holds_one_class_at_a_time":
            clash = others.filter(room=slot.room).first()
            raise RoomIsTaken(room=slot.room, clash=clash or _("another class")) from error
        if constraint == "an_instructor_teaches_one_class_at_a_time":
            clash = others.filter(instructor=slot.instructor).first()
            raise InstructorIsTeaching(instructor=slot.instructor, clash=clash or _("another class")) from error
        raise


@dataclass(frozen=True)
class _Surroundings:
    """All that might stand in the way of some slots, read at once."""

    closures: list[Closure]
    times_off: list[TimeOff]
    kept: set[tuple[type[Model], int, int]]  # closure or time off, and the slot that takes place in spite of it
    busy: "_Busy"
    needed: dict[int, list[Qualification]]  # by class type
    held: dict[tuple[int, int], date | None]  # (instructor, qualification) → last day

    @classmethod
    def of(cls, slots: Sequence[Slot], moving: Iterable[int]) -> "_Surroundings":
        start, end = min(slot.starts_at for slot in slots), max(slot.ends_at for slot in slots)
        instructors = {slot.instructor_id for slot in slots}
        rooms = {slot.room_id for slot in slots if slot.room_id}
        class_types = {slot.class_type_id for slot in slots}
        others = Slot.objects.not_cancelled().exclude(pk__in=list(moving))
        others = others.overlapping_any((slot.starts_at, slot.ends_at) for slot in slots)
        needs = Qualification.class_types.through.objects.filter(classtype__in=class_types)
        needed: dict[int, list[Qualification]] = {}
        for need in needs.select_related("qualification"):
            needed.setdefault(need.classtype_id, []).append(need.qualification)
        certificates = Certificate.objects.filter(instructor__in=instructors) if needed else Certificate.objects.none()
        closures = list(Closure.objects.overlapping(start, end).select_related("location", "room__location"))
        times_off = list(TimeOff.objects.overlapping(start, end).filter(instructor__in=instructors))
        return cls(
            closures=closures,
            times_off=times_off,
            kept=_kept(slots, closures, times_off),
            busy=_Busy(others.filter(Q(instructor__in=instructors) | Q(room__in=rooms)).with_details()),
            needed=needed,
            held={(each.instructor_id, each.qualification_id): each.expires_on for each in certificates},
        )

    def reason_against(self, slot: Slot) -> DomainError | None:
        """Why `slot` cannot take place, or None."""
        return self._closed(slot) or self._away(slot) or self._unqualified(slot) or self.busy.clash_with(slot)

    def _closed(self, slot: Slot) -> DomainError | None:
        for closure in self.closures:
            if self._stands_in_the_way(closure, slot) and closure.concerns(slot.room):
                return ClinicIsClosed(place=closure.place, reason=closure.reason)
        return None

    def _away(self, slot: Slot) -> DomainError | None:
        for absence in self.times_off:
            if absence.instructor_id == slot.instructor_id and self._stands_in_the_way(absence, slot):
                return InstructorIsAway(instructor=slot.instructor)
        return None

    def _stands_in_the_way(self, absence: Closure | TimeOff, slot: Slot) -> bool:
        is_kept = (type(absence), absence.pk, slot.pk) in self.kept
        return _overlap(slot, absence.starts_at, absence.ends_at) and not is_kept

    def _unqualified(self, slot: Slot) -> DomainError | None:
        day = clock.clinic_time(slot.starts_at).date()
        missing = [each for each in self.needed.get(slot.class_type_id, []) if not self._holds(slot, each, day)]
        if not missing:
            return None
        names = ", ".join(each.name for each in missing)
        return NotQualified(instructor=slot.instructor, missing=names, class_type=slot.class_type)

    def _holds(self, slot: Slot, qualification: Qualification, day: date) -> bool:
        key = (slot.instructor_id, qualification.pk)
        if key not in self.held:
            return False
        last_day = self.held[key]
        return last_day is None or day <= last_day


class _Busy:
    """When rooms and instructors are taken. No two times of one of them overlap, so two neighbours tell."""

    def __init__(self, slots: Iterable[Slot]) -> None:
        self._times: dict[tuple[str, int], list[tuple[datetime, int, Slot]]] = {}
        for slot in slots:
            self.add(slot)

    def add(self, slot: Slot) -> None:
        for key in self._keys_of(slot):
            insort(self._times.setdefault(key, []), (slot.starts_at, id(slot), slot))

    def joined_by(self, slots: Iterable[Slot]) -> "_Busy":
        """Another one, with these slots in it as well."""
        joined = _Busy(())
        joined._times = {key: list(times) for key, times in self._times.items()}
        for slot in slots:
            joined.add(slot)
        return joined

    def clash_with(self, slot: Slot) -> DomainError | None:
        for key in self._keys_of(slot):
            if other := self._overlapping(key, slot):
                if key[0] == "room":
                    return RoomIsTaken(room=slot.room, clash=other)
                return InstructorIsTeaching(instructor=slot.instructor, clash=other)
        return None

    def _overlapping(self, key: tuple[str, int], slot: Slot) -> Slot | None:
        times = self._times.get(key, [])
        place = bisect_left(times, (slot.starts_at,))
        for _start, _order, other in times[max(place - 1, 0) : place + 1]:
            if _overlap(slot, other.starts_at, other.ends_at):
                return other
        return None

    @staticmethod
    def _keys_of(slot: Slot) -> list[tuple[str, int]]:
        keys = [("instructor", slot.instructor_id)]
        return [("room", slot.room_id), *keys] if slot.room_id else keys


def _kept(
    slots: Sequence[Slot], closures: Sequence[Closure], times_off: Sequence[TimeOff]
) -> set[tuple[type[Model], int, int]]:
    """Which of `slots` somebody has decided to give in spite of which closure or time off; new slots never."""
    keys = [slot.pk for slot in slots if slot.pk]
    kept: set[tuple[type[Model], int, int]] = set()
    both: list[Sequence[Closure | TimeOff]] = [closures, times_off]
    for absences in both:
        if keys and absences:
            kept |= {(type(absences[0]), *pair) for pair in kept_in(absences).filter(slot__in=keys)}
    return kept


def _overlap(slot: Slot, start: datetime, end: datetime) -> bool:
    return slot.starts_at < end and slot.ends_at > start
