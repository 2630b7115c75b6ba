"""Drafting and publishing single slots."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import clock
from core.errors import DomainError
from scheduling.models import ClassType, Instructor, Room, Slot
from scheduling.operations.planning import (
    check_figures,
    clashes_named,
    lock_for_planning,
    locked_slot,
    refuse_obstacles,
)


class NotADraft(DomainError):
    code = "not_a_draft"
    message = _("This class was cancelled, so it cannot be published.")


def draft_slot(
    *,
    class_type: ClassType,
    instructor: Instructor,
    room: Room | None,
    starts_at: datetime,
    minutes: int | None = None,
    capacity: int | None = None,
    price: int | None = None,
    online_link: str = "",
) -> Slot:
    """Put a new class into the timetable, for the staff's eyes only until it is published.

    Length (minutes), capacity and price (smallest currency unit) come from the class type unless they are given.

    Raises what `check_figures` raises, ClinicIsClosed, InstructorIsAway, NotQualified, RoomIsTaken or
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
        online_link=online_link,
    )
    check_figures(slot)
    with clashes_named(slot), transaction.atomic():
        lock_for_planning([instructor.pk], [slot.room_id])
        refuse_obstacles(slot)
        slot.save(force_insert=True)
    return slot


def publish_slot(*, slot: Slot) -> Slot:
    """Open a draft for booking. Publishing twice is publishing once.

    Raises SlotInThePast when it has begun meanwhile, NotADraft when it was cancelled, NeedsRoomOrLink where people
    would not know where to go, else as `draft_slot`.
    """
    with transaction.atomic():
        slot = locked_slot(slot.pk)
        if slot.is_published:
            return slot
        if slot.state != Slot.State.DRAFT:
            raise NotADraft()
        lock_for_planning([slot.instructor_id], [slot.room_id])
        refuse_obstacles(slot)
        slot.state = Slot.State.PUBLISHED
        slot.published_at = clock.now()
        check_figures(slot)
        slot.save(update_fields=["state", "published_at"])
    return slot
