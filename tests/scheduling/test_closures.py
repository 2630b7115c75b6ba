"""Closures and times off: what may be added, which classes lie in them, and what is guaranteed at the same moment."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from core.errors import DomainError
from scheduling.models import Closure, Slot, TimeOff
from scheduling.operations import (
    AlreadyOver,
    ClinicIsClosed,
    EndsBeforeItBegins,
    InstructorIsAway,
    TooFarAhead,
    add_closure,
    add_time_off,
    closures,
    conflicts_of,
    count_undecided,
    draft_slot,
    keep_class,
    publish_slot,
    remove_closure,
    remove_time_off,
)
from tests.factories import (
    ClassTypeFactory,
    ClosureFactory,
    InstructorFactory,
    LocationFactory,
    RoomFactory,
    SlotFactory,
    TimeOffFactory,
)
from tests.races.crowd import Pause, all_at_once
from tests.scheduling.conftest import MONDAY_MORNING

DAY = timedelta(days=1)
TUESDAY = MONDAY_MORNING + DAY
BEFORE, AFTER = TUESDAY - timedelta(hours=2), TUESDAY + timedelta(hours=2)


def at_tuesday(**fields: Any) -> Slot:
    return SlotFactory(starts_at=TUESDAY, **fields)


@pytest.mark.django_db
@pytest.mark.usefixtures("monday")
class TestWhatLiesInIt:
    def test_a_closed_clinic_stops_every_class_even_on_line(self) -> None:
        in_a_room, online = at_tuesday(), at_tuesday(room=None)

        closure = add_closure(place=None, starts_at=BEFORE, ends_at=AFTER, reason="Storm")

        assert set(conflicts_of(closure)) == {in_a_room, online}

    def test_a_closed_location_or_room_stops_its_own_classes_only(self) -> None:
        slot, _other, _online = at_tuesday(), at_tuesday(), at_tuesday(room=None)
        beside = at_tuesday(room=RoomFactory(location=slot.room.location))
        close = partial(add_closure, starts_at=BEFORE, ends_at=AFTER, reason="Works")

        house, room = close(place=slot.room.location), close(place=slot.room)

        assert set(conflicts_of(house)) == {slot, beside}
        assert list(conflicts_of(room)) == [slot]

    def test_a_time_off_stops_the_classes_of_its_instructor_only(self) -> None:
        slot, _other = at_tuesday(), at_tuesday()

        time_off = add_time_off(instructor=slot.instructor, starts_at=BEFORE, ends_at=AFTER)

        assert list(conflicts_of(time_off)) == [slot]

    def test_drafts_count_but_nothing_that_is_cancelled_has_begun_or_merely_touches_it(self) -> None:
        draft = at_tuesday(state=Slot.State.DRAFT)
        at_tuesday(state=Slot.State.CANCELLED)
        SlotFactory(starts_at=MONDAY_MORNING - timedelta(minutes=10))
        SlotFactory(starts_at=BEFORE - timedelta(hours=1))
        SlotFactory(starts_at=AFTER)

        closure = ClosureFactory(starts_at=BEFORE, ends_at=AFTER)
        since_sunday = ClosureFactory(starts_at=MONDAY_MORNING - DAY, ends_at=MONDAY_MORNING + timedelta(hours=1))

        assert list(conflicts_of(closure)) == [draft]
        assert list(conflicts_of(since_sunday)) == []

    def test_nothing_happens_to_a_class_because_of_it(self) -> None:
        slot = at_tuesday(taken=3)
        before = Slot.objects.filter(pk=slot.pk).values().get()

        add_closure(place=None, starts_at=BEFORE, ends_at=AFTER, reason="Storm")
        add_time_off(instructor=slot.instructor, starts_at=BEFORE, ends_at=AFTER)

        assert Slot.objects.filter(pk=slot.pk).values().get() == before

    @pytest.mark.parametrize("rows", [1, 3])
    def test_those_to_decide_about_are_counted_in_two_queries(
        self, rows: int, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        slots = [at_tuesday() for _ in range(2)]
        closed = [ClosureFactory(starts_at=BEFORE, ends_at=AFTER) for _ in range(rows)]
        room_only = ClosureFactory(room=slots[1].room, starts_at=BEFORE, ends_at=AFTER)
        keep_class(absence=closed[0], slot=slots[0])
        keep_class(absence=closed[0], slot=slots[0])

        with django_assert_num_queries(2):
            counted = count_undecided([*closed, room_only])

        assert [counted[each.pk] for each in closed] == [1, *[2] * (rows - 1)]
        assert counted[room_only.pk] == 1

    def test_a_class_kept_in_a_closure_is_still_to_be_decided_in_a_time_off(self) -> None:
        slot = at_tuesday()
        closure = ClosureFactory(starts_at=BEFORE, ends_at=AFTER)
        time_off = TimeOffFactory(instructor=slot.instructor, starts_at=BEFORE, ends_at=AFTER)

        keep_class(absence=time_off, slot=slot)

        assert (count_undecided([closure]), count_undecided([time_off])) == ({closure.pk: 1}, {time_off.pk: 0})


@pytest.mark.django_db
@pytest.mark.usefixtures("monday")
class TestAdding:
    @pytest.mark.parametrize(
        ("begins", "ends", "refusal"),
        [
            (AFTER, BEFORE, EndsBeforeItBegins),
            (AFTER, AFTER, EndsBeforeItBegins),
            (MONDAY_MORNING - DAY, MONDAY_MORNING, AlreadyOver),
            (BEFORE, MONDAY_MORNING + timedelta(days=731), TooFarAhead),
        ],
    )
    def test_impossible_times_are_refused(self, begins: datetime, ends: datetime, refusal: type[DomainError]) -> None:
        with pytest.raises(refusal):
            add_closure(place=None, starts_at=begins, ends_at=ends, reason="Storm")
        with pytest.raises(refusal):
            add_time_off(instructor=InstructorFactory(), starts_at=begins, ends_at=ends)

        assert not Closure.objects.exists() and not TimeOff.objects.exists()

    def test_nothing_can_be_planned_in_it_until_it_is_removed(self) -> None:
        teacher, room = InstructorFactory(), RoomFactory()
        plan = partial(draft_slot, class_type=ClassTypeFactory(), instructor=teacher, room=room, starts_at=TUESDAY)
        closure = add_closure(place=LocationFactory(), starts_at=BEFORE, ends_at=AFTER, reason="Elsewhere")
        closed = add_closure(place=room, starts_at=BEFORE, ends_at=AFTER, reason="Works")
        away = add_time_off(instructor=teacher, starts_at=BEFORE, ends_at=AFTER)

        with pytest.raises(ClinicIsClosed):
            plan()
        remove_closure(closure=closed)
        with pytest.raises(InstructorIsAway):
            plan()
        remove_time_off(time_off=away)

        assert plan().pk
        assert list(Closure.objects.all()) == [closure]


def whole_clinic(slot: Slot) -> Closure:
    return add_closure(place=None, starts_at=slot.starts_at - DAY, ends_at=slot.starts_at + DAY, reason="Storm")


def its_location(slot: Slot) -> Closure:
    return add_closure(
        place=slot.room.location, starts_at=slot.starts_at - DAY, ends_at=slot.starts_at + DAY, reason="Works"
    )


def its_instructor(slot: Slot) -> TimeOff:
    return add_time_off(instructor=slot.instructor, starts_at=slot.starts_at - DAY, ends_at=slot.starts_at + DAY)


ADDED_AT_THAT_MOMENT = [
    pytest.param({}, whole_clinic, id="whole clinic"),
    pytest.param({"room": None}, whole_clinic, id="whole clinic, class on-line"),
    pytest.param({}, its_location, id="location"),
    pytest.param({}, its_instructor, id="time off"),
]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
class TestAtTheSameMoment:
    """A class is published while a closure is added: the publishing waits at its very end, the closure comes."""

    def meet(self, fields: dict[str, Any], add: Callable[[Slot], Any]) -> tuple[list[Slot], dict[str, int]]:
        slot = SlotFactory(state=Slot.State.DRAFT, **fields)
        Slot.objects.filter(pk=slot.pk).update(state=Slot.State.CANCELLED, cancelled_at=slot.created_at)
        found: list[Slot] = []
        pause = Pause()

        def plan() -> None:
            drafted = draft_slot(
                class_type=slot.class_type,
                instructor=slot.instructor,
                room=slot.room,
                starts_at=slot.starts_at,
                online_link=slot.online_link,
            )
            publish_slot(slot=drafted, by=None)

        ends = all_at_once([pause.before_commit(plan), pause.then(lambda: found.extend(conflicts_of(add(slot))))])
        return found, dict(ends)

    @pytest.mark.parametrize(("fields", "add"), ADDED_AT_THAT_MOMENT)
    def test_a_class_that_got_in_first_is_among_the_conflicts(
        self, fields: dict[str, Any], add: Callable[[Slot], Any]
    ) -> None:
        found, ends = self.meet(fields, add)

        assert ends == {"ok": 2}
        assert found == list(Slot.objects.published())

    @pytest.mark.parametrize(("fields", "add"), ADDED_AT_THAT_MOMENT)
    def test_control_without_the_locks_it_is_in_nobodys_list(
        self, fields: dict[str, Any], add: Callable[[Slot], Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(closures, "lock_for_planning", lambda *_rows: None)

        found, ends = self.meet(fields, add)

        assert ends == {"ok": 2}
        assert (found, Slot.objects.published().count()) == ([], 1)

    @pytest.mark.parametrize(("fields", "add"), ADDED_AT_THAT_MOMENT)
    def test_a_class_that_comes_second_is_refused(self, fields: dict[str, Any], add: Callable[[Slot], Any]) -> None:
        slot = SlotFactory(state=Slot.State.DRAFT, **fields)
        pause = Pause()

        ends = all_at_once(
            [pause.before_commit(partial(add, slot)), pause.then(partial(publish_slot, slot=slot, by=None))]
        )

        assert ends["ok"] == 1 and ends["closed"] + ends["instructor_away"] == 1
        assert not Slot.objects.published().exists()
