"""What the messages about moved and cancelled classes say, and when they are not sent."""

import re
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from booking.models import Booking
from booking.operations import end_for_cancelled_slot
from core import clock
from notifications.changes import TOLD_TOGETHER
from notifications.models import Kind, Message
from notifications.operations import deliver_due_messages
from payments.models import Refund
from payments.operations import owe_refund
from scheduling.history import TOLD
from scheduling.models import Slot, SlotChange
from scheduling.operations import Scope, Wanted, cancel_slots, change_slots
from tests.factories import (
    BookingFactory,
    InstructorFactory,
    PatientFactory,
    PaymentFactory,
    RoomFactory,
    SlotFactory,
    UserFactory,
)
from tests.notifications.mail_server import MailServer, plain
from tests.notifications.steps import announced

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
Reason = Message.VoidReason


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


def time_of(slot: Slot) -> str:
    return clock.format_when(slot.starts_at, slot.ends_at)


def befores_in(mail: EmailMessage) -> list[str]:
    """What the mail says was before, line by line; the HTML says the same."""
    befores = re.findall(r"\(before: (.+)\)", plain(mail))
    assert all(text.count("before: ") == len(befores) for text in texts_of(mail))
    return befores


def why_not_sent() -> list[str]:
    """Why messages about changes were not sent, the first change first."""
    void = Message.objects.filter(kind=Kind.CLASS_CHANGED, state=Message.State.VOID)
    return list(void.order_by("pk").values_list("void_reason", flat=True))


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


def test_places_and_price_changed_with_the_time_are_nobodys_news(booking: Booking, mail_server: MailServer) -> None:
    change(booking.slot, starts_at=booking.slot.starts_at + HOUR, capacity=9, price=2500)

    [mail] = delivered(mail_server)

    [before] = befores_in(mail)
    assert before == time_of(booking.slot)
    assert all("Price:" not in text and "Places:" not in text for text in texts_of(mail))


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


def test_a_cancelled_class_says_why_and_what_happens_to_the_money(booking: Booking, mail_server: MailServer) -> None:
    PaymentFactory(order=booking.order, amount=booking.price)
    cancel(booking.slot)
    end_for_cancelled_slot(booking=booking)

    [mail] = delivered(mail_server)

    assert mail["Subject"].startswith("Cancelled: Steady Core, ")
    for text in texts_of(mail):
        assert "The reason: Burst pipe" in text
        assert "We are sending 18,00 € back to the card" in text


def test_only_what_still_goes_back_is_promised(booking: Booking, mail_server: MailServer) -> None:
    """A part of the payment had been refunded before, 5 of 18 €."""
    payment = PaymentFactory(order=booking.order, amount=booking.price)
    owe_refund(payment=payment, amount=500, reason=Refund.Reason.AT_THE_DASHBOARD)
    cancel(booking.slot)
    end_for_cancelled_slot(booking=booking)

    [mail] = delivered(mail_server)

    for text in texts_of(mail):
        assert "We are sending 13,00 € back to the card" in text


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


class TestSeveralChanges:
    """A patient is told what differs from what they know, however often the class was changed meanwhile."""

    def test_of_changes_in_a_row_the_last_message_tells_all(self, booking: Booking, mail_server: MailServer) -> None:
        old_time, old_room = time_of(booking.slot), booking.slot.room

        change(booking.slot, starts_at=booking.slot.starts_at + HOUR)
        slot = change(booking.slot, room=RoomFactory())

        [mail] = delivered(mail_server)
        assert why_not_sent() == [Reason.CLASS_MOVED]
        for text in texts_of(mail):
            assert f"When: {time_of(slot)}" in text and f"before: {old_time}" in text
            assert f"Where: {slot.room}" in text and f"before: {old_room}" in text

    def test_a_slip_that_is_corrected_at_once_is_not_told(self, booking: Booking, mail_server: MailServer) -> None:
        slip = change(booking.slot, starts_at=booking.slot.starts_at + HOUR)
        change(slip, starts_at=booking.slot.starts_at)

        assert delivered(mail_server) == []
        assert why_not_sent() == [Reason.CLASS_MOVED, Reason.UNCHANGED]

    def test_a_time_that_was_never_told_is_not_named(self, booking: Booking, mail_server: MailServer) -> None:
        slip = change(booking.slot, starts_at=booking.slot.starts_at + 3 * HOUR)
        change(slip, starts_at=booking.slot.starts_at + HOUR)

        [mail] = delivered(mail_server)

        assert befores_in(mail) == [time_of(booking.slot)]

    def test_what_was_told_is_not_told_again(self, booking: Booking, mail_server: MailServer) -> None:
        old_room = booking.slot.room
        change(booking.slot, starts_at=booking.slot.starts_at + HOUR)
        delivered(mail_server)
        change(booking.slot, room=RoomFactory())

        _first, second = delivered(mail_server)

        assert befores_in(second) == [str(old_room)]

    def test_a_way_back_is_told_to_those_who_were_told_the_way_there(
        self, booking: Booking, mail_server: MailServer
    ) -> None:
        moved = change(booking.slot, starts_at=booking.slot.starts_at + HOUR)
        delivered(mail_server)
        change(moved, starts_at=booking.slot.starts_at)

        _there, back = delivered(mail_server)

        assert f"When: {time_of(booking.slot)}" in plain(back)
        assert befores_in(back) == [time_of(moved)]

    def test_what_was_changed_before_they_booked_is_not_told(self, mail_server: MailServer) -> None:
        slot = SlotFactory(starts_at=clock.now() + timedelta(days=5))
        BookingFactory(slot=slot, made_at=clock.now() - timedelta(hours=1))
        known = change(slot, starts_at=slot.starts_at + HOUR)
        later = BookingFactory(slot=known, made_at=clock.now())
        change(known, starts_at=slot.starts_at)

        [mail] = delivered(mail_server)

        assert mail["To"] == later.patient.account.email
        assert befores_in(mail) == [time_of(known)]

    def test_a_change_is_told_though_the_clock_that_booked_was_ahead(
        self, booking: Booking, mail_server: MailServer
    ) -> None:
        Booking.objects.update(made_at=clock.now() + timedelta(seconds=5))
        change(booking.slot, starts_at=booking.slot.starts_at + HOUR)

        [mail] = delivered(mail_server)

        assert befores_in(mail) == [time_of(booking.slot)]

    def test_a_later_change_that_only_others_are_told_of_voids_nothing(
        self, booking: Booking, mail_server: MailServer
    ) -> None:
        """The place was given back when the class changed again, and paid for afterwards."""
        slot = change(booking.slot, starts_at=booking.slot.starts_at + HOUR)
        slot.revision += 1
        slot.save()
        SlotChange.objects.create(slot=slot, revision=slot.revision, before={"room": slot.room_id}, tells=True)

        [mail] = delivered(mail_server)

        assert befores_in(mail) == [time_of(booking.slot)]

    def test_all_that_is_told_stands_in_some_line(self) -> None:
        assert {field for fields in TOLD_TOGETHER for field in fields} == TOLD


