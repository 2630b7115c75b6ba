"""A change of a series leaves classes out: they stay as they are, as exceptions, and all the others change."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from core import clock
from scheduling.models import Series, Slot, SlotChange
from scheduling.operations import (
    DaysBlocked,
    NoClassLeft,
    Scope,
    Wanted,
    change_slots,
    preview_change,
    stamp_series,
    start_series,
)
from tests.factories import ClassTypeFactory, ClosureFactory, InstructorFactory, RoomFactory, SeriesFactory, SlotFactory
from tests.scheduling.conftest import StandAt

pytestmark = pytest.mark.django_db

THIS, FOLLOWING, UPCOMING = Scope.THIS, Scope.FOLLOWING, Scope.UPCOMING


@pytest.fixture(autouse=True)
def _first_of_november(stand_at: StandAt) -> None:
    stand_at(datetime(2026, 11, 1, 8, tzinfo=UTC))


def started(**rule: Any) -> Series:
    """A series at 18:00 from Monday 2 November on; weekly unless told otherwise."""
    parts = {"class_type": ClassTypeFactory(), "instructor": InstructorFactory(), "room": RoomFactory()}
    return start_series(series=SeriesFactory.build(starts_on=date(2026, 11, 2), **parts, **rule))


@pytest.fixture
def series() -> Series:
    """Five Mondays: 2, 9, 16, 23 and 30 November."""
    return started(recurrence="FREQ=WEEKLY;COUNT=5")


def slot_on(day: int, month: int = 11) -> Slot:
    return Slot.objects.with_details().select_related("series").get(series_day=date(2026, month, day))


def at(slot: Slot, hour: int, *, days: int = 0) -> datetime:
    return clock.instant_of(clock.clinic_time(slot.starts_at).date() + timedelta(days=days), time(hour))


def change(slot: Slot, scope: Scope = UPCOMING, *, leave_out: Any = (), **changes: Any) -> list[Slot]:
    wanted = Wanted.like(slot, **changes)
    keys = [each.pk for each in leave_out]
    return change_slots(slot=slot, wanted=wanted, scope=scope, revision=slot.revision, by=None, leave_out=keys)


def walls(series: Series) -> list[str]:
    slots = Slot.objects.filter(class_type=series.class_type).order_by("starts_at")
    return [f"{clock.clinic_time(slot.starts_at):%d.%m. %H:%M}" for slot in slots]


def taken_at(slot: Slot, hour: int, **where: Any) -> Slot:
    """Another class in the room of `slot` on its day, or `where`."""
    return SlotFactory(starts_at=at(slot, hour), **{"room": slot.room} | where)


class TestWhatStays:
    def test_the_blocked_class_stays_as_an_exception_and_the_others_change(self, series: Series) -> None:
        taken_at(slot_on(16), 19)

        changed = change(slot_on(2), starts_at=at(slot_on(2), 19), leave_out=[slot_on(16)])

        left_out = slot_on(16)
        assert walls(series) == ["02.11. 19:00", "09.11. 19:00", "16.11. 18:00", "23.11. 19:00", "30.11. 19:00"]
        assert (left_out.is_exception, left_out.revision, left_out.moved_at) == (True, 0, None)
        assert left_out.pk not in [slot.pk for slot in changed]
        assert set(SlotChange.objects.values_list("slot", flat=True)) == {slot.pk for slot in changed}
        assert Series.objects.get().wall_time == time(19)

    def test_a_later_change_of_the_series_leaves_it_alone_as_well(self, series: Series) -> None:
        change(slot_on(2), starts_at=at(slot_on(2), 19), leave_out=[slot_on(16)])

        change(slot_on(2), capacity=5)

        assert [slot_on(day).capacity for day in (2, 9, 16, 23, 30)] == [5, 5, 8, 5, 5]

    def test_the_class_at_hand_can_be_left_out_too(self, series: Series) -> None:
        first = slot_on(9)

        change(first, FOLLOWING, starts_at=at(first, 19), leave_out=[first])

        assert walls(series) == ["02.11. 18:00", "09.11. 18:00", "16.11. 19:00", "23.11. 19:00", "30.11. 19:00"]
        assert slot_on(9).series == slot_on(16).series != slot_on(2).series

    def test_when_the_others_move_to_another_weekday_it_is_still_the_class_of_its_week(self, stand_at: StandAt) -> None:
        series = started(recurrence="FREQ=WEEKLY;BYDAY=MO")
        change(slot_on(2), starts_at=at(slot_on(2), 18, days=1), leave_out=[slot_on(16)])
        stand_at(datetime(2026, 11, 15, tzinfo=UTC))

        stamped = stamp_series(series=Series.objects.get())

        assert walls(series)[:4] == ["03.11. 18:00", "10.11. 18:00", "16.11. 18:00", "24.11. 18:00"]
        assert (stamped, walls(series)[-1]) == (2, "02.02. 18:00")
        assert len(walls(series)) == 14  # one a week

    def test_other_keys_leave_nothing_out(self, series: Series) -> None:
        changed = change(slot_on(9), FOLLOWING, capacity=5, leave_out=[slot_on(2), SlotFactory()])

        assert len(changed) == 4
        assert not slot_on(2).is_exception

    def test_somebody_has_to_remain(self, series: Series) -> None:
        with pytest.raises(NoClassLeft):
            change(slot_on(23), FOLLOWING, capacity=5, leave_out=[slot_on(23), slot_on(30)])
        with pytest.raises(NoClassLeft):
            change(slot_on(23), THIS, capacity=5, leave_out=[slot_on(23)])

        assert not Slot.objects.exclude(capacity=8).exists()

    def test_the_preview_says_what_changes_and_what_stays_and_saves_nothing(self, series: Series) -> None:
        slot = slot_on(2)
        wanted = Wanted.like(slot, starts_at=at(slot, 19))

        seen = preview_change(slot=slot, wanted=wanted, scope=UPCOMING, revision=0, leave_out=[slot_on(16).pk])

        assert [planned.slot.series_day.day for planned in seen.changes if planned.slot.series_day] == [2, 9, 23, 30]
        assert [(each.pk, each.starts_at) for each in seen.staying] == [(slot_on(16).pk, at(slot_on(16), 18))]
        assert not Slot.objects.filter(is_exception=True).exists()
        assert {wall[-5:] for wall in walls(series)} == {"18:00"}


class TestWhatHasToBeLeftOut:
    def test_the_refusal_names_each_class_with_its_reason(self, series: Series) -> None:
        taken_at(slot_on(16), 19)
        ClosureFactory(starts_at=at(slot_on(30), 19), ends_at=at(slot_on(30), 20))

        with pytest.raises(DaysBlocked) as refusal:
            change(slot_on(2), starts_at=at(slot_on(2), 19))

        blocked = [(day.slot, day.day, day.problem and day.problem.code) for day in refusal.value.blocked]
        assert blocked == [
            (slot_on(16), date(2026, 11, 16), "room_taken"),
            (slot_on(30), date(2026, 11, 30), "closed"),
        ]
        stand = [day.slot.starts_at for day in refusal.value.blocked if day.slot]
        assert stand == [at(slot_on(16), 18), at(slot_on(30), 18)]

    def test_what_is_left_out_is_not_asked_about_again(self, series: Series) -> None:
        for day in (16, 30):
            taken_at(slot_on(day), 19)

        with pytest.raises(DaysBlocked) as refusal:
            change(slot_on(2), starts_at=at(slot_on(2), 19), leave_out=[slot_on(16)])

        assert [day.slot for day in refusal.value.blocked] == [slot_on(30)]

    def test_a_class_that_stays_may_block_the_next_which_is_named_at_once(self) -> None:
        """Each day moves to the next; the one that cannot stays where the one before it would be."""
        series = started(recurrence="FREQ=DAILY;COUNT=5")
        ClosureFactory(starts_at=slot_on(5).starts_at, ends_at=slot_on(5).ends_at)

        with pytest.raises(DaysBlocked) as refusal:
            change(slot_on(2), starts_at=at(slot_on(2), 18, days=1))
        blocked = [day.slot for day in refusal.value.blocked if day.slot]
        change(slot_on(2), starts_at=at(slot_on(2), 18, days=1), leave_out=blocked)

        assert blocked == list(Slot.objects.filter(series__isnull=False).order_by("starts_at")[:3])
        assert walls(series) == ["02.11. 18:00", "03.11. 18:00", "04.11. 18:00", "06.11. 18:00", "07.11. 18:00"]

    def test_a_class_with_more_people_than_places_wanted(self, series: Series) -> None:
        Slot.objects.filter(pk=slot_on(16).pk).update(taken=6)

        with pytest.raises(DaysBlocked) as refusal:
            change(slot_on(2), capacity=5)
        change(slot_on(2), capacity=5, leave_out=[slot_on(16)])

        assert [(day.slot, day.problem and day.problem.code) for day in refusal.value.blocked] == [
            (slot_on(16), "capacity_below_taken")
        ]
        assert [slot_on(day).capacity for day in (2, 9, 16, 23, 30)] == [5, 5, 8, 5, 5]

    def test_29_a_night_that_has_no_such_time(self, stand_at: StandAt) -> None:
        stand_at(datetime(2027, 3, 10, tzinfo=UTC))
        parts = {"class_type": ClassTypeFactory(), "instructor": InstructorFactory(), "room": RoomFactory()}
        rule = {"recurrence": "FREQ=WEEKLY;COUNT=3", "starts_on": date(2027, 3, 21)}  # Sundays; the 28th has no 02:30
        series = start_series(series=SeriesFactory.build(**parts, **rule))
        first, second, _third = Slot.objects.with_details().order_by("starts_at")
        half_past_two = clock.instant_of(date(2027, 3, 21), time(2, 30))

        with pytest.raises(DaysBlocked) as refusal:
            change(first, starts_at=half_past_two)
        change(first, starts_at=half_past_two, leave_out=[second])

        assert [(day.slot, day.problem and day.problem.code) for day in refusal.value.blocked] == [
            (second, "nonexistent_wall_time")
        ]
        assert walls(series) == ["21.03. 02:30", "28.03. 18:00", "04.04. 02:30"]

    def test_a_plan_that_no_class_can_have_is_refused_as_such(self, series: Series) -> None:
        with pytest.raises(Exception, match="holds 20 mats"):
            change(slot_on(2), capacity=21)

    @pytest.mark.parametrize("weeks", [3, 12])
    def test_finding_them_takes_the_same_queries_for_few_and_for_many(
        self, weeks: int, django_assert_num_queries: Any
    ) -> None:
        started(recurrence=f"FREQ=WEEKLY;COUNT={weeks}")
        first = slot_on(2)
        for slot in Slot.objects.filter(series__isnull=False)[1:]:
            taken_at(slot, 19)

        # series (3), locks of slots, instructors, rooms and what they read, closures, times off, clashes, savepoint
        with django_assert_num_queries(15), pytest.raises(DaysBlocked) as refusal:
            change(first, starts_at=at(first, 19))

        assert len(refusal.value.blocked) == weeks - 1


class TestTheVeryInstant:
    """A slot that is changed by itself begins when it is said to begin, also in the night with two equal hours."""

    SUNDAY = date(2027, 10, 31)

    def test_the_second_of_two_equal_times_instead_of_the_first(self) -> None:
        first, second = (clock.instant_of(self.SUNDAY, time(2, 30), fold=fold) for fold in (0, 1))
        slot = SlotFactory(starts_at=first)

        change(slot, THIS, starts_at=second)

        slot.refresh_from_db()
        assert (slot.starts_at, slot.ends_at) == (second, second + timedelta(hours=1))

    def test_an_instant_is_not_asked_about(self) -> None:
        second = clock.instant_of(self.SUNDAY, time(2, 30), fold=1)
        slot = SlotFactory(starts_at=second - timedelta(days=1))

        change(slot, THIS, starts_at=second)

        slot.refresh_from_db()
        assert slot.starts_at == second
