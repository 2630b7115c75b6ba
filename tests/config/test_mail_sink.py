"""The local run's mail server."""

import asyncio
import signal
import smtplib
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.smtp import Envelope

from config.mail_sink import Mailbox, summary
from config.processes import free_port, port_is_free

ROOT = Path(__file__).resolve().parents[2]


def message(text: str, *, subject: str = "Your booking") -> EmailMessage:
    mail = EmailMessage()
    mail["To"] = "mira@example.org"
    mail["From"] = "hello@example.org"
    mail["Subject"] = subject
    mail.set_content(text)
    mail.add_alternative(f"<p>{text}</p>", subtype="html")
    return mail


def said(text: str, *, subject: str = "Your booking") -> str:
    return summary(message(text, subject=subject).as_bytes(), ["mira@example.org"])


@pytest.fixture
def port(tmp_path: Path, wait_until: Callable[..., bool]) -> Iterator[int]:
    """The port of a running mail sink that keeps its messages in `tmp_path / "mail"`."""
    port = free_port()
    command = [sys.executable, "-m", "config.mail_sink", "--port", str(port), "--folder", str(tmp_path / "mail")]
    with (tmp_path / "printed.log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    assert wait_until(lambda: not port_is_free(port))
    yield port
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0


def test_a_message_is_one_line_with_recipient_and_subject() -> None:
    assert said("We look forward to seeing you.") == "To mira@example.org: Your booking"


@pytest.mark.parametrize("code", ["493827", "ABCD-1234", "K7QP2M"])
def test_a_sign_in_code_is_printed_with_it(code: str) -> None:
    line = said(f"Here is your code:\n\n    {code}\n\nIt is valid for 10 minutes.", subject="Sign in")

    assert line == f"To mira@example.org: Sign in  –  code: {code}"


@pytest.mark.parametrize("line", ["WELCOME", "REMINDER", "Your total is 493827 cents", "11/24/2026"])
def test_other_lines_are_not_taken_for_a_code(line: str) -> None:
    assert "code:" not in said(f"Hello,\n\n{line}\n")


def test_a_message_that_is_no_message_is_still_one_line() -> None:
    assert summary(b"\xff\xfe\n\nrubbish", ["mira@example.org"]) == "To mira@example.org: (no subject)"


def test_a_subject_in_another_script_reads_as_written() -> None:
    assert said("…", subject="Grüße und 学び") == "To mira@example.org: Grüße und 学び"


def test_what_arrives_by_smtp_is_kept_as_it_came(port: int, tmp_path: Path) -> None:
    sent = message("Line one\n.a line that starts with a dot\n")

    with smtplib.SMTP("127.0.0.1", port) as client:
        client.send_message(sent)

    (kept,) = (tmp_path / "mail").glob("*.eml")
    assert b"\r\n.a line that starts with a dot\r\n" in kept.read_bytes()
    assert "To mira@example.org: Your booking\n" in (tmp_path / "printed.log").read_text()


def test_only_the_last_messages_are_kept(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path, kept=4)

    names = [mailbox.keep(b"%d" % number).name for number in range(6)]

    assert sorted(file.name for file in tmp_path.iterdir()) == names[2:]


def test_of_many_at_once_the_first_are_named_and_the_rest_counted_but_each_code_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = message("Here is your code:\n\n    493827\n", subject="Sign in")
    reminders = [message("See you.", subject=f"Reminder {number}") for number in range(1, 8)]

    async def arrive() -> None:
        mailbox = Mailbox(tmp_path, pause=0.05)
        for sent in [*reminders, code]:
            envelope = Envelope()
            envelope.original_content, envelope.rcpt_tos = sent.as_bytes(), ["mira@example.org"]
            await mailbox.handle_DATA(None, None, envelope)
        await asyncio.sleep(0.3)

    with ThreadPoolExecutor() as threads:  # the browser tests may have a loop running in this one
        threads.submit(lambda: asyncio.run(arrive())).result()

    assert capsys.readouterr().out.splitlines() == [
        *(f"To mira@example.org: Reminder {number}" for number in (1, 2, 3)),
        "To mira@example.org: Sign in  –  code: 493827",
        f"… and 4 more; all are kept in {tmp_path}",
    ]
    assert len(list(tmp_path.glob("*.eml"))) == 8
