"""Fault 10, for single slots: two classes want one room, or one instructor, at one time; the database lets one in."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection

from core import clock
from scheduling.models import ClassType, Instructor, Room, Slot
from scheduling.operations import Scope, Wanted, change_slots, changes, draft_slot, planning, publish_slot, slots
from tests.factories import ClassTypeFactory, InstructorFactory, RoomFactory, SlotFactory
from tests.races.crowd import Pause, all_at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROOM_RULE = "a_room_holds_one_class_at_a_time"
INSTRUCTOR_RULE = "an_instructor_teaches_one_class_at_a_time"


def plan_and_publish(*, class_type: ClassType, room: Room, instructor: Instructor, minutes_later: int) -> Slot:
    starts_at = (clock.now() + timedelta(days=3)).replace(minute=0, second=0, microsecond=0)
    starts_at += timedelta(minutes=minutes_later)
    slot = draft_slot(class_type=class_type, instructor=instructor, room=room, starts_at=starts_at)
    return publish_slot(slot=slot, by=None)


@pytest.fixture
def without_rule(request: pytest.FixtureRequest) -> Iterator[None]:
    """The database without one of the rules, for a while."""
    [rule] = [each for each in Slot._meta.constraints if each.name == request.param]
    with connection.schema_editor() as editor:
        editor.remove_constraint(Slot, rule)
    yield
    Slot.objects.all().delete()
    with connection.schema_editor() as editor:
        editor.add_constraint(Slot, rule)


def eight_into_one_room() -> list[partial[Slot]]:
    """Eight instructors who want overlapping times in one room."""
    plan = partial(plan_and_publish, class_type=ClassTypeFactory(minutes=60), room=RoomFactory())
    return [partial(plan, instructor=InstructorFactory(), minutes_later=5 * nth) for nth in range(8)]


def eight_times_one_instructor() -> list[partial[Slot]]:
    """One instructor, sent to eight rooms at overlapping times."""
    plan = partial(plan_and_publish, class_type=ClassTypeFactory(minutes=60), instructor=InstructorFactory())
    return [partial(plan, room=RoomFactory(), minutes_later=5 * nth) for nth in range(8)]


def test_10_of_eight_classes_at_once_in_one_room_one_is_planned() -> None:
    ends = all_at_once(eight_into_one_room())

    assert ends == {"ok": 1, "room_taken": 7}
    assert Slot.objects.published().count() == Slot.objects.count() == 1


def test_10_of_eight_classes_at_once_by_one_instructor_one_is_planned() -> None:
    ends = all_at_once(eight_times_one_instructor())

    assert ends == {"ok": 1, "instructor_teaching": 7}
    assert Slot.objects.published().count() == Slot.objects.count() == 1


@pytest.fixture
def without_looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks for clashes before writing: only the database stands in the way."""
    for module in (planning, slots):
        monkeypatch.setattr(module, "obstacles_to", lambda slots, moving=(): {})
    monkeypatch.setattr(changes, "obstacles_to_moves", lambda moves: {})


@pytest.mark.usefixtures("without_looking")
def test_10_the_database_alone_lets_one_class_into_the_room() -> None:
    assert all_at_once(eight_into_one_room()) == {"ok": 1, "room_taken": 7}


@pytest.mark.usefixtures("without_looking")
def test_10_the_database_alone_lets_an_instructor_teach_one_class() -> None:
    assert all_at_once(eight_times_one_instructor()) == {"ok": 1, "instructor_teaching": 7}


@pytest.mark.parametrize("without_rule", [ROOM_RULE], indirect=True)
@pytest.mark.usefixtures("without_rule", "without_looking")
def test_10_control_without_the_rule_all_eight_get_the_room() -> None:
    assert all_at_once(eight_into_one_room()) == {"ok": 8}


@pytest.mark.parametrize("without_rule", [INSTRUCTOR_RULE], indirect=True)
@pytest.mark.usefixtures("without_rule", "without_looking")
def test_10_control_without_the_rule_the_instructor_teaches_eight_classes_at_once() -> None:
    assert all_at_once(eight_times_one_instructor()) == {"ok": 8}


@pytest.fixture
def slow_updates() -> Iterator[None]:
    """Each slot's row is changed half a second before the room's rule is looked after, so that two meet in between."""
    [rule] = [each for each in Slot._meta.constraints if each.name == ROOM_RULE]
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION slowly(bigint) RETURNS bigint LANGUAGE plpgsql IMMUTABLE "
            "AS $$ BEGIN PERFORM pg_sleep(0.5); RETURN $1; END $$"
        )
        cursor.execute("CREATE INDEX slow_slots ON scheduling_slot (slowly(id))")
    with connection.schema_editor() as editor:  # indexes are worked through in the order in which they were made
        editor.remove_constraint(Slot, rule)
        editor.add_constraint(Slot, rule)
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX slow_slots")
        cursor.execute("DROP FUNCTION slowly")


def two_drafts_that_change_rooms() -> list[partial[list[Slot]]]:
    one = SlotFactory(state=Slot.State.DRAFT)
    other = SlotFactory(state=Slot.State.DRAFT, starts_at=one.starts_at)
    change = partial(change_slots, scope=Scope.THIS, revision=0, by=None)
    return [
        partial(change, slot=slot, wanted=Wanted.like(slot, room=room))
        for slot, room in [(one, other.room), (other, one.room)]
    ]


@pytest.mark.usefixtures("slow_updates")
def test_two_drafts_that_change_rooms_at_once_are_told_who_is_there_and_do_not_deadlock() -> None:
    assert all_at_once(two_drafts_that_change_rooms()) == {"room_taken": 2}


@pytest.mark.usefixtures("slow_updates", "without_looking")
def test_control_without_waiting_for_the_rooms_they_deadlock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "lock_for_planning", lambda *_rows: None)

    assert all_at_once(two_drafts_that_change_rooms())["OperationalError"] > 0


def test_back_to_back_classes_share_a_room_and_an_instructor() -> None:
    plan = partial(
        plan_and_publish, class_type=ClassTypeFactory(minutes=60), room=RoomFactory(), instructor=InstructorFactory()
    )

    ends = all_at_once(partial(plan, minutes_later=60 * nth) for nth in range(4))

    assert ends == {"ok": 4}


def test_a_draft_that_gets_another_teacher_while_it_is_published_is_still_found() -> None:
    draft, other, pause = SlotFactory(state=Slot.State.DRAFT), InstructorFactory(), Pause()
    replace = pause.before_commit(lambda: Slot.objects.filter(pk=draft.pk).update(instructor=other))

    assert all_at_once([replace, pause.then(lambda: publish_slot(slot=draft, by=None))]) == {"ok": 2}
    assert Slot.objects.published().get().instructor == other
