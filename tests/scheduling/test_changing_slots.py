"""Changing planned slots in three scopes: what moves, what stays, and what is on the record."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from accounts.models import User
from accounts.roles import MANAGER
from core import clock
from scheduling.models import Series, Slot, SlotChange
from scheduling.operations import (
    CannotChange,
    CannotShift,
    CapacityBelowTaken,
    ChangedMeanwhile,
    DaysBlocked,
    NotPartOfSeries,
    NotYourSeries,
    RoomIsTaken,
    RoomTooSmall,
    Scope,
    Wanted,
    cancel_slots,
    change_slots,
    stamp_series,
    start_series,
)
from scheduling.signals import slot_changed
from tests.factories import ClassTypeFactory, InstructorFactory, RoomFactory, SeriesFactory, SlotFactory, UserFactory
from tests.scheduling.mondays import at, change, heard, slot_on, walls

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("twentieth_of_october")]

THIS, FOLLOWING, UPCOMING = Scope.THIS, Scope.FOLLOWING, Scope.UPCOMING


class TestThisOne:
    def test_it_moves_and_the_others_stay(self, mondays: Series, editor: User) -> None:
        slot = slot_on(mondays, 11, 2)

        change_slots(slot=slot, wanted=Wanted.like(slot, starts_at=at(slot, 19)), scope=THIS, revision=0, by=editor)

        assert walls()[3:7] == ["26.10. 18:00", "02.11. 19:00", "09.11. 18:00", "16.11. 18:00"]
        slot.refresh_from_db()
        assert (slot.is_exception, slot.revision, slot.moved_at) == (True, 1, clock.now())
        record = SlotChange.objects.get()
        assert (record.slot, record.made_by, record.tells) == (slot, editor, False)
        assert record.before.keys() == {"starts_at", "ends_at"}
        assert record.before["starts_at"] == "2026-11-02T17:00:00+00:00"

    def test_nothing_different_is_no_change(self, mondays: Series) -> None:
        assert change(slot_on(mondays, 11, 2)) == []
        assert SlotChange.objects.count() == 0

    def test_a_single_slot_needs_no_series(self) -> None:
        slot = SlotFactory(starts_at=clock.now() + timedelta(days=3))

        change(slot, capacity=5)

        slot.refresh_from_db()
        assert (slot.capacity, slot.is_exception) == (5, False)
        with pytest.raises(NotPartOfSeries):
            change(slot, UPCOMING, capacity=6)

    def test_a_clash_is_refused_by_name_and_nothing_is_saved(self, mondays: Series) -> None:
        slot = slot_on(mondays, 11, 2)
        other = SlotFactory(room=mondays.room, starts_at=at(slot, 20))

        with pytest.raises(RoomIsTaken, match=other.class_type.name):
            change(slot, starts_at=at(slot, 19, 30))

        assert slot_on(mondays, 11, 2).starts_at == slot.starts_at

    def test_it_may_overlap_its_own_old_time(self, mondays: Series) -> None:
        slot = slot_on(mondays, 11, 2)

        change(slot, starts_at=at(slot, 18, 30))

        assert "02.11. 18:30" in walls()

    def test_the_figures_are_checked(self, mondays: Series) -> None:
        slot = slot_on(mondays, 11, 2)
        Slot.objects.filter(pk=slot.pk).update(taken=3)

        with pytest.raises(CapacityBelowTaken, match="3 places"):
            change(slot, capacity=2)
        with pytest.raises(RoomTooSmall):
            change(slot, capacity=21)

    def test_of_two_editors_the_second_is_told(self, mondays: Series) -> None:
        first_sees = second_sees = slot_on(mondays, 11, 2)
        change(first_sees, capacity=5)

        with pytest.raises(ChangedMeanwhile):
            change(second_sees, price=900)

        assert slot_on(mondays, 11, 2).price == mondays.price

    def test_what_has_begun_or_was_cancelled_stays(self, mondays: Series) -> None:
        with pytest.raises(CannotChange):
            change(slot_on(mondays, 10, 12), capacity=5)
        slot = slot_on(mondays, 11, 2)
        cancel_slots(slot=slot, scope=THIS, reason="", revision=0, by=None)
        with pytest.raises(CannotChange):
            change(slot_on(mondays, 11, 2), capacity=5)


class TestThisAndFollowing:
    def test_the_series_is_split_and_the_slots_stay_the_rows_that_they_are(self, mondays: Series) -> None:
        before = {slot.pk: slot.series_day for slot in Slot.objects.all()}
        slot = slot_on(mondays, 11, 9)

        change(slot, FOLLOWING, starts_at=at(slot, 19), capacity=5)

        assert walls()[4:6] == ["02.11. 18:00", "09.11. 19:00"]
        assert {each[-5:] for each in walls()[5:]} == {"19:00"}
        assert {each.pk: each.series_day for each in Slot.objects.all()} == before
        mondays.refresh_from_db()
        [later] = mondays.splits.all()
        assert (mondays.ends_on, mondays.wall_time, mondays.capacity) == (date(2026, 11, 8), time(18), 8)
        assert (later.starts_on, later.wall_time, later.capacity) == (date(2026, 11, 9), time(19), 5)
        assert (mondays.slots.count(), later.slots.count()) == (5, 7)

    def test_both_halves_are_stamped_on_as_they_are_now(self, mondays: Series, monkeypatch: pytest.MonkeyPatch) -> None:
        slot = slot_on(mondays, 11, 9)
        change(slot, FOLLOWING, starts_at=at(slot, 19))
        monkeypatch.setattr(clock, "reading", lambda: datetime(2026, 11, 10, tzinfo=UTC))

        for each in Series.objects.all():
            stamp_series(series=each)

        assert walls()[-2:] == ["25.01. 19:00", "01.02. 19:00"]
        assert len(set(walls())) == len(walls())

    def test_a_count_is_shared_out(self) -> None:
        parts = {"class_type": ClassTypeFactory(), "instructor": InstructorFactory(), "room": RoomFactory()}
        series = start_series(
            series=SeriesFactory.build(starts_on=date(2026, 11, 2), recurrence="FREQ=WEEKLY;COUNT=5", **parts)
        )
        slot = slot_on(series, 11, 16)

        change(slot, FOLLOWING, starts_at=at(slot, 19))

        [later] = series.splits.all()
        stamp_series(series=later, until=date(2027, 6, 1))
        assert later.recurrence == "FREQ=WEEKLY;COUNT=3"
        assert walls() == ["02.11. 18:00", "09.11. 18:00", "16.11. 19:00", "23.11. 19:00", "30.11. 19:00"]

    def test_from_its_first_day_on_it_is_the_whole_series(self) -> None:
        parts = {"class_type": ClassTypeFactory(), "instructor": InstructorFactory(), "room": RoomFactory()}
        series = start_series(series=SeriesFactory.build(starts_on=date(2026, 11, 2), **parts))

        change(slot_on(series, 11, 2), FOLLOWING, capacity=5)

        assert Series.objects.get().capacity == 5
        assert set(Slot.objects.values_list("capacity", flat=True)) == {5}


class TestAllUpcoming:
    def test_the_past_and_hand_made_exceptions_stay(self, mondays: Series) -> None:
        by_hand = slot_on(mondays, 11, 2)
        change(by_hand, starts_at=at(by_hand, 20))
        cancel_slots(slot=slot_on(mondays, 11, 9), scope=THIS, reason="", revision=0, by=None)
        slot = slot_on(mondays, 11, 16)

        changed = change(slot, UPCOMING, starts_at=at(slot, 19))

        assert walls()[:8] == [
            *("05.10. 18:00", "12.10. 18:00", "19.10. 18:00", "26.10. 19:00"),
            *("02.11. 20:00", "09.11. 18:00", "16.11. 19:00", "23.11. 19:00"),
        ]
        assert len(changed) == 7
        assert Series.objects.get().wall_time == time(19)

    def test_a_move_to_another_weekday_moves_the_rule_too(
        self, mondays: Series, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Series.objects.update(recurrence="FREQ=WEEKLY;BYDAY=MO")
        slot = slot_on(mondays, 11, 16)

        change(slot, UPCOMING, starts_at=at(slot, 18, days=2))
        monkeypatch.setattr(clock, "reading", lambda: datetime(2026, 11, 10, tzinfo=UTC))
        for each in Series.objects.all():
            stamp_series(series=each)

        assert walls()[1:5] == ["12.10. 18:00", "19.10. 18:00", "28.10. 18:00", "04.11. 18:00"]
        assert walls()[-2:] == ["20.01. 18:00", "27.01. 18:00"]
        [later] = mondays.splits.all()
        assert later.recurrence == "FREQ=WEEKLY;BYDAY=WE"
        assert len(set(walls())) == len(walls())

    def test_a_daily_series_moves_by_a_day_through_its_own_times(self) -> None:
        parts = {"class_type": ClassTypeFactory(), "instructor": InstructorFactory(), "room": RoomFactory()}
        rule = {"recurrence": "FREQ=DAILY", "ends_on": date(2026, 11, 5)}
        series = start_series(series=SeriesFactory.build(starts_on=date(2026, 11, 2), **rule, **parts))
        slot = slot_on(series, 11, 2)

        change(slot, UPCOMING, starts_at=at(slot, 18, days=1))

        assert walls() == ["03.11. 18:00", "04.11. 18:00", "05.11. 18:00", "06.11. 18:00"]

    def test_a_monthly_series_is_not_moved_to_another_day(self) -> None:
        parts = {"class_type": ClassTypeFactory(), "instructor": InstructorFactory(), "room": RoomFactory()}
        rule = {"recurrence": "FREQ=MONTHLY;BYDAY=1MO"}
        series = start_series(series=SeriesFactory.build(starts_on=date(2026, 11, 2), **rule, **parts))
        slot = slot_on(series, 11, 2)

        with pytest.raises(CannotShift):
            change(slot, UPCOMING, starts_at=at(slot, 18, days=1))
        change(slot_on(series, 11, 2), UPCOMING, starts_at=at(slot, 19))

        assert walls() == ["02.11. 19:00", "07.12. 19:00", "04.01. 19:00"]

    def test_one_clash_refuses_all_of_it_and_names_the_day(self, mondays: Series) -> None:
        SlotFactory(room=mondays.room, starts_at=at(slot_on(mondays, 11, 16), 20))
        slot = slot_on(mondays, 11, 2)

        with pytest.raises(DaysBlocked, match="Monday 16 November – Room"):
            change(slot, UPCOMING, starts_at=at(slot, 19, 30))

        assert slot_on(mondays, 11, 9).starts_at == at(slot_on(mondays, 11, 9), 18)
        assert Series.objects.get().wall_time == time(18)


class TestASubstitute:
    """Who takes over one class of a colleague's series plans that class, and nothing else of the series."""

    def test_the_own_class_is_theirs(self, mondays: Series) -> None:
        substitute, slot = InstructorFactory(), slot_on(mondays, 11, 2)
        change(slot, instructor=substitute)
        slot = slot_on(mondays, 11, 2)

        change_slots(
            slot=slot, wanted=Wanted.like(slot, capacity=5), scope=THIS, revision=slot.revision, by=substitute.user
        )

        assert slot_on(mondays, 11, 2).capacity == 5

    @pytest.mark.parametrize("scope", [FOLLOWING, UPCOMING])
    def test_the_series_is_not(self, mondays: Series, scope: Scope) -> None:
        substitute, slot = InstructorFactory(), slot_on(mondays, 11, 2)
        change(slot, instructor=substitute)
        slot = Slot.objects.with_details().select_related("series").get(pk=slot.pk)
        asked: dict[str, Any] = {"slot": slot, "scope": scope, "revision": slot.revision, "by": substitute.user}

        with pytest.raises(NotYourSeries):
            change_slots(wanted=Wanted.like(slot, capacity=5), **asked)
        with pytest.raises(NotYourSeries):
            cancel_slots(reason="", **asked)

        assert set(Slot.objects.published().values_list("capacity", flat=True)) == {8}

    def test_the_teacher_of_the_series_and_a_manager_may(self, mondays: Series) -> None:
        for user in (mondays.instructor.user, UserFactory(role=MANAGER)):
            slot = slot_on(mondays, 11, 2)
            wanted = Wanted.like(slot, capacity=slot.capacity - 1)
            change_slots(slot=slot, wanted=wanted, scope=UPCOMING, revision=slot.revision, by=user)

        assert slot_on(mondays, 11, 9).capacity == 6


