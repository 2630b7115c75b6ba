"""Fault 50: after a restore into an empty database the ledgers match, and no old mail is sent again."""

import subprocess
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from booking.models import Booking
from config.servers import installed_programs
from core import clock
from notifications.models import Kind, Message
from notifications.operations import deliver_due_messages
from payments.models import Order, Payment, Refund
from tests.factories import BookingFactory, PaymentFactory, RefundFactory, SlotFactory
from tests.notifications.conftest import StandAt
from tests.notifications.mail_server import MailServer
from tests.notifications.steps import announced, send_code

STOPPED = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)


def program(name: str, *arguments: str, **options: Any) -> bytes:
    """Run pg_dump or pg_restore on the tests' database; both as docs/operations.md says."""
    told = connection.get_connection_params()
    where = {"PGHOST": told.get("host"), "PGPORT": told.get("port"), "PGDATABASE": told["dbname"]}
    who = {"PGUSER": told.get("user"), "PGPASSWORD": told.get("password")}
    environment = {key: str(value) for key, value in (where | who).items() if value}
    connection.close()
    command = [str(installed_programs() / name), *arguments]
    return subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, **options).stdout


def empty_the_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")


def ledgers() -> list[list[dict[str, Any]]]:
    models: list[Any] = [Order, Payment, Refund, Booking]
    return [list(model.objects.order_by("pk").values()) for model in models]


def after_restore(stopped_at: str) -> str:
    out = StringIO()
    call_command("after_restore", stopped_at=stopped_at, stdout=out)
    return out.getvalue().strip()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("with_command", [True, False], ids=["as the guide says", "control: without the command"])
def test_a_backup_comes_back_whole_and_its_mail_stays_where_it_was(
    mail_server: MailServer, tmp_path: Path, with_command: bool
) -> None:
    RefundFactory(payment=PaymentFactory())
    announced(BookingFactory())
    as_it_was = ledgers()
    backup = tmp_path / "sukha.dump"
    backup.write_bytes(program("pg_dump", "-Fc"))
    PaymentFactory()
    deliver_due_messages()
    assert len(mail_server.mails) == 1

    empty_the_database()
    with backup.open("rb") as dump:
        program("pg_restore", "-d", connection.get_connection_params()["dbname"], "--clean", "--if-exists", stdin=dump)
    if with_command:
        after_restore("now")
    deliver_due_messages()

    assert ledgers() == as_it_was
    assert len(mail_server.mails) == (1 if with_command else 2)


@pytest.mark.django_db
def test_what_came_due_after_the_old_system_stopped_still_goes_out(mail_server: MailServer, stand_at: StandAt) -> None:
    stand_at(STOPPED - timedelta(hours=2))
    announced(BookingFactory(slot=SlotFactory(starts_at=STOPPED + timedelta(hours=27))))
    code = send_code()
    Message.objects.update(created_at=clock.now())

    stand_at(STOPPED + timedelta(hours=3))
    said = after_restore("2026-11-22T15:30")  # on the clinic's clock
    deliver_due_messages()

    assert said == "Not sent again: 2. Still to be sent when due: 1."
    assert Message.objects.get(kind=Kind.BOOKING_CONFIRMED).get_void_reason_display() == (
        "It may have been sent before the data were restored from a backup."
    )
    code.refresh_from_db()
    assert (code.state, code.secret) == (Message.State.VOID, "")
    assert Message.objects.get(kind=Kind.CLASS_REMINDER).state == Message.State.SENT
    assert len(mail_server.mails) == 1


@pytest.mark.django_db
def test_done_again_it_leaves_alone_what_the_restored_system_has_written(stand_at: StandAt) -> None:
    stand_at(STOPPED + timedelta(hours=1))
    after_restore("2026-11-22T14:30+00:00")
    code = send_code()

    said = after_restore("2026-11-22T14:30+00:00")

    code.refresh_from_db()
    assert said == "Not sent again: 0. Still to be sent when due: 1."
    assert code.is_queued


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("moment", "answer"),
    [
        ("yesterday", r"yesterday is no time\. Write it like 2026-11-22T14:30\."),
        ("2026-10-25T02:30", "happens twice in Berlin"),
        ("2999-01-01T00:00+00:00", "cannot lie in the future"),
    ],
)
def test_a_moment_that_means_nothing_is_refused(moment: str, answer: str) -> None:
    with pytest.raises(CommandError, match=answer):
        after_restore(moment)
