"""Changing and cancelling planned slots in three scopes: what moves, what stays, and what is on the record."""

from collections.abc import Iterator
from contextlib import contextmanager
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
    PeopleWereTold,
    RoomIsTaken,
    RoomTooSmall,
    Scope,
    Wanted,
    cancel_slots,
    change_slots,
    restore_slot,
    stamp_series,
    start_series,
)
from scheduling.signals import slot_cancelled, slot_changed
from tests.factories import ClassTypeFactory, InstructorFactory, RoomFactory, SeriesFactory, SlotFactory, UserFactory

pytestmark = pytest.mark.django_db

THIS, FOLLOWING, UPCOMING = Scope.THIS, Scope.FOLLOWING, Scope.UPCOMING


@pytest.fixture(autouse=True)
def _twentieth_of_october(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of the series' Mondays (5 and 12 October) are over, and the clocks are set back on the 25th."""
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 10, 20, 8, tzinfo=UTC))


@pytest.fixture
def series() -> Series:
    """Mondays at 18:00 since 5 October."""
    parts = {"class_type": ClassTypeFactory(), "instructor": InstructorFactory(), "room": RoomFactory()}
    with pytest.MonkeyPatch.context() as before:
        before.setattr(clock, "now", lambda: datetime(2026, 10, 1, tzinfo=UTC))
        return start_series(series=SeriesFactory.build(starts_on=date(2026, 10, 5), **parts))


@pytest.fixture
def editor() -> User:
    return UserFactory()


def slot_on(series: Series, month: int, day: int) -> Slot:
    return Slot.objects.with_details().get(series_day=date(2026, month, day), class_type=series.class_type)


def change(slot: Slot, scope: Scope = THIS, **changes: Any) -> list[Slot]:
    wanted = Wanted.like(slot, **changes)
    return change_slots(slot=slot, wanted=wanted, scope=scope, revision=slot.revision, by=None)


def at(slot: Slot, hour: int, minute: int = 0, *, days: int = 0) -> datetime:
    """The same slot at another wall time, `days` later."""
    local = clock.clinic_time(slot.starts_at)
    return clock.instant_of(local.date() + timedelta(days=days), time(hour, minute))


def walls() -> list[str]:
    """When all slots begin, on the clinic's clock."""
    return [f"{clock.clinic_time(slot.starts_at):%d.%m. %H:%M}" for slot in Slot.objects.order_by("starts_at")]


@contextmanager
def heard(signal: object) -> Iterator[list[Slot]]:
    slots: list[Slot] = []

    def hear(*, slot: Slot, **_kwargs: object) -> None:
        slots.append(slot)

    signal.connect(hear)  # type: ignore[attr-defined]
    yield slots
    signal.disconnect(hear)  # type: ignore[attr-defined]


