"""Drafting slots, and publishing one or many."""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from core.errors import DomainError
from scheduling.models import ClassType, Instructor, Room, Slot, SlotChange
from scheduling.operations.changes import ChangedMeanwhile
from scheduling.operations.planning import (
    check_figures,
    clashes_named,
    lock_for_planning,
    locked_slots,
    obstacles_to,
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


@dataclass(frozen=True)
class Publication:
    """A class that was to be published: as it is then, and why it is not, if so."""

    slot: Slot
    problem: DomainError | None


def publish_slot(*, slot: Slot, by: User | None, revision: int | None = None) -> Slot:
    """Open a draft for booking, on the record. Publishing twice is publishing once.

    `revision` is the one that was seen, where it was. Raises ChangedMeanwhile when that is another one now,
    SlotInThePast when it has begun meanwhile, NotADraft when it was cancelled, NeedsRoomOrLink where people would not
    know where to go, else as `draft_slot`.
    """
    seen = {} if revision is None else {slot.pk: revision}
    [publication] = publish_slots(slots=[slot], seen=seen, by=by)
    if publication.problem:
        raise publication.problem
    return publication.slot


def publish_slots(*, slots: Iterable[Slot], seen: Mapping[int, int], by: User | None) -> list[Publication]:
    """Open those of the drafts for booking that can be, and say of each other one why it stays as it is.

    `seen` holds the revisions that were seen: slot → revision. The reasons are those that `publish_slot` raises; a
    class that is published already is published. In a fixed number of queries, and in order of time.
    """
    with transaction.atomic():
        locked = locked_slots(each.pk for each in slots)
        lock_for_planning((each.instructor_id for each in locked), (each.room_id for each in locked))
        drafts = {each.pk for each in locked if each.state == Slot.State.DRAFT}
        planned = preview_publishing(slots=locked, seen=seen)
        opened = [each.slot for each in planned if each.problem is None and each.slot.pk in drafts]
        for each in opened:
            each.revision += 1
        Slot.objects.bulk_update(opened, ["state", "published_at", "revision"])
        SlotChange.objects.bulk_create(
            SlotChange(slot=each, revision=each.revision, made_by=by, before={"state": Slot.State.DRAFT})
            for each in opened
        )
    return planned


def preview_publishing(*, slots: Sequence[Slot], seen: Mapping[int, int] | None = None) -> list[Publication]:
    """What `publish_slots` would do with these slots, which were read with their details; nothing is saved."""
    seen = seen or {}
    drafts = [each for each in slots if each.state == Slot.State.DRAFT]
    obstacles = obstacles_to(drafts, moving=[each.pk for each in drafts])
    reasons = {drafts[position].pk: reason for position, reason in obstacles.items()}
    reasons |= {each.pk: ChangedMeanwhile() for each in drafts if seen.get(each.pk, each.revision) != each.revision}
    return [_publication(each, reasons.get(each.pk)) for each in slots]


def _publication(slot: Slot, obstacle: DomainError | None) -> Publication:
    if slot.is_published:
        return Publication(slot, None)
    if slot.is_cancelled:
        return Publication(slot, NotADraft())
    opened = copy(slot)
    opened.state, opened.published_at = Slot.State.PUBLISHED, clock.now()
    try:
        if obstacle:
            raise obstacle
        check_figures(opened)
    except DomainError as problem:
        return Publication(slot, problem)
    return Publication(opened, None)
