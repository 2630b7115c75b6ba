"""What a change or the cancelling of a class means for those who booked it: free cancelling, money back, messages."""

from datetime import timedelta
from typing import Any

import pytest

from booking.models import Booking
from booking.operations import end_for_cancelled_slot
from booking.tasks import end_bookings_of_cancelled_slots, release_ended_holds
from core import clock
from notifications.models import Kind, Message
from notifications.relevance import why_void
from payments.models import Payment, Refund
from scheduling.models import Slot
from scheduling.operations import PeopleWereTold, Scope, Wanted, cancel_slots, change_slots, restore_slot
from tests.factories import BookingFactory, InstructorFactory, PaymentFactory, RoomFactory, SlotFactory

pytestmark = pytest.mark.django_db


def a_slot() -> Slot:
    return SlotFactory(starts_at=clock.now() + timedelta(days=5))


def booked(slot: Slot, **fields: Any) -> Booking:
    """A booking that was made an hour ago."""
    return BookingFactory(slot=slot, made_at=clock.now() - timedelta(hours=1), **fields)


def paid(slot: Slot) -> tuple[Booking, Payment]:
    booking = booked(slot)
    return booking, PaymentFactory(order=booking.order, amount=booking.price)


def change(slot: Slot, **changes: Any) -> None:
    change_slots(slot=slot, wanted=Wanted.like(slot, **changes), scope=Scope.THIS, revision=slot.revision, by=None)


def cancel(slot: Slot) -> None:
    cancel_slots(slot=slot, scope=Scope.THIS, reason="Burst pipe", revision=slot.revision, by=None)


def told(booking: Booking) -> list[str]:
    return list(Message.objects.filter(booking=booking).order_by("pk").values_list("kind", flat=True))


class TestMovedClass:
    def test_it_may_be_cancelled_free_of_charge_until_it_begins(self) -> None:
        slot = a_slot()
        booking = booked(slot)

        change(slot, starts_at=clock.now() + timedelta(hours=3))

        booking = Booking.objects.select_related("slot").get()
        assert booking.was_moved
        assert (booking.free_cancel_until, booking.can_cancel_free) == (booking.slot.starts_at, True)
        assert not booking.has_grace_only

    def test_who_books_afterwards_knew_the_new_time(self) -> None:
        slot = a_slot()
        change(slot, starts_at=clock.now() + timedelta(hours=3))

        later = BookingFactory(slot=Slot.objects.get(), made_at=clock.now() + timedelta(seconds=1))

        assert not later.was_moved
        assert later.free_cancel_until < later.slot.starts_at

    @pytest.mark.parametrize("state", [Booking.State.CONFIRMED, Booking.State.HELD])
    def test_each_live_booking_is_told_once_for_each_change(self, state: str) -> None:
        slot = a_slot()
        booking = booked(slot, state=state)
        BookingFactory(slot=slot, state=Booking.State.RELEASED)

        change(Slot.objects.with_details().get(), room=RoomFactory())
        change(Slot.objects.with_details().get(), instructor=InstructorFactory())

        changed = Message.objects.filter(kind=Kind.CLASS_CHANGED)
        assert [(message.booking_id, message.occasion) for message in changed.order_by("pk")] == [
            (booking.pk, "change 1"),
            (booking.pk, "change 2"),
        ]

    def test_33_the_new_start_gets_a_reminder_of_its_own(self) -> None:
        slot = a_slot()
        booking = booked(slot)

        change(slot, starts_at=slot.starts_at + timedelta(days=1))

        reminder = Message.objects.get(booking=booking, kind=Kind.CLASS_REMINDER)
        assert reminder.occasion == Slot.objects.get().starts_at.isoformat()


