"""Cancelling planned slots in three scopes, and taking it back while nobody was told."""

from datetime import UTC, date, datetime

import pytest

from accounts.models import User
from core import clock
from scheduling.models import Series, Slot, SlotChange
from scheduling.operations import (
    PeopleWereTold,
    RoomIsTaken,
    Scope,
    cancel_slots,
    restore_slot,
    stamp_series,
    start_series,
)
from scheduling.signals import slot_cancelled
from tests.factories import ClassTypeFactory, InstructorFactory, RoomFactory, SeriesFactory, SlotFactory
from tests.scheduling.mondays import at, change, heard, slot_on

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("twentieth_of_october")]

THIS, FOLLOWING, UPCOMING = Scope.THIS, Scope.FOLLOWING, Scope.UPCOMING


class TestCancelling:
    def test_one_is_cancelled_with_its_reason_and_the_room_is_free_again(self, mondays: Series, editor: User) -> None:
        slot = slot_on(mondays, 11, 2)

        with heard(slot_cancelled) as slots:
            for _ in range(2):
                cancel_slots(slot=slot, scope=THIS, reason="Burst pipe", revision=0, by=editor)

        slot.refresh_from_db()
        assert (slot.state, slot.cancel_reason, slot.cancelled_at) == ("cancelled", "Burst pipe", clock.now())
        assert slots == [slot]
        assert SlotChange.objects.get().made_by == editor
        SlotFactory(room=mondays.room, starts_at=slot.starts_at)
        stamp_series(series=mondays)
        assert mondays.slots.filter(series_day=slot.series_day).count() == 1

    def test_this_and_following_ends_the_series(self, mondays: Series, monkeypatch: pytest.MonkeyPatch) -> None:
        cancelled = cancel_slots(slot=slot_on(mondays, 11, 9), scope=FOLLOWING, reason="", revision=0, by=None)
        monkeypatch.setattr(clock, "reading", lambda: datetime(2026, 12, 10, tzinfo=UTC))
        mondays.refresh_from_db()

        assert (len(cancelled), stamp_series(series=mondays)) == (7, 0)
        assert mondays.ends_on == date(2026, 11, 8)
        assert Slot.objects.published().count() == 5

    def test_all_upcoming_leaves_the_past_and_exceptions(self, mondays: Series) -> None:
        by_hand = slot_on(mondays, 11, 2)
        change(by_hand, starts_at=at(by_hand, 20))

        cancel_slots(slot=slot_on(mondays, 11, 9), scope=UPCOMING, reason="", revision=0, by=None)

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

    def test_it_is_taken_back_while_nobody_was_told(self, mondays: Series) -> None:
        slot = slot_on(mondays, 11, 2)
        cancel_slots(slot=slot, scope=THIS, reason="Oops", revision=0, by=None)

        restore_slot(slot=slot, by=None)

        slot.refresh_from_db()
        assert (slot.state, slot.cancelled_at, slot.cancel_reason) == ("published", None, "")

    def test_it_is_not_taken_back_once_people_were_told(self, mondays: Series) -> None:
        slot = slot_on(mondays, 11, 2)
        Slot.objects.filter(pk=slot.pk).update(taken=1)
        cancel_slots(slot=slot, scope=THIS, reason="", revision=0, by=None)
        Slot.objects.filter(pk=slot.pk).update(taken=0)

        with pytest.raises(PeopleWereTold):
            restore_slot(slot=slot, by=None)

    def test_it_is_not_taken_back_into_a_room_that_is_taken_by_now(self, mondays: Series) -> None:
        slot = slot_on(mondays, 11, 2)
        cancel_slots(slot=slot, scope=THIS, reason="", revision=0, by=None)
        SlotFactory(room=mondays.room, starts_at=slot.starts_at)

        with pytest.raises(RoomIsTaken):
            restore_slot(slot=slot, by=None)

    def test_it_comes_back_as_an_exception_when_its_series_has_changed_meanwhile(self, mondays: Series) -> None:
        slot = slot_on(mondays, 11, 2)
        cancel_slots(slot=slot, scope=THIS, reason="Oops", revision=0, by=None)
        nine = slot_on(mondays, 11, 9)
        change(nine, UPCOMING, starts_at=at(nine, 18, days=1), capacity=5)

        restore_slot(slot=slot, by=None)

        slot.refresh_from_db()
        assert (slot.starts_at, slot.capacity, slot.is_exception) == (at(slot, 18), 8, True)
        change(slot_on(mondays, 11, 10), UPCOMING, capacity=6)
        slot.refresh_from_db()
        assert slot.capacity == 8
        restored = SlotChange.objects.filter(slot=slot).last()
        assert restored is not None and restored.before == {"state": "cancelled"}

    def test_it_comes_back_as_part_of_a_series_that_is_what_it_was(self, mondays: Series) -> None:
        slot = slot_on(mondays, 11, 2)
        cancel_slots(slot=slot, scope=THIS, reason="Oops", revision=0, by=None)

        restore_slot(slot=slot, by=None)
        change(slot_on(mondays, 11, 9), UPCOMING, capacity=6)

        slot.refresh_from_db()
        assert (slot.is_exception, slot.capacity) == (False, 6)
