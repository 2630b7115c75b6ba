"""Drafting and publishing single slots."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from core import clock
from core.errors import DomainError, InvalidInput
from core.money import format_money
from scheduling.models import ClassType, Instructor, Room, Slot

MOST_AHEAD = timedelta(days=730)
HIGHEST_PRICE = 1_000_000  # in the smallest unit: a slip of the keyboard, not a price


class RoomIsTaken(DomainError):
    code = "room_taken"
    message = _("%(room)s is taken at that time: %(clash)s. Please choose another time or room.")


class InstructorIsTeaching(DomainError):
    code = "instructor_teaching"
    message = _("%(instructor)s teaches at that time: %(clash)s. Please choose another time.")


class RoomTooSmall(InvalidInput):
    code = "room_too_small"
    message = _("%(room)s holds %(size)s mats. Please enter fewer places or choose another room.")


class SlotInThePast(InvalidInput):
    code = "slot_in_the_past"
    message = _("This time is over. Please choose one in the future.")


class PriceTooLow(InvalidInput):
    code = "price_too_low"
    message = _("Cards cannot be charged less than %(least)s. Please choose a higher price, or 0 for a free class.")


class PriceTooHigh(InvalidInput):
    code = "price_too_high"
    message = _("This price is too high. Please enter %(most)s at most.")


class TooFarAhead(InvalidInput):
    code = "too_far_ahead"
    message = _("Please choose a day within the next two years.")


class InstructorHasLeft(InvalidInput):
    code = "instructor_has_left"
    message = _("%(instructor)s does not teach at present. Please choose another instructor.")


class NotADraft(DomainError):
    code = "not_a_draft"
    message = _("This class is published already, so it cannot be edited as a draft.")


def draft_slot(
    *,
    class_type: ClassType,
    instructor: Instructor,
    room: Room | None,
    starts_at: datetime,
    minutes: int | None = None,
    capacity: int | None = None,
    price: int | None = None,
) -> Slot:
    """Put a new class into the timetable, for the staff's eyes only until it is published.

    Length (minutes), capacity and price (smallest currency unit) come from the class type unless they are given.

    Raises SlotInThePast, TooFarAhead, PriceTooLow, PriceTooHigh, RoomTooSmall, InstructorHasLeft, RoomIsTaken or
    InstructorIsTeaching.
    """
    slot = Slot(
        class_type=class_type,
        instructor=instructor,
        room=room,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=class_type.minutes if minutes is None else minutes),
        capacity=class_type.capacity if capacity is None else capacity,
        price=class_type.price if price is None else price,
    )
    _check(slot)
    with _clashes_named(slot), transaction.atomic():
        _wait_for_turn(slot)
        slot.save(force_insert=True)
    return slot


def edit_draft(
    *,
    slot: Slot,
    class_type: ClassType,
    room: Room | None,
    starts_at: datetime,
    minutes: int,
    capacity: int,
    price: int,
) -> Slot:
    """Change a class that nobody outside has seen yet.

    Raises NotADraft when it was published meanwhile, else as `draft_slot`.
    """
    with transaction.atomic():
        draft = Slot.objects.select_for_update().get(pk=slot.pk)
        if draft.state != Slot.State.DRAFT:
            raise NotADraft()
        old_room = draft.room_id
        draft.class_type, draft.room, draft.starts_at = class_type, room, starts_at
        draft.ends_at = starts_at + timedelta(minutes=minutes)
        draft.capacity, draft.price = capacity, price
        _check(draft)
        with _clashes_named(draft), transaction.atomic():
            _wait_for_turn(draft, old_room)
            draft.save()
    return draft


def publish_slot(*, slot: Slot) -> Slot:
    """Open a draft for booking. Publishing twice is publishing once.

    Raises SlotInThePast when it has begun meanwhile, NotADraft when it was cancelled.
    """
    with transaction.atomic():
        slot = Slot.objects.select_for_update(of=("self",)).with_details().get(pk=slot.pk)
        if slot.is_published:
            return slot
        if slot.state != Slot.State.DRAFT:
            raise NotADraft()
        _check(slot)
        _wait_for_turn(slot)
        slot.state = Slot.State.PUBLISHED
        slot.published_at = clock.now()
        slot.save(update_fields=["state", "published_at"])
    return slot


def _check(slot: Slot) -> None:
    if slot.has_started:
        raise SlotInThePast()
    if slot.starts_at > clock.now() + MOST_AHEAD:
        raise TooFarAhead()
    if slot.price > HIGHEST_PRICE:
        raise PriceTooHigh(most=format_money(HIGHEST_PRICE, slot.currency))
    if 0 < slot.price < settings.LEAST_PRICE:
        raise PriceTooLow(least=format_money(settings.LEAST_PRICE, slot.currency))
    if slot.room is not None and slot.capacity > slot.room.size:
        raise RoomTooSmall(room=slot.room, size=slot.room.size)
    if not slot.instructor.is_active:
        raise InstructorHasLeft(instructor=slot.instructor)


def _wait_for_turn(slot: Slot, old_room: int | None = None) -> None:
    """Lock the instructor's and then the rooms' rows, so that whoever plans for one of them goes one after the other.

    That includes the room which the slot leaves, by ascending id: two slots may be about to change places.

    The exclusion constraints alone let only one of two overlapping classes in. But two that arrive together may wait
    for each other's row, and PostgreSQL ends that as a deadlock instead of naming the clash.
    """
    Instructor.objects.select_for_update(no_key=True).get(pk=slot.instructor_id)
    rooms = [room for room in (slot.room_id, old_room) if room is not None]
    list(Room.objects.select_for_update(no_key=True).filter(pk__in=rooms).order_by("pk").values_list("pk"))


@contextmanager
def _clashes_named(slot: Slot) -> Iterator[None]:
    """Turn a refusal by an exclusion constraint into a sentence that names the clashing class."""
    try:
        yield
    except IntegrityError as error:
        constraint = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
        same_time = Slot.objects.with_details().exclude(pk=slot.pk).exclude(state=Slot.State.CANCELLED)
        same_time = same_time.filter(starts_at__lt=slot.ends_at, ends_at__gt=slot.starts_at)
        if constraint == "a_room_holds_one_class_at_a_time":
            clash = same_time.filter(room=slot.room).first()
            raise RoomIsTaken(room=slot.room, clash=clash or _("another class")) from error
        if constraint == "an_instructor_teaches_one_class_at_a_time":
            clash = same_time.filter(instructor=slot.instructor).first()
            raise InstructorIsTeaching(instructor=slot.instructor, clash=clash or _("another class")) from error
        raise
