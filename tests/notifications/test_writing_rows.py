"""One row for each occasion, written with what caused it."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.encryption import decrypt
from accounts.signals import account_mail_due
from booking.models import Booking
from booking.operations import book_place
from booking.signals import booking_confirmed, payment_goes_back
from core import clock
from notifications.models import Kind, Message
from notifications.operations import write_confirmation
from notifications.tasks import deliver_message as deliver_message_task
from payments.operations import record_payment
from tests.factories import BookingFactory, MessageFactory, PatientFactory, RefundFactory, SlotFactory, UserFactory
from tests.races.crowd import all_at_once

HOUR = timedelta(hours=1)


def announce(booking: Booking) -> None:
    booking_confirmed.send(sender=Booking, booking=booking)


def kinds() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("kind", flat=True))


@pytest.mark.django_db
def test_a_confirmed_booking_gets_a_confirmation_now_and_a_reminder_the_day_before() -> None:
    booking = BookingFactory()

    announce(booking)

    confirmation, reminder = Message.objects.order_by("pk")
    account = booking.patient.account
    assert (confirmation.kind, confirmation.recipient, confirmation.email) == (
        Kind.BOOKING_CONFIRMED,
        account,
        account.email,
    )
    assert confirmation.due_at <= clock.now()
    assert (reminder.kind, reminder.due_at) == (Kind.CLASS_REMINDER, booking.slot.starts_at - settings.REMIND_BEFORE)
    assert reminder.drop_after == booking.slot.starts_at
    assert reminder.next_try_at == reminder.due_at


@pytest.mark.django_db
@pytest.mark.parametrize("before", [timedelta(0), -HOUR])
def test_a_reminder_that_would_not_come_before_the_class_is_not_written(
    monkeypatch: pytest.MonkeyPatch, before: timedelta
) -> None:
    monkeypatch.setattr(settings, "REMIND_BEFORE", before)

    announce(BookingFactory())

    assert kinds() == [Kind.BOOKING_CONFIRMED]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("hours_ahead", "expected"),
    [
        (72, [Kind.BOOKING_CONFIRMED, Kind.CLASS_REMINDER]),
        (28, [Kind.BOOKING_CONFIRMED, Kind.CLASS_REMINDER]),
        (27.9, [Kind.BOOKING_CONFIRMED]),
        (20, [Kind.BOOKING_CONFIRMED]),
        (1, [Kind.BOOKING_CONFIRMED]),
    ],
)
def test_who_books_less_than_two_hours_before_the_reminder_is_not_told_twice(
    hours_ahead: float, expected: list[str]
) -> None:
    confirmed = clock.now()
    slot = SlotFactory(starts_at=confirmed + hours_ahead * HOUR)

    announce(BookingFactory(slot=slot, confirmed_at=confirmed))

    assert kinds() == expected


@pytest.mark.django_db
def test_a_worker_is_woken_for_what_is_due_now_after_the_commit_and_not_for_the_reminder(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks() as wake_ups:
        announce(BookingFactory())

    confirmation = Message.objects.get(kind=Kind.BOOKING_CONFIRMED)
    assert [wake_up.args for wake_up in wake_ups if isinstance(wake_up, partial)] == [
        ("notifications.tasks.deliver_message", (confirmation.pk,))
    ]
    assert deliver_message_task.name == "notifications.tasks.deliver_message"


@pytest.mark.django_db
def test_announcing_a_booking_twice_writes_it_down_once() -> None:
    booking = BookingFactory()

    announce(booking)
    announce(booking)

    assert kinds() == [Kind.BOOKING_CONFIRMED, Kind.CLASS_REMINDER]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_sixteen_workers_that_announce_one_booking_at_once_write_one_message_each_kind() -> None:
    booking = BookingFactory()

    ends = all_at_once([partial(write_confirmation, booking=booking)] * 16)

    assert ends == {"ok": 16}
    assert sorted(kinds()) == [Kind.BOOKING_CONFIRMED, Kind.CLASS_REMINDER]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_control_without_the_constraint_one_booking_is_announced_many_times() -> None:
    booking = BookingFactory()
    constraint = next(c for c in Message._meta.constraints if c.name == "one_message_per_kind_booking_and_occasion")
    with connection.schema_editor() as editor:
        editor.remove_constraint(Message, constraint)
    try:
        all_at_once([partial(write_confirmation, booking=booking)] * 16)

        assert kinds().count(Kind.BOOKING_CONFIRMED) > 1
    finally:
        Message.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(Message, constraint)


@pytest.mark.django_db
def test_two_messages_of_one_occasion_are_refused_even_without_a_booking() -> None:
    MessageFactory(booking=None, email="a@example.org", occasion="once")

    with pytest.raises(IntegrityError, match="one_message_per_kind_booking_and_occasion"), transaction.atomic():
        MessageFactory(booking=None, email="b@example.org", occasion="once")


@pytest.mark.django_db(transaction=True)
def test_a_booking_that_is_undone_leaves_no_message() -> None:
    patient, slot = PatientFactory(), SlotFactory(price=0)

    with transaction.atomic():
        book_place(patient=patient, slot=slot, by=patient.account)
        written = kinds()
        transaction.set_rollback(True)

    assert (written, kinds()) == ([Kind.BOOKING_CONFIRMED, Kind.CLASS_REMINDER], [])


@pytest.mark.django_db
def test_paying_for_a_hold_brings_its_confirmation() -> None:
    booking = BookingFactory(state=Booking.State.HELD)

    record_payment(order=booking.order, amount=booking.price, currency=booking.currency, payment_intent="pi_1")

    assert kinds() == [Kind.BOOKING_CONFIRMED, Kind.CLASS_REMINDER]


@pytest.mark.django_db
def test_money_that_comes_too_late_brings_a_message_and_no_confirmation() -> None:
    full = SlotFactory(capacity=1)
    booking = BookingFactory(slot=full, state=Booking.State.RELEASED)
    BookingFactory(slot=full)

    record_payment(order=booking.order, amount=booking.price, currency=booking.currency, payment_intent="pi_1")

    assert kinds() == [Kind.PAYMENT_REFUNDED]


@pytest.mark.django_db
def test_each_further_payment_brings_one_message_however_often_it_is_reported() -> None:
    booking = BookingFactory(state=Booking.State.HELD)

    for intent in ["pi_1", "pi_2", "pi_2", "pi_3", "pi_1"]:
        record_payment(order=booking.order, amount=booking.price, currency=booking.currency, payment_intent=intent)

    assert kinds() == [Kind.BOOKING_CONFIRMED, Kind.CLASS_REMINDER, Kind.PAID_TWICE, Kind.PAID_TWICE]
    assert Message.objects.latest("pk").booking.is_confirmed


@pytest.mark.django_db
def test_a_late_refund_is_announced_once() -> None:
    booking = BookingFactory(state=Booking.State.RELEASED)
    refund = RefundFactory(payment__order=booking.order)

    for _time in range(2):
        payment_goes_back.send(sender=Booking, booking=booking, refund=refund)

    assert kinds() == [Kind.PAYMENT_REFUNDED]


@pytest.mark.django_db
def test_a_sign_in_code_waits_encrypted_and_is_of_no_use_after_ten_minutes() -> None:
    context = {"code": "123 456", "minutes": 10}

    account_mail_due.send(sender=None, kind="login_code", recipient=None, email="anna@example.org", context=context)

    message = Message.objects.get()
    assert (message.kind, message.email, message.recipient) == (Kind.LOGIN_CODE, "anna@example.org", None)
    assert decrypt(message.secret) == '{"code": "123 456", "minutes": 10}'
    assert "123 456" not in message.secret
    assert message.drop_after - message.due_at == timedelta(minutes=10)


@pytest.mark.django_db
def test_two_codes_for_one_mailbox_are_two_messages() -> None:
    for code in ("123 456", "654 321"):
        account_mail_due.send(
            sender=None,
            kind="login_code",
            recipient=UserFactory(),
            email="anna@example.org",
            context={"code": code, "minutes": 10},
        )

    assert kinds() == [Kind.LOGIN_CODE, Kind.LOGIN_CODE]


@pytest.mark.django_db
def test_a_patient_without_an_account_gets_a_row_that_the_desk_can_see() -> None:
    patient = PatientFactory(account=None, is_account_holder=False, name="Gerda", phone="030 1234567")

    announce(BookingFactory(patient=patient, booked_by=UserFactory(), order=None, price=0))

    assert Message.objects.filter(recipient=None, email="").count() == 2


def test_a_message_goes_only_where_the_table_of_moves_leads() -> None:
    state = Message.State

    moves = {source.value: sorted(target.value for target in targets) for source, targets in Message.MOVES.items()}

    assert moves == {
        "queued": ["bounced", "failed", "sent", "void"],
        "sent": [],
        "void": [],
        "failed": ["queued"],
        "bounced": ["queued"],
    }
    assert set(Message.MOVES) == set(state)


@pytest.mark.django_db
def test_a_sent_message_stays_sent() -> None:
    message = MessageFactory(state=Message.State.SENT)

    moved = Message.objects.filter(pk=message.pk).move_to(Message.State.VOID, void_reason=Message.VoidReason.NOT_BOOKED)

    message.refresh_from_db()
    assert (moved, message.state) == (0, Message.State.SENT)


def test_the_message_id_is_the_same_for_one_message_and_names_nobody() -> None:
    message = Message(pk=7, kind=Kind.LOGIN_CODE, created_at=datetime(2026, 11, 24, 17, tzinfo=clock.clinic_zone()))

    assert message.message_id == f"<login_code.7.20261124170000@{settings.SITE_URL.partition('://')[2].split(':')[0]}>"
