"""A series is edited while one of its classes is: what was made an exception meanwhile stays as it was made."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from scheduling.models import Series, Slot, SlotQuerySet
from scheduling.operations import Scope, Wanted, cancel_slots, change_slots, changes, start_series
from tests.factories import ClassTypeFactory, InstructorFactory, RoomFactory, SeriesFactory
from tests.races.crowd import Pause, all_at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

HOUR = timedelta(hours=1)


@pytest.fixture
def slots() -> list[Slot]:
    """Five classes of one series."""
    parts = {"class_type": ClassTypeFactory(), "instructor": InstructorFactory(), "room": RoomFactory()}
    start_series(series=SeriesFactory.build(recurrence="FREQ=WEEKLY;COUNT=5", **parts))
    return list(Slot.objects.with_details().select_related("series").order_by("starts_at"))


def change(slot: Slot, scope: Scope, **changed: Any) -> list[Slot]:
    wanted = Wanted.like(slot, **changed)
    return change_slots(slot=slot, wanted=wanted, scope=scope, revision=slot.revision, by=None)


def now(slot: Slot) -> Slot:
    return Slot.objects.with_details().select_related("series").get(pk=slot.pk)


def move_one_while(act: Callable[[], object], one: Slot) -> Any:
    """The class is moved by hand, and before that is committed, `act` begins."""
    pause = Pause()
    move = pause.before_commit(lambda: change(one, Scope.THIS, starts_at=one.starts_at + 3 * HOUR, capacity=3))
    return all_at_once([move, pause.then(act)])


def test_a_class_that_is_moved_by_hand_meanwhile_is_not_moved_with_its_series(slots: list[Slot]) -> None:
    first, one = slots[0], slots[3]

    ends = move_one_while(lambda: change(first, Scope.UPCOMING, starts_at=first.starts_at + HOUR, capacity=6), one)

    assert ends == {"ok": 2}
    assert (now(one).starts_at, now(one).capacity, now(one).is_exception) == (one.starts_at + 3 * HOUR, 3, True)
    assert [now(each).capacity for each in slots] == [6, 6, 6, 3, 6]


def as_they_were_before_waiting(slot: Slot, scope: Scope) -> list[Slot]:
    """Read first and locked afterwards."""
    chosen: SlotQuerySet = Slot.objects.filter(pk=slot.pk)
    if scope is not Scope.THIS:
        chosen |= changes._of_scope(slot, scope)
    slots = list(chosen.with_details().select_related("series"))
    list(Slot.objects.filter(pk__in=[each.pk for each in slots]).select_for_update(no_key=True).order_by("pk"))
    return slots


def test_control_read_before_the_lock_only_the_record_keeps_it_from_being_moved_back(
    slots: list[Slot], monkeypatch: pytest.MonkeyPatch
) -> None:
    """There cannot be two records of one revision, so the whole change of the series breaks off."""
    first, one = slots[0], slots[3]
    monkeypatch.setattr(changes, "locked_scope", as_they_were_before_waiting)

    ends = move_one_while(lambda: change(first, Scope.UPCOMING, starts_at=first.starts_at + HOUR, capacity=6), one)

    assert ends == {"ok": 1, "IntegrityError": 1}
    assert [now(each).capacity for each in slots] == [8, 8, 8, 3, 8]


def test_a_class_that_is_moved_by_hand_meanwhile_is_not_cancelled_with_its_series(slots: list[Slot]) -> None:
    cancel = partial(cancel_slots, slot=slots[0], scope=Scope.UPCOMING, reason="", revision=0, by=None)

    ends = move_one_while(cancel, slots[3])

    assert ends == {"ok": 2}
    assert [now(each).is_cancelled for each in slots] == [True, True, True, False, True]


def test_a_class_that_is_cancelled_meanwhile_does_not_move(slots: list[Slot]) -> None:
    first, one, pause = slots[0], slots[3], Pause()
    cancel = partial(cancel_slots, slot=one, scope=Scope.THIS, reason="", revision=0, by=None)
    move = pause.then(lambda: change(first, Scope.UPCOMING, starts_at=first.starts_at + HOUR))

    ends = all_at_once([pause.before_commit(cancel), move])

    assert ends == {"ok": 2}
    assert (now(one).starts_at, now(one).is_cancelled) == (one.starts_at, True)


def test_who_edits_an_exception_and_who_splits_its_series_do_not_deadlock(
    slots: list[Slot], monkeypatch: pytest.MonkeyPatch
) -> None:
    change(slots[3], Scope.THIS, capacity=7)
    exception, pause, lock = now(slots[3]), Pause(), changes.lock_for_planning

    def pausing_lock(instructors: Any, rooms: Any) -> None:
        """Who edits the exception holds it, and waits before the instructor."""
        if pause.reached.is_set():
            lock(instructors, rooms)
        else:
            pause.before(lock)(instructors, rooms)

    monkeypatch.setattr(changes, "lock_for_planning", pausing_lock)

    ends = all_at_once(
        [
            lambda: change(exception, Scope.THIS, capacity=6),
            pause.then(lambda: change(slots[1], Scope.FOLLOWING, capacity=5)),
        ]
    )

    assert ends == {"ok": 2}
    assert [now(each).capacity for each in slots] == [8, 5, 5, 6, 5]


def test_who_saw_an_exception_before_its_series_was_split_edits_the_series_that_it_is_in_now(slots: list[Slot]) -> None:
    change(slots[3], Scope.THIS, capacity=7)
    seen = now(slots[3])
    change(slots[2], Scope.FOLLOWING, price=2000)

    change(seen, Scope.UPCOMING, capacity=5)

    earlier, later = Series.objects.order_by("pk")
    assert (earlier.capacity, later.capacity) == (8, 5)
    assert [now(each).capacity for each in slots] == [8, 8, 5, 5, 5]
    assert [now(each).series for each in slots] == [earlier, earlier, later, later, later]


def test_who_saw_an_exception_before_its_series_was_split_ends_the_series_that_it_is_in_now(slots: list[Slot]) -> None:
    change(slots[3], Scope.THIS, capacity=7)
    seen = now(slots[3])
    change(slots[2], Scope.FOLLOWING, price=2000)

    cancel_slots(slot=seen, scope=Scope.UPCOMING, reason="", revision=seen.revision, by=None)

    earlier, later = Series.objects.order_by("pk")
    assert [now(each).is_cancelled for each in slots] == [False, False, True, True, True]
    assert earlier.ends_on < slots[2].series_day <= (later.ends_on or slots[2].series_day)
