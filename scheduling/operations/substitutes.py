"""Finding somebody else for a class: colleagues are asked, the first who accepts gets it; or a manager assigns one.

Locks: as everywhere the slot before the instructors and the rooms, and the slot before its request.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from core.errors import DomainError
from scheduling.models import Instructor, Slot, SubstituteRequest
from scheduling.operations.changes import CannotChange, change_slots
from scheduling.operations.planning import (
    InstructorIsAway,
    InstructorIsTeaching,
    NotQualified,
    locked_slot,
    obstacles_to,
)
from scheduling.operations.wanted import Scope, Wanted
from scheduling.signals import substitute_found, substitute_wanted

State = SubstituteRequest.State
QUIET_AFTER_WITHDRAWAL = timedelta(hours=1)


class AlreadyTakenOver(DomainError):
    code = "already_taken_over"
    message = _("Thank you! %(instructor)s has taken this class over already, so you need not do anything.")


class NoLongerWanted(DomainError):
    code = "no_longer_wanted"
    message = _("Thank you! A substitute is no longer needed for this class, so you need not do anything.")


class TeachesItAnyway(DomainError):
    code = "teaches_it_anyway"
    message = _("%(instructor)s teaches this class anyway. Please choose somebody else.")


SHORT_REASONS: dict[type[DomainError], str | Promise] = {
    InstructorIsTeaching: _("Another class at that time: %(clash)s."),
    InstructorIsAway: _("Time off at that time."),
    NotQualified: _("Not qualified on that day: %(class_type)s asks for %(missing)s."),
}


@dataclass(frozen=True)
class Colleague:
    """Somebody who might teach a slot, and the first reason why not, if there is one."""

    instructor: Instructor
    problem: DomainError | None

    @property
    def can(self) -> bool:
        return self.problem is None

    @property
    def why_not(self) -> str:
        """The reason in words that stand beside a name, without the advice to plan something else."""
        if self.problem is None:
            return ""
        short = SHORT_REASONS.get(type(self.problem))
        return str(short) % self.problem.details if short else str(self.problem)


def colleagues_for(*, slot: Slot) -> list[Colleague]:
    """All other instructors who teach at present: first those who are qualified and free, then the others with why not.

    Nobody for a slot that was cancelled or has begun. A fixed number of queries, however many colleagues there are.
    """
    if slot.is_cancelled or slot.has_started:
        return []
    others = list(Instructor.objects.teaching().exclude(pk=slot.instructor_id))
    problems = obstacles_to([_taught_by(each, slot) for each in others], moving=[slot.pk], together=False)
    colleagues = [Colleague(each, problems.get(position)) for position, each in enumerate(others)]
    return sorted(colleagues, key=lambda each: not each.can)


def requests_for(*, instructor: Instructor) -> list[SubstituteRequest]:
    """The open requests that concern an instructor, soonest class first: the own ones, and those to accept now.

    A fixed number of queries, and only one while nobody looks for a substitute.
    """
    live = list(SubstituteRequest.objects.live().with_details().soonest_first())
    others = [request for request in live if request.instead_of_id != instructor.pk]
    possible = [_taught_by(instructor, request.slot) for request in others]
    problems = obstacles_to(possible, moving=[request.slot_id for request in others], together=False)
    impossible = {others[position].pk for position in problems}
    return [request for request in live if request.pk not in impossible]


@transaction.atomic
def ask_for_substitute(*, slot: Slot, by: User) -> SubstituteRequest:
    """Ask all colleagues who are qualified and free to take `slot` over. Until one accepts, nothing else changes.

    Asking twice is asking once, and so is asking again soon after withdrawing: the same request is open again, and
    `substitute_wanted` may name colleagues who have their message. Raises CannotChange when the slot was cancelled or
    has begun.
    """
    slot = locked_slot(slot.pk)
    if slot.is_cancelled or slot.has_started:
        raise CannotChange()
    if request := _locked_open_request(slot):
        return request
    request = _just_withdrawn(slot) or SubstituteRequest(slot=slot, instead_of=slot.instructor)
    request.state, request.asked_by, request.closed_at = State.OPEN, by, None
    request.save()
    colleagues = [each.instructor for each in colleagues_for(slot=slot) if each.can]
    substitute_wanted.send(sender=SubstituteRequest, slot=slot, request=request, colleagues=colleagues)
    return request


@transaction.atomic
def accept_substitution(
    *, request: SubstituteRequest, instructor: Instructor, revision: int, by: User
) -> SubstituteRequest:
    """Give the class to `instructor`, the first who accepts. Booked patients are told; a series keeps its teacher.

    `revision` is the one of the slot that the instructor has seen. Accepting twice is accepting once.

    Raises AlreadyTakenOver, NoLongerWanted, ChangedMeanwhile, or why this instructor cannot teach it.
    """
    slot = locked_slot(request.slot_id)
    request = _locked_request(request)
    if request.state == State.FILLED:
        if request.filled_by_id == instructor.pk == slot.instructor_id:
            return request
        raise AlreadyTakenOver(instructor=request.filled_by)
    if request.state != State.OPEN or slot.instructor_id != request.instead_of_id:
        raise NoLongerWanted()
    _hand_over(slot, instructor, revision, by)
    return _fill(request, instructor, by)


@transaction.atomic
def assign_substitute(*, slot: Slot, instructor: Instructor, revision: int, by: User) -> SubstituteRequest:
    """Give the class to `instructor` without asking; an open request is filled by it, else a filled one records it.

    `revision` is the one of the slot that the editor has seen. Assigning whom it was given to since is assigning once.

    Raises TeachesItAnyway, ChangedMeanwhile, CannotChange, or why this instructor cannot teach it.
    """
    slot = locked_slot(slot.pk)
    if given := _given_by(slot, instructor, revision + 1):
        return given
    request = _locked_open_request(slot) or SubstituteRequest(slot=slot, asked_by=by, instead_of=slot.instructor)
    _hand_over(slot, instructor, revision, by)
    return _fill(request, instructor, by)


@transaction.atomic
def withdraw_request(*, request: SubstituteRequest) -> SubstituteRequest:
    """Stop looking for a substitute. Withdrawing twice is withdrawing once.

    Raises AlreadyTakenOver when a colleague was faster.
    """
    request = _locked_request(request)
    if request.state == State.FILLED:
        raise AlreadyTakenOver(instructor=request.filled_by)
    if request.state == State.OPEN:
        request.state, request.closed_at = State.WITHDRAWN, clock.now()
        request.save(update_fields=["state", "closed_at"])
    return request


def _hand_over(slot: Slot, instructor: Instructor, revision: int, by: User) -> None:
    if instructor.pk == slot.instructor_id:
        raise TeachesItAnyway(instructor=instructor)
    wanted = Wanted.like(slot, instructor=instructor)
    change_slots(slot=slot, wanted=wanted, scope=Scope.THIS, revision=revision, by=by)


def _fill(request: SubstituteRequest, instructor: Instructor, by: User) -> SubstituteRequest:
    request.state, request.filled_by, request.closed_at = State.FILLED, instructor, clock.now()
    request.save()
    substitute_found.send(sender=SubstituteRequest, request=request, by=by)
    return request


def _locked_request(request: SubstituteRequest) -> SubstituteRequest:
    """The request as it is under its lock. Locked first and read afterwards, as in `locked_slot`."""
    SubstituteRequest.objects.select_for_update(no_key=True).get(pk=request.pk)
    return SubstituteRequest.objects.with_details().get(pk=request.pk)


def _locked_open_request(slot: Slot) -> SubstituteRequest | None:
    """The open request of a locked slot, if there is one; a constraint allows no second."""
    return SubstituteRequest.objects.select_for_update(no_key=True).filter(slot=slot, state=State.OPEN).first()


def _given_by(slot: Slot, instructor: Instructor, revision: int) -> SubstituteRequest | None:
    """The request by which a locked slot came to `instructor`, if that was its last change and made it `revision`."""
    if (slot.instructor_id, slot.revision) != (instructor.pk, revision):
        return None
    if not slot.changes.filter(revision=revision, before__has_key="instructor").exists():
        return None
    filled = SubstituteRequest.objects.with_details().filter(slot=slot, state=State.FILLED, filled_by=instructor)
    return filled.order_by("-closed_at").first()


def _just_withdrawn(slot: Slot) -> SubstituteRequest | None:
    """The request withdrawn for a locked slot within the last hour, if its messages still say what is true."""
    since = clock.now() - QUIET_AFTER_WITHDRAWAL
    of_slot = SubstituteRequest.objects.select_for_update(no_key=True).filter(slot=slot, instead_of=slot.instructor)
    request = of_slot.filter(state=State.WITHDRAWN, closed_at__gt=since).order_by("-closed_at").first()
    changes = slot.changes.exclude(before={"state": Slot.State.DRAFT})  # that it was published changes nothing
    if request is None or changes.filter(made_at__gte=request.created_at).exists():
        return None
    return request


def _taught_by(instructor: Instructor, slot: Slot) -> Slot:
    """The slot as it would be with somebody else; only to be looked at."""
    return Slot(
        pk=slot.pk,
        class_type=slot.class_type,
        instructor=instructor,
        room=slot.room,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        state=slot.state,
    )