class TestCancelledClass:
    def test_what_was_paid_goes_back_and_the_patient_is_told_once(self) -> None:
        slot = a_slot()
        booking, payment = paid(slot)
        cancel(slot)

        for _ in range(3):
            end_bookings_of_cancelled_slots()

        booking.refresh_from_db()
        slot.refresh_from_db()
        refund = Refund.objects.get()
        assert (booking.state, slot.taken) == (Booking.State.CANCELLED, 0)
        assert (refund.payment, refund.amount, refund.reason) == (payment, 1800, Refund.Reason.CLASS_CANCELLED)
        assert told(booking) == [Kind.CLASS_CANCELLED]
        assert Message.objects.get().occasion == f"refund {refund.pk}"

    def test_a_free_booking_ends_without_a_refund(self) -> None:
        slot = a_slot()
        booking = booked(slot, order=None, price=0)
        cancel(slot)

        end_bookings_of_cancelled_slots()

        assert (Refund.objects.count(), told(booking)) == (0, [Kind.CLASS_CANCELLED])
        assert Slot.objects.get().taken == 0

    def test_only_what_has_not_gone_back_yet_is_owed(self) -> None:
        slot = a_slot()
        _booking, payment = paid(slot)
        Payment.objects.filter(pk=payment.pk).update(refunded=1500)
        cancel(slot)

        end_bookings_of_cancelled_slots()

        assert Refund.objects.get().amount == 300

    def test_a_hold_is_told_and_then_released_as_any_other(self) -> None:
        slot = a_slot()
        hold = booked(slot, state=Booking.State.HELD)
        cancel(slot)

        for _ in range(2):
            end_bookings_of_cancelled_slots()
            release_ended_holds()

        hold.refresh_from_db()
        assert (hold.state, Slot.objects.get().taken) == (Booking.State.RELEASED, 0)
        assert told(hold) == [Kind.CLASS_CANCELLED]

    def test_one_that_fails_does_not_keep_the_others_from_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        slot = a_slot()
        bookings = [paid(slot)[0] for _ in range(3)]
        cancel(slot)
        whole = end_for_cancelled_slot

        def fails_for_the_first(*, booking: Booking) -> None:
            if booking == bookings[0]:
                raise RuntimeError("out of order")
            whole(booking=booking)

        with monkeypatch.context() as patch:
            patch.setattr("booking.operations.end_for_cancelled_slot", fails_for_the_first)
            end_bookings_of_cancelled_slots()
        after_the_first_sweep = Refund.objects.count()
        end_bookings_of_cancelled_slots()

        assert (after_the_first_sweep, Refund.objects.count()) == (2, 3)

    def test_a_class_that_takes_place_ends_nobodys_booking(self) -> None:
        slot = a_slot()
        booking, _payment = paid(slot)

        end_for_cancelled_slot(booking=booking)

        booking.refresh_from_db()
        assert (booking.state, Refund.objects.count(), told(booking)) == (Booking.State.CONFIRMED, 0, [])

    def test_its_sweep_reads_an_index_of_cancelled_slots(self, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(1) as read:
            end_bookings_of_cancelled_slots()

        assert '"taken" > 0' in read.captured_queries[0]["sql"]


class TestTakenBack:
    """The clinic may take a cancelling back as long as it concerned nobody: telling begins with the cancelling."""

    def test_a_class_that_nobody_had_booked_takes_place_again(self) -> None:
        slot = a_slot()
        booked(slot, state=Booking.State.RELEASED)
        cancel(slot)

        restore_slot(slot=slot, by=None)
        end_bookings_of_cancelled_slots()

        assert Slot.objects.get().is_published
        assert Message.objects.count() == 0

    @pytest.mark.parametrize("state", [Booking.State.CONFIRMED, Booking.State.HELD])
    @pytest.mark.parametrize("is_written", [False, True])
    def test_not_a_booked_one_though_its_messages_are_not_sent_yet(self, state: str, is_written: bool) -> None:
        slot = a_slot()
        booking = booked(slot, state=state)
        cancel(slot)
        if is_written:
            end_bookings_of_cancelled_slots()

        with pytest.raises(PeopleWereTold):
            restore_slot(slot=slot, by=None)
        end_bookings_of_cancelled_slots()

        message = Message.objects.with_details().get()
        assert (message.booking_id, message.kind, message.state) == (booking.pk, Kind.CLASS_CANCELLED, "queued")
        assert why_void(message) is None