class TestThisOne:
    def test_it_moves_and_the_others_stay(self, series: Series, editor: User) -> None:
        slot = slot_on(series, 11, 2)

        change_slots(slot=slot, wanted=Wanted.like(slot, starts_at=at(slot, 19)), scope=THIS, revision=0, by=editor)

        assert walls()[3:7] == ["26.10. 18:00", "02.11. 19:00", "09.11. 18:00", "16.11. 18:00"]
        slot.refresh_from_db()
        assert (slot.is_exception, slot.revision, slot.moved_at) == (True, 1, clock.now())
        record = SlotChange.objects.get()
        assert (record.slot, record.made_by, record.tells) == (slot, editor, False)
        assert record.before.keys() == {"starts_at", "ends_at"}
        assert record.before["starts_at"] == "2026-11-02T17:00:00+00:00"

    def test_nothing_different_is_no_change(self, series: Series) -> None:
        assert change(slot_on(series, 11, 2)) == []
        assert SlotChange.objects.count() == 0

    def test_a_single_slot_needs_no_series(self) -> None:
        slot = SlotFactory(starts_at=clock.now() + timedelta(days=3))

        change(slot, capacity=5)

        slot.refresh_from_db()
        assert (slot.capacity, slot.is_exception) == (5, False)
        with pytest.raises(NotPartOfSeries):
            change(slot, UPCOMING, capacity=6)

    def test_a_clash_is_refused_by_name_and_nothing_is_saved(self, series: Series) -> None:
        slot = slot_on(series, 11, 2)
        other = SlotFactory(room=series.room, starts_at=at(slot, 20))

        with pytest.raises(RoomIsTaken, match=other.class_type.name):
            change(slot, starts_at=at(slot, 19, 30))

        assert slot_on(series, 11, 2).starts_at == slot.starts_at

    def test_it_may_overlap_its_own_old_time(self, series: Series) -> None:
        slot = slot_on(series, 11, 2)

        change(slot, starts_at=at(slot, 18, 30))

        assert "02.11. 18:30" in walls()

    def test_the_figures_are_checked(self, series: Series) -> None:
        slot = slot_on(series, 11, 2)
        Slot.objects.filter(pk=slot.pk).update(taken=3)

        with pytest.raises(CapacityBelowTaken, match="3 places"):
            change(slot, capacity=2)
        with pytest.raises(RoomTooSmall):
            change(slot, capacity=21)

    def test_of_two_editors_the_second_is_told(self, series: Series) -> None:
        first_sees = second_sees = slot_on(series, 11, 2)
        change(first_sees, capacity=5)

        with pytest.raises(ChangedMeanwhile):
            change(second_sees, price=900)

        assert slot_on(series, 11, 2).price == series.price

    def test_what_has_begun_or_was_cancelled_stays(self, series: Series) -> None:
        with pytest.raises(CannotChange):
            change(slot_on(series, 10, 12), capacity=5)
        slot = slot_on(series, 11, 2)
        cancel_slots(slot=slot, scope=THIS, reason="", revision=0, by=None)
        with pytest.raises(CannotChange):
            change(slot_on(series, 11, 2), capacity=5)


class TestThisAndFollowing:
    def test_the_series_is_split_and_the_slots_stay_the_rows_that_they_are(self, series: Series) -> None:
        before = {slot.pk: slot.series_day for slot in Slot.objects.all()}
        slot = slot_on(series, 11, 9)

        change(slot, FOLLOWING, starts_at=at(slot, 19), capacity=5)

        assert walls()[4:6] == ["02.11. 18:00", "09.11. 19:00"]
        assert {each[-5:] for each in walls()[5:]} == {"19:00"}
        assert {each.pk: each.series_day for each in Slot.objects.all()} == before
        series.refresh_from_db()
        [later] = series.splits.all()
        assert (series.ends_on, series.wall_time, series.capacity) == (date(2026, 11, 8), time(18), 8)
        assert (later.starts_on, later.wall_time, later.capacity) == (date(2026, 11, 9), time(19), 5)
        assert (series.slots.count(), later.slots.count()) == (5, 7)

    def test_both_halves_are_stamped_on_as_they_are_now(self, series: Series, monkeypatch: pytest.MonkeyPatch) -> None:
        slot = slot_on(series, 11, 9)
        change(slot, FOLLOWING, starts_at=at(slot, 19))
        monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 10, tzinfo=UTC))

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
    def test_the_past_and_hand_made_exceptions_stay(self, series: Series) -> None:
        by_hand = slot_on(series, 11, 2)
        change(by_hand, starts_at=at(by_hand, 20))
        cancel_slots(slot=slot_on(series, 11, 9), scope=THIS, reason="", revision=0, by=None)
        slot = slot_on(series, 11, 16)

        changed = change(slot, UPCOMING, starts_at=at(slot, 19))

        assert walls()[:8] == [
            *("05.10. 18:00", "12.10. 18:00", "19.10. 18:00", "26.10. 19:00"),
            *("02.11. 20:00", "09.11. 18:00", "16.11. 19:00", "23.11. 19:00"),
        ]
        assert len(changed) == 7
        assert Series.objects.get().wall_time == time(19)

    def test_a_move_to_another_weekday_moves_the_rule_too(
        self, series: Series, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Series.objects.update(recurrence="FREQ=WEEKLY;BYDAY=MO")
        slot = slot_on(series, 11, 16)

        change(slot, UPCOMING, starts_at=at(slot, 18, days=2))
        monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 10, tzinfo=UTC))
        for each in Series.objects.all():
            stamp_series(series=each)

        assert walls()[1:5] == ["12.10. 18:00", "19.10. 18:00", "28.10. 18:00", "04.11. 18:00"]
        assert walls()[-2:] == ["20.01. 18:00", "27.01. 18:00"]
        [later] = series.splits.all()
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

    def test_one_clash_refuses_all_of_it_and_names_the_day(self, series: Series) -> None:
        SlotFactory(room=series.room, starts_at=at(slot_on(series, 11, 16), 20))
        slot = slot_on(series, 11, 2)

        with pytest.raises(DaysBlocked, match="Monday 16 November – Room"):
            change(slot, UPCOMING, starts_at=at(slot, 19, 30))

        assert slot_on(series, 11, 9).starts_at == at(slot_on(series, 11, 9), 18)
        assert Series.objects.get().wall_time == time(18)


