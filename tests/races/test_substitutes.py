"""Several colleagues accept the same class at the same moment: one gets it, and patients hear of it once."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from core.errors import DomainError
from notifications.models import Kind, Message
from scheduling.models import Slot, SlotChange, SubstituteRequest
from scheduling.operations import (
    Scope,
    Wanted,
    accept_substitution,
    ask_for_substitute,
    assign_substitute,
    change_slots,
    substitutes,
    withdraw_request,
)
from tests.api.client import DescribedClient, description, signed_in
from tests.factories import BookingFactory, InstructorFactory, SlotFactory, UserFactory
from tests.races.crowd import all_at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

COLLEAGUES = 5
PATIENTS = 3


@pytest.fixture
def five_who_accept() -> list[Callable[[], object]]:
    slot = SlotFactory()
    BookingFactory.create_batch(PATIENTS, slot=slot)
    request = ask_for_substitute(slot=slot, by=slot.instructor.user)
    colleagues = InstructorFactory.create_batch(COLLEAGUES)
    return [
        partial(accept_substitution, request=request, instructor=each, revision=slot.revision, by=each.user)
        for each in colleagues
    ]


def _hear(act: Callable[[], object], said: list[str]) -> object:
    """What the refusal says, while the connection is there to look names up."""
    try:
        return act()
    except DomainError as error:
        said.append(str(error))
        raise


def told_per_booking() -> list[int]:
    told = Message.objects.filter(kind=Kind.CLASS_CHANGED).values_list("booking", flat=True)
    return sorted(list(told).count(booking) for booking in set(told))


def test_of_five_who_accept_at_once_one_gets_the_class(five_who_accept: list[Callable[[], object]]) -> None:
    said: list[str] = []

    ends = all_at_once(partial(_hear, act, said) for act in five_who_accept)

    slot, request = Slot.objects.get(), SubstituteRequest.objects.get()
    assert ends == {"ok": 1, "already_taken_over": COLLEAGUES - 1}
    assert (slot.instructor, slot.revision) == (request.filled_by, 1)
    assert set(said) == {
        f"Thank you! {request.filled_by} has taken this class over already, so you need not do anything."
    }
    assert told_per_booking() == [1] * PATIENTS
    assert Message.objects.filter(kind=Kind.CLASS_TAKEN_OVER).count() == 1


def test_of_five_programs_that_accept_at_once_one_gets_the_class_and_the_others_hear_who() -> None:
    slot = SlotFactory()
    request = ask_for_substitute(slot=slot, by=slot.instructor.user)
    programs = [signed_in(each.user) for each in InstructorFactory.create_batch(COLLEAGUES)]
    description()  # once; the programs of one process would each begin to write it
    answers: list[Any] = []

    def accept(program: DescribedClient) -> None:
        address = f"/api/v1/substitute-requests/{request.pk}/accept/"
        answers.append(program.post(address, {"revision": slot.revision}, format="json"))

    ends = all_at_once(partial(accept, program) for program in programs)

    slot.refresh_from_db()
    refused = [answer.json() for answer in answers if answer.status_code == 409]
    assert ends == {"ok": COLLEAGUES}
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * (COLLEAGUES - 1)
    assert {each["code"] for each in refused} == {"already_taken_over"}
    assert all(f"{slot.instructor} has taken this class over already" in each["detail"] for each in refused)


def without_lock(request: SubstituteRequest) -> SubstituteRequest:
    return SubstituteRequest.objects.with_details().get(pk=request.pk)


def without_slots_lock(pk: int) -> Slot:
    return Slot.objects.with_details().get(pk=pk)


@pytest.fixture
def without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(substitutes, "_locked_request", without_lock)
    monkeypatch.setattr(substitutes, "locked_slot", without_slots_lock)


@pytest.mark.usefixtures("without_locks")
def test_control_without_locking_the_request_the_others_are_not_told_who_was_faster(
    five_who_accept: list[Callable[[], object]],
) -> None:
    """The revision of the slot still keeps the second one out, but says the wrong thing."""
    ends = all_at_once(five_who_accept)

    assert ends["ok"] == 1
    assert ends["changed_meanwhile"] > 0


@pytest.mark.usefixtures("without_locks")
def test_control_without_the_lock_and_the_revision_several_get_it_and_patients_are_told_again_and_again(
    five_who_accept: list[Callable[[], object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def change_whatever_is_there(*, slot: Slot, revision: int, **wanted: Any) -> list[Slot]:
        now = Slot.objects.select_for_update(no_key=True).get(pk=slot.pk)
        return change_slots(slot=slot, revision=now.revision, **wanted)

    monkeypatch.setattr(substitutes, "change_slots", change_whatever_is_there)

    ends = all_at_once(five_who_accept)

    assert ends["ok"] > 1
    assert told_per_booking() == [ends["ok"]] * PATIENTS
    assert SlotChange.objects.count() == ends["ok"]


def test_of_five_managers_who_assign_somebody_at_once_the_first_is_heard_and_the_others_are_told() -> None:
    """No request is there to be locked: the slot's own lock and its revision decide."""
    slot, manager = SlotFactory(), UserFactory()
    assign = partial(assign_substitute, slot=slot, revision=slot.revision, by=manager)

    ends = all_at_once(partial(assign, instructor=each) for each in InstructorFactory.create_batch(COLLEAGUES))

    assert ends == {"ok": 1, "changed_meanwhile": COLLEAGUES - 1}
    assert SubstituteRequest.objects.get().filled_by == Slot.objects.get().instructor


def test_of_five_who_change_the_teacher_at_once_the_others_are_told_of_the_first() -> None:
    slot = Slot.objects.with_details().get(pk=SlotFactory().pk)
    change = partial(change_slots, slot=slot, scope=Scope.THIS, revision=slot.revision, by=None)
    colleagues = InstructorFactory.create_batch(COLLEAGUES)

    ends = all_at_once(partial(change, wanted=Wanted.like(slot, instructor=each)) for each in colleagues)

    assert ends == {"ok": 1, "changed_meanwhile": COLLEAGUES - 1}


def test_who_accepts_and_who_withdraws_at_once_agree() -> None:
    slot = SlotFactory()
    request, colleague = ask_for_substitute(slot=slot, by=slot.instructor.user), InstructorFactory()
    accept = partial(accept_substitution, request=request, instructor=colleague, revision=0, by=colleague.user)

    ends = all_at_once([accept, partial(withdraw_request, request=request)])

    request.refresh_from_db()
    assert ends["ok"] == 1
    assert ends[{"filled": "already_taken_over", "withdrawn": "no_longer_wanted"}[request.state]] == 1


def test_of_five_who_ask_for_the_same_class_at_once_one_request_is_opened() -> None:
    slot = SlotFactory()
    InstructorFactory()

    ends = all_at_once([partial(ask_for_substitute, slot=slot, by=slot.instructor.user)] * 5)

    assert ends == {"ok": 5}
    assert SubstituteRequest.objects.count() == Message.objects.count() == 1
