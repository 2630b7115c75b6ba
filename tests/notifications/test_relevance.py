"""Faults 33, 34 and 39: the world is read again at the moment of sending, and some messages are not sent."""

from datetime import timedelta

import pytest
from django.conf import settings

from booking.models import Booking
from core import clock
from notifications.models import Kind, Message
from notifications.operations import deliver_due_messages, switch_reminders
from scheduling.models import Slot
from tests.factories import BookingFactory, MessageFactory, PatientFactory, UserFactory
from tests.notifications.conftest import StandAt
from tests.notifications.mail_server import MailServer
from tests.notifications.steps import announced, reminder_of, send_code

pytestmark = pytest.mark.django_db

State, Reason = Message.State, Message.VoidReason


class TestNotSent:
    def test_no_reminder_of_a_booking_that_was_cancelled(self, mail_server: MailServer, stand_at: StandAt) -> None:
        booking = announced(BookingFactory())
        Booking.objects.filter(pk=booking.pk).update(state=Booking.State.CANCELLED, ended_at=clock.now())
        stand_at(booking.slot.starts_at - timedelta(hours=23))

        deliver_due_messages()

        assert mail_server.mails == []
        assert list(Message.objects.values_list("state", "void_reason")) == [(State.VOID, Reason.NOT_BOOKED)] * 2

    def test_no_reminder_of_a_class_that_the_clinic_cancelled(self, mail_server: MailServer, stand_at: StandAt) -> None:
        booking = announced(BookingFactory())
        Slot.objects.filter(pk=booking.slot_id).update(state=Slot.State.CANCELLED, cancelled_at=clock.now())
        stand_at(booking.slot.starts_at - timedelta(hours=23))

        deliver_due_messages()

        assert mail_server.mails == []
        assert reminder_of(booking).void_reason == Reason.CLASS_CANCELLED

    def test_no_reminder_once_the_class_began(self, mail_server: MailServer, stand_at: StandAt) -> None:
        booking = announced(BookingFactory())
        stand_at(booking.slot.starts_at)

        deliver_due_messages()

        reminder = reminder_of(booking)
        assert (reminder.state, reminder.void_reason) == (State.VOID, Reason.CLASS_BEGAN)

    def test_no_reminder_for_an_account_that_switched_them_off_but_its_confirmation(
        self, mail_server: MailServer, stand_at: StandAt
    ) -> None:
        booking = announced(BookingFactory())
        switch_reminders(account=booking.patient.account, on=False)
        stand_at(booking.slot.starts_at - timedelta(hours=23))

        deliver_due_messages()

        assert [mail["Subject"].split(":")[0] for mail in mail_server.mails] == ["Booked"]
        assert reminder_of(booking).void_reason == Reason.REMINDERS_OFF

    def test_reminders_that_were_switched_on_again_come(self, mail_server: MailServer, stand_at: StandAt) -> None:
        booking = announced(BookingFactory())
        for on in (False, True):
            switch_reminders(account=booking.patient.account, on=on)
        stand_at(booking.slot.starts_at - timedelta(hours=23))

        deliver_due_messages()

        assert len(mail_server.mails) == 2

    def test_a_moved_class_gets_a_new_reminder_instead_of_the_old_one(
        self, mail_server: MailServer, stand_at: StandAt
    ) -> None:
        booking = announced(BookingFactory())
        old_due = booking.slot.starts_at - settings.REMIND_BEFORE
        moved_to = booking.slot.starts_at + timedelta(days=2)
        Slot.objects.filter(pk=booking.slot_id).update(starts_at=moved_to, ends_at=moved_to + timedelta(hours=1))

        stand_at(old_due)
        deliver_due_messages()
        stand_at(moved_to - timedelta(hours=23))
        deliver_due_messages()

        reminders = Message.objects.filter(kind=Kind.CLASS_REMINDER).order_by("pk")
        assert [(row.state, row.void_reason) for row in reminders] == [
            (State.VOID, Reason.CLASS_MOVED),
            (State.SENT, ""),
        ]
        sent = [mail["Subject"] for mail in mail_server.mails if mail["Subject"].startswith("Reminder")]
        assert sent == [f"Reminder: {booking.slot.class_type.name}, {clock.format_when(moved_to)}"]

    def test_a_code_that_has_lapsed_is_not_sent_and_is_forgotten(
        self, mail_server: MailServer, stand_at: StandAt
    ) -> None:
        message = send_code()
        stand_at(clock.now() + timedelta(minutes=10))

        deliver_due_messages()

        message.refresh_from_db()
        assert mail_server.mails == []
        assert (message.state, message.void_reason, message.secret) == (State.VOID, Reason.TOO_LATE, "")

    def test_a_patient_without_an_address_is_left_to_the_desk(self, mail_server: MailServer) -> None:
        patient = PatientFactory(account=None, is_account_holder=False, name="Gerda", phone="030 1234567")
        announced(BookingFactory(patient=patient, booked_by=UserFactory(), order=None, price=0))

        deliver_due_messages()

        message = Message.objects.get(kind=Kind.BOOKING_CONFIRMED)
        assert (mail_server.mails, message.state, message.void_reason) == ([], State.VOID, Reason.NO_ADDRESS)


def test_what_became_due_while_all_workers_were_down_goes_out_unless_the_class_began(
    mail_server: MailServer, stand_at: StandAt
) -> None:
    start = clock.now() + timedelta(days=3)
    later = announced(BookingFactory(slot__starts_at=start + timedelta(hours=1)))
    begun = announced(BookingFactory(slot__starts_at=start))
    Message.objects.filter(kind=Kind.BOOKING_CONFIRMED).delete()
    stand_at(start + timedelta(minutes=30))

    deliver_due_messages()

    assert mail_server.addresses == [later.patient.account.email]
    assert reminder_of(begun).void_reason == Reason.CLASS_BEGAN


def test_a_message_that_cannot_be_written_does_not_hold_up_the_others(
    mail_server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    broken = MessageFactory(
        booking=None, kind=Kind.LOGIN_CODE, email="a@example.org", recipient=None, secret="unsealed"
    )
    send_code("b@example.org")

    deliver_due_messages()

    broken.refresh_from_db()
    assert mail_server.addresses == ["b@example.org"]
    assert (broken.state, broken.attempts) == (State.QUEUED, 1)
    assert broken.error == "It could not be written: see the log of the worker."
    assert f"message {broken.pk} could not be written" in caplog.text