class TestWhoIsTold:
    @pytest.mark.parametrize("field", ["starts_at", "room", "instructor", "class_type", "minutes"])
    def test_whoever_is_booked_is_told_of_what_concerns_them(self, mondays: Series, field: str) -> None:
        slot = slot_on(mondays, 11, 2)
        Slot.objects.filter(pk=slot.pk).update(taken=1)
        new: dict[str, Any] = {
            "starts_at": at(slot, 19),
            "room": RoomFactory(),
            "instructor": InstructorFactory(),
            "class_type": ClassTypeFactory(),
            "minutes": 90,
        }

        with heard(slot_changed) as slots:
            change(slot_on(mondays, 11, 2), **{field: new[field]})

        assert slots == [slot]
        assert SlotChange.objects.get().tells

    @pytest.mark.parametrize("changes", [{"capacity": 9}, {"price": 900}])
    def test_places_and_prices_concern_only_later_bookings(self, mondays: Series, changes: dict[str, Any]) -> None:
        slot = slot_on(mondays, 11, 2)
        Slot.objects.filter(pk=slot.pk).update(taken=1)

        with heard(slot_changed) as slots:
            change(slot, **changes)

        slot.refresh_from_db()
        assert (slots, slot.moved_at) == ([], None)

    def test_nobody_is_told_of_an_empty_class_or_a_draft(self, mondays: Series) -> None:
        slot = slot_on(mondays, 11, 2)
        draft = SlotFactory(state=Slot.State.DRAFT, starts_at=clock.now() + timedelta(days=1))

        with heard(slot_changed) as slots:
            change(slot, starts_at=at(slot, 19))
            change(draft, starts_at=at(draft, 19))

        draft.refresh_from_db()
        assert (slots, draft.moved_at) == ([], None)

    def test_another_teacher_does_not_make_cancelling_free(self, mondays: Series) -> None:
        slot = slot_on(mondays, 11, 2)

        change(slot, instructor=InstructorFactory())

        assert slot_on(mondays, 11, 2).moved_at is None
