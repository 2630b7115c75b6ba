"""Faults 35, 37, 38, 39 and 46: mail servers that refuse, hang or are away, workers that die or meet."""

import time
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connections
from pytest_django import Settings

from booking.models import Booking
from core import clock
from notifications.models import Message, MessageQuerySet
from notifications.operations import deliver, deliver_due_messages, deliver_message
from notifications.smtp import MailConnection
from tests.factories import BookingFactory, MessageFactory, SlotFactory
from tests.notifications.conftest import StandAt
from tests.notifications.mail_server import HANG, MailServer, free_port
from tests.races.crowd import all_at_once

State = Message.State


def queue(*addresses: str) -> list[Message]:
    """A due confirmation to each address, in this order."""
    slot, first = SlotFactory(capacity=100), clock.now() - timedelta(minutes=5)
    return [
        MessageFactory(
            booking=BookingFactory(slot=slot, patient__account__email=address),
            next_try_at=first + timedelta(seconds=position),
        )
        for position, address in enumerate(addresses)
    ]


def numbered(count: int) -> list[str]:
    return [f"patient{number}@example.org" for number in range(count)]


@pytest.mark.django_db
class TestServerTrouble:
    def test_a_batch_goes_over_one_connection(self, mail_server: MailServer) -> None:
        queue(*numbered(7))

        deliver_due_messages()

        assert (mail_server.addresses, mail_server.connections) == (numbered(7), 1)

    def test_a_temporary_refusal_is_tried_again_later_and_later(
        self, mail_server: MailServer, stand_at: StandAt
    ) -> None:
        (message,) = queue("busy@example.org")
        mail_server.answers["busy@example.org"] = "451 4.7.1 Greylisted, come back later"
        now, pauses = clock.now(), []

        for _time in range(4):
            stand_at(now)
            deliver_due_messages()
            message.refresh_from_db()
            pauses.append((message.next_try_at - now).total_seconds())
            now = message.next_try_at

        assert pauses == [30, 60, 120, 240]
        assert (message.state, message.attempts) == (State.QUEUED, 4)
        assert message.error == "451 4.7.1 Greylisted, come back later"

        mail_server.answers.clear()
        stand_at(now)
        deliver_due_messages()

        message.refresh_from_db()
        assert (message.state, message.error, len(mail_server.mails)) == (State.SENT, "", 1)

    def test_an_unknown_mailbox_is_flagged_and_not_tried_again(self, mail_server: MailServer) -> None:
        (message,) = queue("nobody@example.org")
        mail_server.answers["nobody@example.org"] = "550 5.1.1 No such mailbox"

        deliver_due_messages()
        deliver_due_messages()

        message.refresh_from_db()
        assert (message.state, message.attempts, message.error) == (State.BOUNCED, 1, "550 5.1.1 No such mailbox")
        assert message.text.startswith("Hello ")

    def test_a_mail_that_is_refused_for_good_fails(self, mail_server: MailServer) -> None:
        (message,) = queue("anna@example.org")
        mail_server.answer_to_data = "554 5.6.0 Not like this"

        deliver_due_messages()

        message.refresh_from_db()
        assert (message.state, message.error) == (State.FAILED, "554 5.6.0 Not like this")

    def test_when_the_next_try_would_come_too_late_a_person_is_asked(
        self, mail_server: MailServer, stand_at: StandAt
    ) -> None:
        (message,) = queue("busy@example.org")
        mail_server.answers["busy@example.org"] = "451 Later"
        stand_at(message.drop_after - timedelta(seconds=10))

        deliver_due_messages()

        message.refresh_from_db()
        assert (message.state, message.error) == (State.FAILED, "451 Later")

    def test_refusals_and_a_server_that_hangs_do_not_hold_up_the_others(self, mail_server: MailServer) -> None:
        bad = ["hang@example.org", "busy@example.org", "nobody@example.org"]
        queue(bad[0], "one@example.org", bad[1], "two@example.org", bad[2], "three@example.org")
        mail_server.answers |= dict(zip(bad, [HANG, "451 Later", "550 Never"], strict=True))
        started = time.monotonic()

        deliver_due_messages()

        assert mail_server.addresses == ["one@example.org", "two@example.org", "three@example.org"]
        assert time.monotonic() - started < 3  # EMAIL_TIMEOUT is half a second here
        states = dict(Message.objects.values_list("email", "state"))
        assert [states[address] for address in bad] == [State.QUEUED, State.QUEUED, State.BOUNCED]

    def test_a_server_that_is_away_costs_one_try_for_the_whole_batch(
        self, settings: Settings, mail_server: MailServer
    ) -> None:
        messages = queue(*numbered(3))
        settings.EMAIL_PORT = free_port()

        deliver_due_messages()

        for message in messages:
            message.refresh_from_db()
        assert [message.attempts for message in messages] == [1, 0, 0]
        assert all(message.state == State.QUEUED and message.next_try_at > clock.now() for message in messages)

    def test_while_the_server_is_away_wake_ups_leave_the_mail_to_the_sweep(
        self, settings: Settings, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first, second = queue(*numbered(2))
        settings.EMAIL_PORT = free_port()
        deliver_message(message_id=first.pk)
        settings.EMAIL_PORT = mail_server.port

        deliver_message(message_id=second.pk)

        assert mail_server.mails == []

        monkeypatch.setattr(MailConnection, "_away_until", 0.0)
        deliver_message(message_id=second.pk)

        assert mail_server.addresses == ["patient1@example.org"]

    def test_wake_ups_wait_once_for_a_server_that_hangs_while_it_takes_a_mail(self, mail_server: MailServer) -> None:
        messages = queue(*numbered(6))
        mail_server.answers |= dict.fromkeys(numbered(6), HANG)
        started = time.monotonic()

        for message in messages:
            deliver_message(message_id=message.pk)

        assert time.monotonic() - started < 1  # EMAIL_TIMEOUT is half a second here
        assert sorted(Message.objects.values_list("attempts", flat=True)) == [0, 0, 0, 0, 0, 1]

    def test_a_sweep_leaves_a_server_that_hangs_twice_in_a_row(self, mail_server: MailServer) -> None:
        queue(*numbered(6))
        mail_server.answers |= dict.fromkeys(numbered(6), HANG)
        started = time.monotonic()

        deliver_due_messages()

        assert time.monotonic() - started < 2
        assert [message.attempts for message in Message.objects.order_by("pk")] == [1, 1, 0, 0, 0, 0]

    def test_a_mail_that_goes_through_ends_the_pause_for_wake_ups(self, mail_server: MailServer) -> None:
        queue("hang@example.org", "one@example.org")
        (two,) = queue("two@example.org")
        Message.objects.filter(pk=two.pk).update(next_try_at=clock.now() + timedelta(seconds=1))
        mail_server.answers["hang@example.org"] = HANG
        deliver_due_messages()
        Message.objects.filter(pk=two.pk).update(next_try_at=clock.now())

        deliver_message(message_id=two.pk)

        assert mail_server.addresses == ["one@example.org", "two@example.org"]

    def test_a_sweep_stops_in_time_and_gives_back_what_it_did_not_send(
        self, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        messages = queue(*numbered(5))
        monkeypatch.setattr(deliver, "CLAIM_FOR", 0.2)
        mail_server.while_accepting = lambda: time.sleep(0.15)

        deliver_due_messages()

        sent = len(mail_server.mails)
        assert 1 <= sent <= 3
        waiting = Message.objects.filter(state=State.QUEUED).order_by("pk")
        assert [message.pk for message in waiting] == [message.pk for message in messages[sent:]]
        assert all(message.attempts == 0 and message.next_try_at <= clock.now() for message in waiting)


class Killed(BaseException):
    """What `kill -9` is to the code that runs."""


@pytest.mark.django_db
class TestCrash:
    def test_a_worker_that_dies_between_accept_and_commit_sends_the_interrupted_mail_again(
        self, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch, stand_at: StandAt
    ) -> None:
        queue(*numbered(3))

        def dies(*_args: object) -> None:
            raise Killed

        with monkeypatch.context() as crash:
            crash.setattr(deliver, "_settle", dies)
            with pytest.raises(Killed):
                deliver_due_messages()
        sent_before = mail_server.addresses.copy()
        deliver_due_messages()
        while_leased = mail_server.addresses.copy()
        stand_at(clock.now() + deliver.LEASE)
        deliver_due_messages()

        assert sent_before == while_leased == ["patient0@example.org"]
        assert Counter(mail_server.addresses) == {
            "patient0@example.org": 2,
            "patient1@example.org": 1,
            "patient2@example.org": 1,
        }
        twice = [mail["Message-ID"] for mail in mail_server.mails if mail["To"] == "patient0@example.org"]
        assert twice[0] == twice[1]
        assert set(Message.objects.values_list("state", flat=True)) == {State.SENT}


@pytest.mark.django_db
class TestFrozenWorker:
    """One that was stopped for longer than its lease, while another took its messages."""

    @pytest.fixture
    def frozen(self, stand_at: StandAt) -> list[deliver.Claim]:
        queue("anna@example.org")
        claims = deliver._claim(Message.objects.all())
        stand_at(clock.now() + deliver.LEASE)
        return claims

    def test_does_not_give_back_what_another_has(self, frozen: list[deliver.Claim]) -> None:
        deliver._claim(Message.objects.all())

        deliver._give_back(frozen)

        assert deliver._claim(Message.objects.all()) == []
        assert Message.objects.get().attempts == 2

    def test_makes_nothing_void_and_writes_no_reminder_for_another(
        self, frozen: list[deliver.Claim], stand_at: StandAt
    ) -> None:
        message = deliver._read(frozen[0])
        assert message is not None
        deliver._claim(Message.objects.all())

        deliver._make_void(message, Message.VoidReason.CLASS_MOVED)

        assert list(Message.objects.values_list("state", flat=True)) == [State.QUEUED]

    def test_sends_nothing_that_another_has_given_back_since(
        self, frozen: list[deliver.Claim], mail_server: MailServer
    ) -> None:
        deliver._give_back(deliver._claim(Message.objects.all()))  # the number of tries is what it was before

        with MailConnection() as connection:
            deliver._deliver_claimed(frozen, connection, until=time.monotonic() + 10)

        assert mail_server.mails == []

    def test_control_within_its_lease_it_does_all_that(self, mail_server: MailServer) -> None:
        queue("anna@example.org")
        claims = deliver._claim(Message.objects.all())
        deliver._give_back(claims)
        assert Message.objects.get().attempts == 0

        deliver_due_messages()

        assert mail_server.addresses == ["anna@example.org"]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
class TestWorkersThatMeet:
    def test_four_sweeps_at_once_send_each_mail_once(self, mail_server: MailServer) -> None:
        queue(*numbered(60))

        ends = all_at_once([deliver_due_messages] * 4)

        assert ends == {"ok": 4}
        assert Counter(mail_server.addresses) == dict.fromkeys(numbered(60), 1)

    def test_a_sweep_and_wake_ups_at_once_send_each_mail_once(self, mail_server: MailServer) -> None:
        messages = queue(*numbered(6))

        wake_ups = [lambda message=message: deliver_message(message_id=message.pk) for message in messages]
        all_at_once([deliver_due_messages, *wake_ups])

        assert Counter(mail_server.addresses) == dict.fromkeys(numbered(6), 1)

    def test_control_without_lock_and_lease_mails_go_out_many_times(
        self, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        queue(*numbered(10))

        def read_then_write(messages: MessageQuerySet) -> list[deliver.Claim]:
            rows = list(messages.due().order_by("next_try_at").values_list("pk", "next_try_at"))
            time.sleep(0.2)  # what a slow network adds in between
            return [deliver.Claim(*row) for row in rows]

        monkeypatch.setattr(deliver, "_claim", read_then_write)
        mail_server.while_accepting = lambda: time.sleep(0.02)
        all_at_once([deliver_due_messages] * 4)

        assert max(Counter(mail_server.addresses).values()) > 1

    def test_a_booking_that_is_cancelled_after_a_worker_took_its_message_gets_no_mail(
        self, mail_server: MailServer
    ) -> None:
        first, second = queue(*numbered(2))

        def second_patient_cancels() -> None:
            Booking.objects.filter(messages=second).update(state=Booking.State.CANCELLED, ended_at=clock.now())
            connections.close_all()

        mail_server.while_accepting = second_patient_cancels
        deliver_due_messages()

        first.refresh_from_db()
        second.refresh_from_db()
        assert mail_server.addresses == ["patient0@example.org"]
        assert (first.state, second.state) == (State.SENT, State.VOID)
        assert (second.attempts, second.void_reason) == (1, Message.VoidReason.NOT_BOOKED)
