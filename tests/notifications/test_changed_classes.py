"""What the messages about moved and cancelled classes say, and when they are not sent."""

from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from booking.models import Booking
from booking.operations import end_for_cancelled_slot
from core import clock
from notifications.models import Kind, Message
from notifications.operations import deliver_due_messages
from scheduling.models import Slot
from scheduling.operations import Scope, Wanted, cancel_slots, change_slots
from tests.factories import BookingFactory, InstructorFactory, PaymentFactory, RoomFactory, SlotFactory
from tests.notifications.mail_server import MailServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def booking() -> Booking:
    slot = SlotFactory(starts_at=clock.now() + timedelta(days=5), class_type__name="Steady Core")
    return BookingFactory(slot=slot, made_at=clock.now() - timedelta(hours=1))


def change(slot: Slot, **changes: Any) -> Slot:
    slot = Slot.objects.with_details().get(pk=slot.pk)
    change_slots(slot=slot, wanted=Wanted.like(slot, **changes), scope=Scope.THIS, revision=slot.revision, by=None)
    return Slot.objects.with_details().get(pk=slot.pk)


def cancel(slot: Slot) -> None:
    slot = Slot.objects.get(pk=slot.pk)
    cancel_slots(slot=slot, scope=Scope.THIS, reason="Burst pipe", revision=slot.revision, by=None)


def texts_of(mail: EmailMessage) -> list[str]:
    """The text and the HTML, each in one line."""
    return [" ".join(part.get_content().split()) for part in mail.walk() if part.get_content_maintype() == "text"]


def delivered(mail_server: MailServer) -> list[EmailMessage]:
    deliver_due_messages()
    return list(mail_server.mails)


def test_a_moved_class_tells_the_old_time_and_the_new_one(booking: Booking, mail_server: MailServer) -> None:
    old = clock.format_when(booking.slot.starts_at, booking.slot.ends_at)

    slot = change(booking.slot, starts_at=booking.slot.starts_at + timedelta(days=1))

    [mail] = delivered(mail_server)
    new = clock.format_when(slot.starts_at, slot.ends_at)
    assert mail["Subject"] == f"Your class has changed: Steady Core, {clock.format_when(slot.starts_at)}"
    for text in texts_of(mail):
        assert new in text
        assert f"before: {old}" in text
        assert "you can cancel free of charge until the class begins" in text


def test_another_room_and_teacher_are_named(booking: Booking, mail_server: MailServer) -> None:
    old_room, old_teacher = booking.slot.room, booking.slot.instructor
    slot = change(booking.slot, room=RoomFactory(), instructor=InstructorFactory())

    [mail] = delivered(mail_server)

    for text in texts_of(mail):
        assert f"Where: {slot.room}" in text
        assert f"before: {old_room}" in text
        assert f"With: {slot.instructor}" in text
        assert f"before: {old_teacher}" in text


def test_another_teacher_alone_does_not_promise_free_cancelling(booking: Booking, mail_server: MailServer) -> None:
    change(booking.slot, instructor=InstructorFactory())

    [mail] = delivered(mail_server)

    assert all("cancel free of charge" not in text for text in texts_of(mail))


def test_of_two_changes_in_a_row_the_last_one_is_told(booking: Booking, mail_server: MailServer) -> None:
    for _ in range(2):
        slot = Slot.objects.get(pk=booking.slot_id)
        change(slot, starts_at=slot.starts_at + timedelta(days=1))

    [mail] = delivered(mail_server)

    assert Message.objects.get(occasion="change 1").void_reason == Message.VoidReason.CLASS_MOVED
    assert clock.format_when(Slot.objects.get().starts_at) in mail["Subject"]


def test_a_cancelled_class_says_why_and_what_happens_to_the_money(booking: Booking, mail_server: MailServer) -> None:
    PaymentFactory(order=booking.order, amount=booking.price)
    cancel(booking.slot)
    end_for_cancelled_slot(booking=booking)

    [mail] = delivered(mail_server)

    assert mail["Subject"].startswith("Cancelled: Steady Core, ")
    for text in texts_of(mail):
        assert "The reason: Burst pipe" in text
        assert "We are sending 18,00 € back to the card" in text


def test_a_free_class_that_is_cancelled_talks_of_no_money(mail_server: MailServer) -> None:
    booking = BookingFactory(order=None, price=0)
    cancel(booking.slot)
    end_for_cancelled_slot(booking=booking)

    [mail] = delivered(mail_server)

    for text in texts_of(mail):
        assert "You owe us nothing" in text
        assert "back to the card" not in text


def test_a_change_of_a_class_that_was_cancelled_since_is_not_told(booking: Booking, mail_server: MailServer) -> None:
    change(booking.slot, starts_at=booking.slot.starts_at + timedelta(days=1))
    cancel(booking.slot)

    assert delivered(mail_server) == []
    changed = Message.objects.get(kind=Kind.CLASS_CHANGED)
    assert changed.void_reason == Message.VoidReason.CLASS_CANCELLED