class TestASubstitute:
    """Who takes over one class of a colleague's series plans that class, and nothing else of the series."""

    def test_the_own_class_is_theirs(self, series: Series) -> None:
        substitute, slot = InstructorFactory(), slot_on(series, 11, 2)
        change(slot, instructor=substitute)
        slot = slot_on(series, 11, 2)

        change_slots(
            slot=slot, wanted=Wanted.like(slot, capacity=5), scope=THIS, revision=slot.revision, by=substitute.user
        )

        assert slot_on(series, 11, 2).capacity == 5

    @pytest.mark.parametrize("scope", [FOLLOWING, UPCOMING])
    def test_the_series_is_not(self, series: Series, scope: Scope) -> None:
        substitute, slot = InstructorFactory(), slot_on(series, 11, 2)
        change(slot, instructor=substitute)
        slot = Slot.objects.with_details().select_related("series").get(pk=slot.pk)
        asked: dict[str, Any] = {"slot": slot, "scope": scope, "revision": slot.revision, "by": substitute.user}

        with pytest.raises(NotYourSeries):
            change_slots(wanted=Wanted.like(slot, capacity=5), **asked)
        with pytest.raises(NotYourSeries):
            cancel_slots(reason="", **asked)

        assert set(Slot.objects.published().values_list("capacity", flat=True)) == {8}

    def test_the_teacher_of_the_series_and_a_manager_may(self, series: Series) -> None:
        for user in (series.instructor.user, UserFactory(role=MANAGER)):
            slot = slot_on(series, 11, 2)
            wanted = Wanted.like(slot, capacity=slot.capacity - 1)
            change_slots(slot=slot, wanted=wanted, scope=UPCOMING, revision=slot.revision, by=user)

        assert slot_on(series, 11, 9).capacity == 6


class TestWhoIsTold:
    @pytest.mark.parametrize("field", ["starts_at", "room", "instructor", "class_type", "minutes"])
    def test_whoever_is_booked_is_told_of_what_concerns_them(self, series: Series, field: str) -> None:
        slot = slot_on(series, 11, 2)
        Slot.objects.filter(pk=slot.pk).update(taken=1)
        new: dict[str, Any] = {
            "starts_at": at(slot, 19),
            "room": RoomFactory(),
            "instructor": InstructorFactory(),
            "class_type": ClassTypeFactory(),
            "minutes": 90,
        }

        with heard(slot_changed) as slots:
            change(slot_on(series, 11, 2), **{field: new[field]})

        assert slots == [slot]
        assert SlotChange.objects.get().tells

    @pytest.mark.parametrize("changes", [{"capacity": 9}, {"price": 900}])
    def test_places_and_prices_concern_only_later_bookings(self, series: Series, changes: dict[str, Any]) -> None:
        slot = slot_on(series, 11, 2)
        Slot.objects.filter(pk=slot.pk).update(taken=1)

        with heard(slot_changed) as slots:
            change(slot, **changes)

        slot.refresh_from_db()
        assert (slots, slot.moved_at) == ([], None)

    def test_nobody_is_told_of_an_empty_class_or_a_draft(self, series: Series) -> None:
        slot = slot_on(series, 11, 2)
        draft = SlotFactory(state=Slot.State.DRAFT, starts_at=clock.now() + timedelta(days=1))

        with heard(slot_changed) as slots:
            change(slot, starts_at=at(slot, 19))
            change(draft, starts_at=at(draft, 19))

        draft.refresh_from_db()
        assert (slots, draft.moved_at) == ([], None)

    def test_another_teacher_does_not_make_cancelling_free(self, series: Series) -> None:
        slot = slot_on(series, 11, 2)

        change(slot, instructor=InstructorFactory())

        assert slot_on(series, 11, 2).moved_at is None


