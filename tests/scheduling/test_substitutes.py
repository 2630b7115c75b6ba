"""Looking for a substitute: who is asked, who may accept, and what it changes – on that date only."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from core import clock
from core.errors import DomainError
from notifications.models import Kind, Message
from scheduling import operations
from scheduling.models import Instructor, Slot, SlotChange, SubstituteRequest
from tests.factories import (
    BookingFactory,
    CertificateFactory,
    ClosureFactory,
    InstructorFactory,
    QualificationFactory,
    SeriesFactory,
    SlotFactory,
    SubstituteRequestFactory,
    TimeOffFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

State = SubstituteRequest.State


@pytest.fixture
def slot() -> Slot:
    return SlotFactory(instructor__user__name="Asha", class_type__name="Chair Yoga")


def ask(slot: Slot) -> SubstituteRequest:
    return operations.ask_for_substitute(slot=slot, by=slot.instructor.user)


def accept(request: SubstituteRequest, instructor: Instructor, **changes: Any) -> SubstituteRequest:
    revision = Slot.objects.get(pk=request.slot_id).revision
    given: dict[str, Any] = {"request": request, "instructor": instructor, "revision": revision, "by": instructor.user}
    return operations.accept_substitution(**given | changes)


def asked_people(request: SubstituteRequest) -> set[str]:
    return set(request.messages.filter(kind=Kind.SUBSTITUTE_WANTED).values_list("recipient__name", flat=True))


def test_only_qualified_and_free_colleagues_are_asked(slot: Slot) -> None:
    needed = QualificationFactory(name="Seated practice")
    slot.class_type.qualifications.add(needed)
    last_day = clock.clinic_time(slot.starts_at).date()
    people = {
        name: InstructorFactory(user__name=name, is_active=name != "Left")
        for name in ("Free", "Busy", "Away", "Left", "Lapsed", "Unqualified")
    }
    for name in ("Free", "Busy", "Away", "Left"):
        CertificateFactory(instructor=people[name], qualification=needed, expires_on=last_day)
    CertificateFactory(instructor=people["Lapsed"], qualification=needed, expires_on=last_day - timedelta(days=1))
    SlotFactory(instructor=people["Busy"], starts_at=slot.starts_at + timedelta(minutes=30))
    TimeOffFactory(instructor=people["Away"], starts_at=slot.starts_at, ends_at=slot.ends_at)

    request = ask(slot)

    assert asked_people(request) == {"Free"}
    problems = {each.instructor.name: each.problem for each in operations.colleagues_for(slot=slot)}
    assert {name: problem and problem.code for name, problem in problems.items()} == {
        "Free": None,
        "Busy": "instructor_teaching",
        "Away": "instructor_away",
        "Lapsed": "not_qualified",
        "Unqualified": "not_qualified",
    }
    assert str(problems["Lapsed"]) == ("Lapsed does not hold Seated practice on that day, which Chair Yoga asks for.")


def test_two_colleagues_are_both_possible_for_the_one_room(slot: Slot) -> None:
    InstructorFactory.create_batch(2)

    assert [each.can for each in operations.colleagues_for(slot=slot)] == [True, True]


@pytest.mark.parametrize("colleagues", [1, 3])
def test_looking_at_colleagues_costs_the_same_for_many_as_for_one(
    slot: Slot, colleagues: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    slot.class_type.qualifications.add(QualificationFactory())
    InstructorFactory.create_batch(colleagues)

    with django_assert_num_queries(6):
        found = operations.colleagues_for(slot=slot)

    assert len(found) == colleagues


@pytest.mark.parametrize("requests", [1, 3])
def test_what_one_could_accept_costs_the_same_for_many_as_for_one(
    requests: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    SubstituteRequestFactory.create_batch(requests)
    colleague = InstructorFactory()

    with django_assert_num_queries(5):
        found = operations.requests_for(instructor=colleague)

    assert len(found) == requests


def test_asking_twice_is_asking_once(slot: Slot) -> None:
    InstructorFactory()

    first, second = ask(slot), ask(slot)

    assert first == second
    assert Message.objects.filter(kind=Kind.SUBSTITUTE_WANTED).count() == 1


def test_asking_changes_nothing_about_the_class(slot: Slot) -> None:
    BookingFactory(slot=slot)

    ask(slot)

    slot.refresh_from_db()
    assert (slot.instructor.name, slot.revision) == ("Asha", 0)
    assert not Message.objects.filter(kind=Kind.CLASS_CHANGED).exists()


@pytest.mark.parametrize("changes", [{"state": Slot.State.CANCELLED}, {"starts_at": clock.now()}])
def test_for_a_class_that_is_over_or_cancelled_nobody_is_asked(changes: dict[str, Any]) -> None:
    slot = SlotFactory(**changes)

    with pytest.raises(operations.CannotChange):
        ask(slot)

    assert not SubstituteRequest.objects.exists()


def test_who_accepts_teaches_the_class_and_everybody_concerned_is_told(slot: Slot) -> None:
    booking = BookingFactory(slot=slot)
    colleague = InstructorFactory(user__name="Helena")
    request = ask(slot)

    done = accept(request, colleague)

    slot.refresh_from_db()
    assert (slot.instructor, slot.revision, done.state, done.filled_by) == (colleague, 1, State.FILLED, colleague)
    assert done.closed_at is not None
    change = SlotChange.objects.get(slot=slot)
    assert (change.before, change.made_by, change.tells) == (
        {"instructor": request.instead_of_id},
        colleague.user,
        True,
    )
    told = Message.objects.exclude(kind__in=[Kind.SUBSTITUTE_WANTED, Kind.CLASS_REMINDER])
    assert set(told.values_list("kind", "recipient__name")) == {
        (Kind.CLASS_CHANGED, booking.patient.name),
        (Kind.CLASS_TAKEN_OVER, "Helena"),
        (Kind.SUBSTITUTE_FOUND, "Asha"),
    }


def test_a_series_keeps_its_teacher_and_the_other_dates(slot: Slot) -> None:
    series = SeriesFactory()
    operations.stamp_series(series=series)
    first, second = series.slots.order_by("starts_at")[:2]
    colleague = InstructorFactory()

    accept(ask(first), colleague)

    first, second = series.slots.order_by("starts_at")[:2]
    series.refresh_from_db()
    assert (first.instructor, first.is_exception) == (colleague, True)
    assert (second.instructor, second.is_exception, series.instructor) == (series.instructor, False, series.instructor)


def test_access_to_the_class_moves_for_that_date_only() -> None:
    """Rosters and editors go by the instructor of the slot (`plannable_by`, `of_instructor`)."""
    series = SeriesFactory()
    operations.stamp_series(series=series)
    first, second = series.slots.order_by("starts_at")[:2]
    before, after = series.instructor.user, InstructorFactory().user

    accept(ask(first), after.instructor)

    both = Slot.objects.filter(pk__in=[first.pk, second.pk])
    assert list(both.plannable_by(before)) == list(both.of_instructor(before)) == [second]
    assert list(both.plannable_by(after)) == list(both.of_instructor(after)) == [first]


def test_the_second_to_accept_is_thanked_and_told_who_was_faster(slot: Slot) -> None:
    request = ask(slot)
    accept(request, InstructorFactory(user__name="Helena"))

    with pytest.raises(operations.AlreadyTakenOver) as refused:
        accept(request, InstructorFactory())

    assert str(refused.value) == ("Thank you! Helena has taken this class over already, so you need not do anything.")


def test_accepting_twice_is_accepting_once(slot: Slot) -> None:
    request, colleague = ask(slot), InstructorFactory()

    accept(request, colleague)
    accept(request, colleague)

    assert SlotChange.objects.count() == 1


def refused_for(request: SubstituteRequest, instructor: Instructor, **changes: Any) -> str:
    with pytest.raises(DomainError) as refused:
        accept(request, instructor, **changes)
    request.refresh_from_db()
    assert request.slot.instructor != instructor or request.instead_of == instructor
    return refused.value.code


def test_who_is_not_qualified_or_free_at_that_moment_is_refused(slot: Slot) -> None:
    request = ask(slot)
    busy, away, left = InstructorFactory(), InstructorFactory(), InstructorFactory(is_active=False)
    SlotFactory(instructor=busy, starts_at=slot.starts_at)
    TimeOffFactory(instructor=away, starts_at=slot.starts_at, ends_at=slot.ends_at)

    codes = [refused_for(request, each) for each in (busy, away, left, slot.instructor)]
    slot.class_type.qualifications.add(QualificationFactory())
    codes.append(refused_for(request, InstructorFactory()))

    assert codes == [
        "instructor_teaching",
        "instructor_away",
        "instructor_has_left",
        "teaches_it_anyway",
        "not_qualified",
    ]
    assert request.state == State.OPEN


def test_who_saw_the_class_at_another_time_is_asked_to_look_again(slot: Slot) -> None:
    request = ask(slot)
    slot = Slot.objects.with_details().get(pk=slot.pk)
    wanted = operations.Wanted.like(slot, starts_at=slot.starts_at + timedelta(days=1))
    operations.change_slots(slot=slot, wanted=wanted, scope=operations.Scope.THIS, revision=0, by=None)

    assert refused_for(request, InstructorFactory(), revision=0) == "changed_meanwhile"


def test_a_withdrawn_request_gives_nothing_away(slot: Slot) -> None:
    request = ask(slot)

    operations.withdraw_request(request=request)
    operations.withdraw_request(request=request)

    assert refused_for(request, InstructorFactory()) == "no_longer_wanted"
    assert request.state == State.WITHDRAWN


class TestAskingAgainAfterWithdrawing:
    @pytest.fixture(autouse=True)
    def _helena(self, db: None) -> None:
        InstructorFactory(user__name="Helena")

    def test_five_times_within_an_hour_writes_once(self, slot: Slot) -> None:
        requests = []
        for _time in range(5):
            requests.append(ask(slot))
            operations.withdraw_request(request=requests[-1])

        last = ask(slot)

        assert {request.pk for request in requests} == {last.pk}
        assert (last.is_open, last.closed_at) == (True, None)
        assert [message.recipient.name for message in last.messages.all() if message.recipient] == ["Helena"]
        assert Message.objects.count() == 1

    def test_that_it_was_published_meanwhile_is_no_reason_to_write_again(self) -> None:
        slot = SlotFactory(state=Slot.State.DRAFT)
        operations.withdraw_request(request=ask(slot))
        published = operations.publish_slot(slot=slot, by=None)

        ask(published)

        assert (Message.objects.count(), SlotChange.objects.count()) == (1, 1)

    def test_writes_to_who_was_not_asked_yet(self, slot: Slot) -> None:
        operations.withdraw_request(request=ask(slot))
        InstructorFactory(user__name="Ben")

        assert asked_people(ask(slot)) == {"Helena", "Ben"}
        assert Message.objects.count() == 2

    def test_an_hour_later_asks_anew(self, slot: Slot) -> None:
        first = operations.withdraw_request(request=ask(slot))
        SubstituteRequest.objects.update(closed_at=clock.now() - operations.substitutes.QUIET_AFTER_WITHDRAWAL)

        anew = ask(slot)

        assert anew.pk != first.pk
        assert asked_people(anew) == {"Helena"}

    def test_for_a_class_that_was_moved_meanwhile_asks_anew(self, slot: Slot) -> None:
        first = operations.withdraw_request(request=ask(slot))
        slot = Slot.objects.with_details().get(pk=slot.pk)
        wanted = operations.Wanted.like(slot, starts_at=slot.starts_at + timedelta(days=1))
        operations.change_slots(slot=slot, wanted=wanted, scope=operations.Scope.THIS, revision=0, by=None)

        anew = ask(slot)

        assert anew.pk != first.pk
        assert asked_people(anew) == {"Helena"}


def test_a_filled_request_cannot_be_withdrawn(slot: Slot) -> None:
    request = ask(slot)
    accept(request, InstructorFactory())

    with pytest.raises(operations.AlreadyTakenOver):
        operations.withdraw_request(request=request)


def test_a_request_lapses_when_the_class_goes_to_somebody_else(slot: Slot) -> None:
    request = ask(slot)
    slot = Slot.objects.with_details().get(pk=slot.pk)
    wanted = operations.Wanted.like(slot, instructor=InstructorFactory())
    operations.change_slots(slot=slot, wanted=wanted, scope=operations.Scope.THIS, revision=0, by=None)
    slot = Slot.objects.with_details().get(pk=slot.pk)

    code = refused_for(request, InstructorFactory())
    anew = ask(slot)

    assert code == "no_longer_wanted"
    assert (anew.instead_of, anew.state) == (slot.instructor, State.OPEN)
    request.refresh_from_db()
    assert request.state == State.WITHDRAWN


def test_when_the_class_comes_back_colleagues_are_asked_anew(slot: Slot) -> None:
    """The old mails are void by then, so the old request would ask nobody."""
    first, colleague, anybody = ask(slot), InstructorFactory(user__name="Helena"), slot.instructor
    for instructor in (colleague, anybody):
        slot = Slot.objects.with_details().get(pk=slot.pk)
        wanted = operations.Wanted.like(slot, instructor=instructor)
        operations.change_slots(slot=slot, wanted=wanted, scope=operations.Scope.THIS, revision=slot.revision, by=None)

    anew = ask(Slot.objects.with_details().get(pk=slot.pk))

    assert refused_for(first, colleague) == "no_longer_wanted"
    assert (anew.state, asked_people(anew)) == (State.OPEN, {"Helena"})


def test_a_manager_assigns_somebody_and_the_open_request_is_filled(slot: Slot) -> None:
    request, manager, colleague = ask(slot), UserFactory(name="Carla"), InstructorFactory(user__name="Helena")

    done = operations.assign_substitute(slot=slot, instructor=colleague, revision=0, by=manager)

    slot.refresh_from_db()
    assert (slot.instructor, done.pk, done.state) == (colleague, request.pk, State.FILLED)
    told = request.messages.exclude(kind=Kind.SUBSTITUTE_WANTED)
    assert set(told.values_list("kind", "recipient__name")) == {
        (Kind.CLASS_TAKEN_OVER, "Helena"),
        (Kind.SUBSTITUTE_FOUND, "Asha"),
    }


def test_an_assignment_that_nobody_had_asked_for_is_on_the_record(slot: Slot) -> None:
    manager, colleague = UserFactory(), InstructorFactory()

    operations.assign_substitute(slot=slot, instructor=colleague, revision=0, by=manager)

    request = SubstituteRequest.objects.get()
    assert (request.asked_by, request.instead_of, request.filled_by) == (manager, slot.instructor, colleague)


@pytest.mark.parametrize("obstacle", ["not_qualified", "teaches_it_anyway", "changed_meanwhile", "closed"])
def test_an_assignment_that_cannot_be_is_refused_with_the_reason(slot: Slot, obstacle: str) -> None:
    colleague = slot.instructor if obstacle == "teaches_it_anyway" else InstructorFactory()
    if obstacle == "not_qualified":
        slot.class_type.qualifications.add(QualificationFactory())
    if obstacle == "closed":
        ClosureFactory(starts_at=slot.starts_at, ends_at=slot.ends_at)
    revision = 1 if obstacle == "changed_meanwhile" else 0

    with pytest.raises(DomainError) as refused:
        operations.assign_substitute(slot=slot, instructor=colleague, revision=revision, by=UserFactory())

    assert refused.value.code == obstacle
    assert not SubstituteRequest.objects.exists() and not SlotChange.objects.exists()
