"""From the row to the mailbox, through a real SMTP server: what arrives."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.core.signing import Signer
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.signals import account_mail_due
from booking.models import Booking
from booking.signals import payment_goes_back
from core import clock
from core.money import format_money
from notifications.focus_notes import SENTENCES
from notifications.models import Kind, Message
from notifications.operations import deliver_due_messages, deliver_message
from payments.models import Refund
from scheduling.focus import FocusArea
from scheduling.models import Slot
from tests.factories import BookingFactory, ClassTypeFactory, PatientFactory, RefundFactory, SlotFactory, UserFactory
from tests.notifications.conftest import StandAt
from tests.notifications.mail_server import MailServer, html, plain
from tests.notifications.steps import announced, reminder_of, send_code

pytestmark = pytest.mark.django_db

State, Reason = Message.State, Message.VoidReason


def test_a_confirmation_goes_out_as_text_and_html_to_one_recipient(mail_server: MailServer) -> None:
    booking = announced(BookingFactory())

    deliver_due_messages()

    (mail,) = mail_server.mails
    assert mail_server.addresses == [booking.patient.account.email]
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    when = clock.format_when(booking.slot.starts_at)
    assert mail["Subject"] == f"Booked: {booking.slot.class_type.name}, {when}"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe"] is None


def test_a_sent_message_keeps_what_was_sent(mail_server: MailServer) -> None:
    booking = announced(BookingFactory())

    deliver_due_messages()

    (mail,) = mail_server.mails
    message = Message.objects.get(kind=Kind.BOOKING_CONFIRMED)
    assert message.state == State.SENT
    assert message.sent_at is not None
    assert message.subject == mail["Subject"]
    assert message.text == plain(mail).replace("\r\n", "\n")
    assert message.html == html(mail).replace("\r\n", "\n")
    assert dict(message.headers) == {
        "From": mail["From"],
        "To": booking.patient.account.email,
        "Message-ID": message.message_id,
        "Auto-Submitted": "auto-generated",
        "Reply-To": settings.CLINIC_EMAIL,
    }
    assert mail["Message-ID"] == message.message_id


def test_a_confirmation_says_when_where_with_whom_what_to_bring_and_what_was_paid(mail_server: MailServer) -> None:
    class_type = ClassTypeFactory(name="Gentle Back Care", bring="A blanket")
    booking = announced(BookingFactory(slot__class_type=class_type))

    deliver_due_messages()

    slot = booking.slot
    lines = plain(mail_server.mails[0]).splitlines()
    assert f"Hello {booking.patient.account.name}," in lines
    assert f"When: {clock.format_when(slot.starts_at, slot.ends_at)}" in lines
    assert f"Where: {slot.room}, {slot.room.location.address}" in lines
    assert f"With: {slot.instructor.name}" in lines
    assert "Please bring: A blanket" in lines
    assert f"Paid: {format_money(1800, 'eur')}" in lines
    assert f"Reference: {booking.order.reference}" in lines
    until = clock.format_when(booking.free_cancel_until)
    assert f"If your plans change: cancelling is free before {until}." in lines
    assert f"Your booking: {settings.SITE_URL}/my/bookings/{booking.pk}/" in lines
    assert f"Add it to your calendar: {settings.SITE_URL}/my/bookings/{booking.pk}/calendar.ics" in lines


def test_html_and_text_say_the_same_facts(mail_server: MailServer) -> None:
    booking = announced(BookingFactory())

    deliver_due_messages()

    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html(mail_server.mails[0])))
    for fact in (booking.slot.class_type.name, booking.slot.instructor.name, "18,00 €", booking.order.reference):
        assert fact in words
    assert "(Berlin time)" in words


def test_a_name_cannot_bring_html_or_a_second_line_into_a_mail(mail_server: MailServer) -> None:
    account = UserFactory(name="<b>Anna</b> & Co")
    class_type = ClassTypeFactory(name="Calm\nBcc: everyone@example.org")
    announced(BookingFactory(patient=PatientFactory(account=account), slot__class_type=class_type))

    deliver_due_messages()

    (mail,) = mail_server.mails
    assert mail["Bcc"] is None
    assert mail["Subject"].startswith("Booked: Calm Bcc: everyone@example.org, ")
    assert "Hello <b>Anna</b> & Co," in plain(mail)
    assert "Hello &lt;b&gt;Anna&lt;/b&gt; &amp; Co," in html(mail)


def test_no_mail_says_what_a_class_is_for_or_against(mail_server: MailServer, stand_at: StandAt) -> None:
    canary = "slipped disc"
    class_type = ClassTypeFactory(description=canary, suits=canary, avoid=canary)
    booking = announced(BookingFactory(slot__class_type=class_type))
    payment_goes_back.send(sender=Booking, booking=booking, refund=RefundFactory(payment__order=booking.order))
    stand_at(booking.slot.starts_at - timedelta(hours=23))

    deliver_due_messages()

    assert len(mail_server.mails) == 3
    assert not any(canary in plain(mail) + html(mail) + mail["Subject"] for mail in mail_server.mails)


def test_a_dependant_is_named_to_the_one_who_booked(mail_server: MailServer) -> None:
    account = UserFactory(name="Maria")
    child = PatientFactory(account=account, is_account_holder=False, name="Ben")
    announced(BookingFactory(patient=child))

    deliver_due_messages()

    lines = plain(mail_server.mails[0]).splitlines()
    assert (mail_server.addresses, "Hello Maria," in lines, "For: Ben" in lines) == ([account.email], True, True)


def test_a_reminder_can_be_switched_off_by_one_click_as_rfc_8058_has_it(
    mail_server: MailServer, stand_at: StandAt
) -> None:
    booking = announced(BookingFactory())
    stand_at(booking.slot.starts_at - timedelta(hours=23))

    deliver_due_messages()

    reminder = mail_server.mails[-1]
    token = Signer(salt="notifications.unsubscribe", sep=".").sign(str(booking.patient.account.pk))
    assert reminder["List-Unsubscribe"].strip() == f"<{settings.SITE_URL}/unsubscribe/{token}/>"
    assert reminder["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert reminder["Auto-Submitted"] == "auto-generated"
    assert f"{settings.SITE_URL}/unsubscribe/{token}/" in plain(reminder)


def test_a_reminder_features_one_focus_area_and_links_to_its_section(
    mail_server: MailServer, stand_at: StandAt
) -> None:
    class_type = ClassTypeFactory(focus_areas=[FocusArea.MUSCLE_TENSION])
    booking = announced(BookingFactory(slot__class_type=class_type))
    stand_at(booking.slot.starts_at - timedelta(hours=23))

    deliver_due_messages()

    reminder = mail_server.mails[-1]
    assert "/articles/how-yoga-helps-back-pain/#muscle-tension" in plain(reminder)
    assert f'href="{settings.SITE_URL}/articles/how-yoga-helps-back-pain/#muscle-tension"' in html(reminder)
    assert str(SENTENCES[FocusArea.MUSCLE_TENSION]) in plain(reminder)


def test_the_clinic_may_have_its_article_elsewhere(
    mail_server: MailServer, stand_at: StandAt, settings: Settings
) -> None:
    settings.BACK_PAIN_ARTICLE_URL = "https://clinic.example/back-pain#top"
    booking = announced(BookingFactory(slot__class_type__focus_areas=[FocusArea.ALIGNMENT]))
    stand_at(booking.slot.starts_at - timedelta(hours=23))

    deliver_due_messages()

    assert "https://clinic.example/back-pain#alignment" in plain(mail_server.mails[-1])


def test_a_patient_meets_each_focus_area_of_a_class_in_turn(mail_server: MailServer, stand_at: StandAt) -> None:
    class_type = ClassTypeFactory(focus_areas=[FocusArea.CORE_STRENGTH, FocusArea.ALIGNMENT])
    patient = PatientFactory()
    starts = clock.now() + timedelta(days=3)
    for hours in (0, 2, 4):
        slot = SlotFactory(class_type=class_type, starts_at=starts + timedelta(hours=hours))
        announced(BookingFactory(patient=patient, slot=slot))
    stand_at(starts - timedelta(hours=1))

    deliver_due_messages()

    reminders = [plain(mail) for mail in mail_server.mails if mail["Subject"].startswith("Reminder")]
    assert [re.findall(r"#([\w-]+)", reminder) for reminder in reminders] == [
        ["core-strength"],
        ["alignment"],
        ["core-strength"],
    ]


def test_the_seven_notes_are_two_sentences_and_promise_nothing() -> None:
    for area, sentences in SENTENCES.items():
        assert len(re.findall(r"\.(?:\s|$)", str(sentences))) == 2, area
        assert not re.search(r"\b(cure|heal|will|always|guarantee)", str(sentences)), area
    assert set(SENTENCES) == set(FocusArea)


def test_who_books_late_finds_the_focus_area_in_the_confirmation(mail_server: MailServer) -> None:
    announced(BookingFactory(slot__starts_at=clock.now() + timedelta(hours=5)))

    deliver_due_messages()

    assert "#core-strength" in plain(mail_server.mails[0])
    assert Message.objects.filter(kind=Kind.CLASS_REMINDER).exists() is False


def test_a_late_payment_is_explained(mail_server: MailServer) -> None:
    booking = BookingFactory(state=Booking.State.RELEASED)
    payment_goes_back.send(sender=Booking, booking=booking, refund=RefundFactory(payment__order=booking.order))

    deliver_due_messages()

    (mail,) = mail_server.mails
    assert mail["Subject"].startswith("Your payment goes back to you: ")
    assert f"your payment of {format_money(1800, 'eur')} reached us" in plain(mail)
    assert f"Reference: {booking.order.reference}" in plain(mail)


@pytest.mark.parametrize("state", [Booking.State.CONFIRMED, Booking.State.RELEASED])
def test_a_second_payment_is_explained(mail_server: MailServer, state: Booking.State) -> None:
    booking = BookingFactory(state=state)
    refund = RefundFactory(payment__order=booking.order, reason=Refund.Reason.PAID_TWICE)
    payment_goes_back.send(sender=Booking, booking=booking, refund=refund)

    deliver_due_messages()

    (mail,) = mail_server.mails
    assert mail["Subject"].startswith("Your second payment goes back to you: ")
    for part in (" ".join(plain(mail).split()), " ".join(html(mail).split())):
        assert "a second payment of 18,00 € for this class has reached us." in part
        assert "Nothing more was due, so you get it back in full." in part
        assert "Your bank usually shows it within 5 to 10 days" in part
        assert ("Your place stays booked." in part) == (state == Booking.State.CONFIRMED)
        assert booking.order.reference in part


def test_a_payment_for_a_cancelled_class_is_explained(mail_server: MailServer) -> None:
    booking = BookingFactory(state=Booking.State.CANCELLED, slot__state=Slot.State.CANCELLED)
    refund = RefundFactory(payment__order=booking.order, reason=Refund.Reason.CLASS_CANCELLED)
    payment_goes_back.send(sender=Booking, booking=booking, refund=refund)

    deliver_due_messages()

    (mail,) = mail_server.mails
    assert mail["Subject"].startswith("Cancelled, and your payment goes back to you: ")
    for part in (" ".join(plain(mail).split()), " ".join(html(mail).split())):
        assert "your payment of 18,00 € reached us after this class had been cancelled." in part
        assert "Your bank usually shows it within 5 to 10 days" in part
        assert booking.order.reference in part


def test_a_sign_in_code_goes_out_readable_and_stays_behind_unreadable(mail_server: MailServer) -> None:
    message = send_code()

    deliver_message(message_id=message.pk)

    (mail,) = mail_server.mails
    assert mail["Subject"] == f"123 456 is your {settings.CLINIC_NAME} sign-in code"
    assert "123 456" in plain(mail)
    assert "123 456" in html(mail)
    row = Message.objects.filter(pk=message.pk).values().get()
    assert row["state"] == State.SENT
    assert (row["secret"], row["subject"]) == ("", f"••• ••• is your {settings.CLINIC_NAME} sign-in code")
    assert not re.search(r"123\D?456", repr(row))


def test_a_code_that_a_server_quotes_in_its_refusal_is_not_kept(mail_server: MailServer) -> None:
    message = send_code()
    mail_server.answer_to_data = "554 5.7.1 Your mail '123 456 is your code' looks like spam"

    deliver_message(message_id=message.pk)

    row = Message.objects.filter(pk=message.pk).values().get()
    assert (row["state"], row["error"]) == (State.FAILED, "554 5.7.1 Your mail '••• ••• is your code' looks like spam")
    assert not re.search(r"123\D?456", repr(row))


def test_a_change_of_an_account_is_told_with_its_time(mail_server: MailServer, stand_at: StandAt) -> None:
    stand_at(datetime(2026, 11, 24, 17, 1, tzinfo=UTC))
    context = {"change": "password_changed", "sentence": "The password was changed.", "at": "2026-11-24T17:00:00+00:00"}
    account_mail_due.send(
        sender=None, kind="security_notice", recipient=UserFactory(), email="old@example.org", context=context
    )

    deliver_due_messages()

    assert mail_server.addresses == ["old@example.org"]
    assert "The password was changed.\nThat was on Tuesday 24 November, 18:00 (Berlin time)." in plain(
        mail_server.mails[0]
    ).replace("\r\n", "\n")


def test_a_message_goes_to_the_address_that_the_account_has_now(mail_server: MailServer) -> None:
    booking = announced(BookingFactory())
    account = booking.patient.account
    account.email = "new@example.org"
    account.save()

    deliver_due_messages()

    assert mail_server.addresses == ["new@example.org"]
    assert Message.objects.get(kind=Kind.BOOKING_CONFIRMED).email == "new@example.org"


@pytest.mark.parametrize("count", [1, 3])
def test_a_confirmation_takes_two_queries_and_a_reminder_four(
    mail_server: MailServer, stand_at: StandAt, count: int
) -> None:
    slot = SlotFactory(capacity=10)
    for booking in BookingFactory.create_batch(count, slot=slot):
        announced(booking)
    claims = 2 * 4  # savepoint, select, update, release; the second claim finds nothing left

    with CaptureQueriesContext(connection) as confirmations:
        deliver_due_messages()
    stand_at(slot.starts_at - timedelta(hours=23))
    with CaptureQueriesContext(connection) as reminders:
        deliver_due_messages()

    assert len(mail_server.mails) == 2 * count
    assert (len(confirmations), len(reminders)) == (claims + 2 * count - 1, claims + 4 * count - 1)


def test_delivering_a_sent_message_again_sends_nothing(mail_server: MailServer) -> None:
    message = send_code()

    deliver_message(message_id=message.pk)
    deliver_message(message_id=message.pk)
    deliver_due_messages()

    assert len(mail_server.mails) == 1


def test_what_is_not_due_yet_waits(mail_server: MailServer) -> None:
    booking = announced(BookingFactory())

    deliver_message(message_id=reminder_of(booking).pk)

    assert mail_server.mails == []