class TestWhatMayHaveBeenHeardMeanwhile:
    """Nobody may be left with a time that they heard between two changes, and that is not true any more."""

    def there_and_back(self, booking: Booking) -> tuple[Message, str]:
        """The message about the way there, and the time that was true meanwhile."""
        moved = change(booking.slot, starts_at=booking.slot.starts_at + HOUR)
        change(moved, starts_at=booking.slot.starts_at)
        return Message.objects.get(kind=Kind.CLASS_CHANGED, occasion="change 1"), time_of(moved)

    def test_a_mail_that_is_being_sent_may_arrive(self, booking: Booking, mail_server: MailServer) -> None:
        first, meanwhile = self.there_and_back(booking)
        Message.objects.filter(pk=first.pk).update(attempts=1, next_try_at=clock.now() + timedelta(minutes=2))

        [mail] = delivered(mail_server)

        assert befores_in(mail) == [meanwhile]

    def test_a_mail_whose_sending_was_cut_off_may_have_arrived(self, booking: Booking, mail_server: MailServer) -> None:
        first, meanwhile = self.there_and_back(booking)
        Message.objects.filter(pk=first.pk).update(attempts=1)

        [mail] = delivered(mail_server)

        assert why_not_sent() == [Reason.CLASS_MOVED]
        assert befores_in(mail) == [meanwhile]

    def test_a_confirmation_may_have_named_the_time_between(self, booking: Booking, mail_server: MailServer) -> None:
        announced(booking)
        moved = change(booking.slot, starts_at=booking.slot.starts_at + HOUR)
        Message.objects.filter(kind=Kind.CLASS_CHANGED).update(next_try_at=clock.now() + HOUR)
        [confirmation] = delivered(mail_server)
        assert time_of(moved) in " ".join(plain(confirmation).split())
        change(moved, starts_at=booking.slot.starts_at)

        _confirmation, mail = delivered(mail_server)

        assert befores_in(mail) == [time_of(moved)]

    def test_control_a_confirmation_from_before_told_nothing_of_it(
        self, booking: Booking, mail_server: MailServer
    ) -> None:
        delivered_before = announced(booking) and delivered(mail_server)
        self.there_and_back(booking)

        assert delivered(mail_server) == delivered_before
        assert why_not_sent() == [Reason.CLASS_MOVED, Reason.UNCHANGED]

    def test_who_may_have_been_called_is_to_be_called_again(self, mail_server: MailServer) -> None:
        by_phone = PatientFactory(account=None, is_account_holder=False, name="Kim Adler", phone="030 222")
        slot = BookingFactory(patient=by_phone, booked_by=UserFactory(), order=None, price=0).slot
        moved = change(slot, starts_at=slot.starts_at + HOUR)
        delivered(mail_server)
        change(moved, starts_at=slot.starts_at)

        assert delivered(mail_server) == []
        assert why_not_sent() == [Reason.NO_ADDRESS, Reason.NO_ADDRESS]

    def test_a_time_between_is_named_as_it_was(self, booking: Booking, mail_server: MailServer) -> None:
        """One that was true, not the start of one and the end of another."""
        first, meanwhile = self.there_and_back(booking)
        Message.objects.filter(pk=first.pk).update(attempts=1)
        slot = change(booking.slot, minutes=booking.slot.minutes + 15)

        [mail] = delivered(mail_server)

        assert f"When: {time_of(slot)}" in plain(mail)
        assert befores_in(mail) == [time_of(booking.slot)] != [meanwhile]