class TestCancelling:
    def test_one_is_cancelled_with_its_reason_and_the_room_is_free_again(self, series: Series, editor: User) -> None:
        slot = slot_on(series, 11, 2)

        with heard(slot_cancelled) as slots:
            for _ in range(2):
                cancel_slots(slot=slot, scope=THIS, reason="Burst pipe", revision=0, by=editor)

        slot.refresh_from_db()
        assert (slot.state, slot.cancel_reason, slot.cancelled_at) == ("cancelled", "Burst pipe", clock.now())
        assert slots == [slot]
        assert SlotChange.objects.get().made_by == editor
        SlotFactory(room=series.room, starts_at=slot.starts_at)
        stamp_series(series=series)
        assert series.slots.filter(series_day=slot.series_day).count() == 1

    def test_this_and_following_ends_the_series(self, series: Series, monkeypatch: pytest.MonkeyPatch) -> None:
        cancelled = cancel_slots(slot=slot_on(series, 11, 9), scope=FOLLOWING, reason="", revision=0, by=None)
        monkeypatch.setattr(clock, "now", lambda: datetime(2026, 12, 10, tzinfo=UTC))
        series.refresh_from_db()

        assert (len(cancelled), stamp_series(series=series)) == (7, 0)
        assert series.ends_on == date(2026, 11, 8)
        assert Slot.objects.published().count() == 5

    def test_all_upcoming_leaves_the_past_and_exceptions(self, series: Series) -> None:
        by_hand = slot_on(series, 11, 2)
        change(by_hand, starts_at=at(by_hand, 20))

        cancel_slots(slot=slot_on(series, 11, 9), scope=UPCOMING, reason="", revision=0, by=None)

        assert [f"{slot.series_day:%d.%m.}" for slot in Slot.objects.published()] == [
            *("05.10.", "12.10.", "19.10.", "02.11."),
        ]

    def test_a_new_series_can_be_cancelled_whole(self) -> None:
        parts = {"class_type": ClassTypeFactory(), "instructor": InstructorFactory(), "room": RoomFactory()}
        series = start_series(series=SeriesFactory.build(starts_on=date(2026, 11, 2), **parts))

        cancel_slots(slot=slot_on(series, 11, 2), scope=UPCOMING, reason="", revision=0, by=None)
        series.refresh_from_db()

        assert stamp_series(series=series, until=date(2027, 6, 1)) == 0
        assert not Slot.objects.published().exists()

    def test_it_is_taken_back_while_nobody_was_told(self, series: Series) -> None:
        slot = slot_on(series, 11, 2)
        cancel_slots(slot=slot, scope=THIS, reason="Oops", revision=0, by=None)

        restore_slot(slot=slot, by=None)

        slot.refresh_from_db()
        assert (slot.state, slot.cancelled_at, slot.cancel_reason) == ("published", None, "")

    def test_it_is_not_taken_back_once_people_were_told(self, series: Series) -> None:
        slot = slot_on(series, 11, 2)
        Slot.objects.filter(pk=slot.pk).update(taken=1)
        cancel_slots(slot=slot, scope=THIS, reason="", revision=0, by=None)
        Slot.objects.filter(pk=slot.pk).update(taken=0)

        with pytest.raises(PeopleWereTold):
            restore_slot(slot=slot, by=None)

    def test_it_is_not_taken_back_into_a_room_that_is_taken_by_now(self, series: Series) -> None:
        slot = slot_on(series, 11, 2)
        cancel_slots(slot=slot, scope=THIS, reason="", revision=0, by=None)
        SlotFactory(room=series.room, starts_at=slot.starts_at)

        with pytest.raises(RoomIsTaken):
            restore_slot(slot=slot, by=None)
