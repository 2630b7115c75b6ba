"""A class is moved while one of its places is being paid for: the reminder is of the new time."""

from datetime import timedelta

import pytest

from booking.models import Booking
from booking.operations import pay
from core import clock
from notifications.models import Kind, Message
from notifications.reminders import occasion_of
from payments.operations import record_payment
from scheduling.models import Slot
from scheduling.operations import Scope, Wanted, change_slots, changes
from tests.factories import BookingFactory
from tests.races.crowd import Pause, all_at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def move_while_money_arrives(booking: Booking, monkeypatch: pytest.MonkeyPatch) -> tuple[Slot, dict[str, int]]:
    """The money comes when the class was moved, but nobody knows yet; returns the class and how both acts ended."""
    order, slot = booking.order, Slot.objects.with_details().get(pk=booking.slot_id)
    assert order
    pause = Pause()
    monkeypatch.setattr(changes.slot_changed, "send", pause.before(changes.slot_changed.send))

    def move() -> object:
        wanted = Wanted.like(slot, starts_at=slot.starts_at - timedelta(days=5))
        return change_slots(slot=slot, wanted=wanted, scope=Scope.THIS, revision=0, by=None)

    def money_arrives() -> object:
        return record_payment(order=order, amount=order.amount, currency=order.currency, payment_intent="pi_moved")

    ends = all_at_once([move, pause.then(money_arrives)])
    return Slot.objects.get(pk=slot.pk), ends


def reminders() -> list[str]:
    return list(Message.objects.filter(kind=Kind.CLASS_REMINDER).values_list("occasion", flat=True))


@pytest.mark.parametrize("state", [Booking.State.HELD, Booking.State.RELEASED])
def test_money_that_arrives_while_the_class_is_moved_brings_a_reminder_of_the_new_time(
    state: Booking.State, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking = BookingFactory(state=state, slot__starts_at=clock.now() + timedelta(days=10))
    BookingFactory(slot=booking.slot, order=None, price=0)  # somebody who is told in any case

    slot, ends = move_while_money_arrives(booking, monkeypatch)

    booking.refresh_from_db()
    assert ends == {"ok": 2}
    assert booking.is_confirmed
    assert set(reminders()) == {occasion_of(slot)}
    assert booking.messages.filter(kind=Kind.CLASS_REMINDER).count() == 1


def test_control_who_speaks_of_the_class_as_it_was_before_waiting_reminds_of_the_old_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    booking = BookingFactory(state=Booking.State.HELD, slot__starts_at=clock.now() + timedelta(days=10))
    old = occasion_of(booking.slot)
    keep_place = pay._keep_place

    def look_first(slot_id: int) -> Slot:
        seen = Slot.objects.get(pk=slot_id)
        keep_place(slot_id)
        return seen

    monkeypatch.setattr(pay, "_keep_place", look_first)

    _slot, ends = move_while_money_arrives(booking, monkeypatch)

    assert ends == {"ok": 2}
    assert reminders() == [old]
