"""The clinic cancels slots, and takes it back while nobody was told."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from core.errors import DomainError
from scheduling.models import Slot, SlotChange
from scheduling.operations.changes import (
    CannotChange,
    ChangedMeanwhile,
    affected_slots,
    locked_scope,
    refuse_foreign_series,
    with_series_locked,
)
from scheduling.operations.planning import (
    check_figures,
    clashes_named,
    lock_for_planning,
    locked_slot,
    refuse_obstacles,
)
from scheduling.operations.series import is_as_stamped
from scheduling.operations.splits import end_series
from scheduling.operations.wanted import Scope
from scheduling.signals import slot_cancelled


class PeopleWereTold(DomainError):
    code = "people_were_told"
    message = _("Patients were told that this class is cancelled. Please plan a new one instead.")


def slots_to_cancel(*, slot: Slot, scope: Scope) -> list[Slot]:
    """The slots that `cancel_slots` would cancel, in order of time. Raises NotPartOfSeries."""
    slots = {each.pk: each for each in [*affected_slots(slot=slot, scope=scope), slot]}
    coming = [each for each in slots.values() if not each.is_cancelled and not each.has_started]
    return sorted(coming, key=lambda each: each.starts_at)


def cancel_slots(*, slot: Slot, scope: Scope, reason: str, revision: int, by: User | None) -> list[Slot]:
    """Cancel `slot`, and those of its series that `scope` names; return the slots that were cancelled.

    Their bookings are ended afterwards, one by one, each with its refund and its message. *This and following* and
    *all upcoming* also end the series. Cancelling twice is cancelling once.

    Raises NotYourSeries, ChangedMeanwhile, CannotChange when it has begun, or NotPartOfSeries.
    """
    refuse_foreign_series(slot, scope, by)
    with transaction.atomic():
        slots = locked_scope(slot, scope)
        slot = next(each for each in slots if each.pk == slot.pk)
        if slot.is_cancelled:
            return []
        if slot.revision != revision:
            raise ChangedMeanwhile()
        if slot.has_started:
            raise CannotChange()
        if scope is not Scope.THIS and slot.series is not None:
            end_series(series=slot.series, slots=slots)
        cancelled = [each for each in slots if not each.is_cancelled and not each.has_started]
        for each in cancelled:
            _cancel(each, reason, by)
    return cancelled


def restore_slot(*, slot: Slot, by: User | None) -> Slot:
    """Take a cancelling back, as long as nobody was told of it. A slot that is not cancelled stays as it is.

    It comes back as it was: if its series has changed meanwhile, as an exception.

    Raises PeopleWereTold, CannotChange when it would have begun, or what stands in its way by now.
    """
    with transaction.atomic():
        if slot.series_id:
            with_series_locked(slot)
        slot = locked_slot(slot.pk)
        if not slot.is_cancelled:
            return slot
        if slot.people_told:
            raise PeopleWereTold()
        if slot.has_started:
            raise CannotChange()
        slot.state = Slot.State.PUBLISHED if slot.published_at else Slot.State.DRAFT
        slot.cancelled_at, slot.cancel_reason = None, ""
        if slot.series and not is_as_stamped(slot, slot.series):
            slot.is_exception = True
        check_figures(slot)
        with clashes_named(slot), transaction.atomic():
            lock_for_planning([slot.instructor_id], [slot.room_id])
            refuse_obstacles(slot)
            _save(slot, by, before={"state": Slot.State.CANCELLED})
    return slot


def note_people_told(slot_id: int) -> bool:
    """Note that somebody is told of the cancelling, so that it cannot be taken back; False if it has been meanwhile.

    For those who had no place when the slot was cancelled. Whoever takes it back at this moment is waited for.
    """
    return Slot.objects.filter(pk=slot_id, state=Slot.State.CANCELLED).update(people_told=True) > 0


def _cancel(slot: Slot, reason: str, by: User | None) -> None:
    before = slot.state
    slot.state, slot.cancelled_at, slot.cancel_reason = Slot.State.CANCELLED, clock.now(), reason
    slot.people_told = slot.taken > 0
    _save(slot, by, before={"state": before})
    slot_cancelled.send(sender=Slot, slot=slot)


def _save(slot: Slot, by: User | None, *, before: dict[str, str]) -> None:
    slot.revision += 1
    slot.save(update_fields=["state", "cancelled_at", "cancel_reason", "people_told", "is_exception", "revision"])
    SlotChange.objects.create(slot=slot, revision=slot.revision, made_by=by, before=before, tells=slot.people_told)
