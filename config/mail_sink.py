"""The mail server of the local run: it delivers nothing, keeps each message as a file, and says in a line what came.

    python -m config.mail_sink --port 1025 --folder .local/mail

The local run has no mailboxes, so a sign-in code is printed too. When many come at once, as the demo clinic's reminders
do, all after the first few are one line, or nobody would find the codes and the addresses above them. Nothing like this
exists in production.
"""

import argparse
import asyncio
import re
import signal
import sys
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import count
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

KEPT = 500  # messages
FIRST = 3  # of many at once
PAUSE = 3.0  # seconds without a message, after which the next ones are named again
LARGEST = 25 * 1024 * 1024  # bytes
CODE = re.compile(r"^\s*([A-Z0-9]{6,10}|[A-Z0-9]{2,5}(?:-[A-Z0-9]{2,5})+)\s*$", re.MULTILINE)  # alone on its line


class Mailbox:
    """Keeps the last messages in a folder and prints a line about each, or about many that come at once."""

    def __init__(self, folder: Path, *, kept: int = KEPT, pause: float = PAUSE) -> None:
        self.folder = folder
        self.kept = kept
        self.pause = pause
        self.numbers = count(1)
        self.at_once = 0
        self.quiet: asyncio.TimerHandle | None = None
        folder.mkdir(parents=True, exist_ok=True)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        """Accept a message, as aiosmtpd calls it for each one."""
        content = envelope.original_content or b""
        self.keep(content)
        self._say(summary(content, envelope.rcpt_tos), has_code=bool(sign_in_code(_parsed(content))))
        return "250 Message kept"

    def _say(self, line: str, *, has_code: bool) -> None:
        """Print the line, unless many came just before it; a code is always printed."""
        self.at_once += not has_code
        if has_code or self.at_once <= FIRST:
            print(line, flush=True)
        if self.quiet:
            self.quiet.cancel()
        self.quiet = asyncio.get_running_loop().call_later(self.pause, self._sum_up)

    def _sum_up(self) -> None:
        """After a pause: how many were not named."""
        if self.at_once > FIRST:
            print(f"… and {self.at_once - FIRST} more; all are kept in {self.folder}", flush=True)
        self.at_once, self.quiet = 0, None

    def keep(self, content: bytes) -> Path:
        """Write the message to a file whose name sorts by time, and drop the oldest beyond those to keep."""
        now = datetime.now(UTC)
        file = self.folder / f"{now:%Y%m%d-%H%M%S}-{now.microsecond:06d}-{next(self.numbers):04d}.eml"
        file.write_bytes(content)
        for old in sorted(self.folder.glob("*.eml"))[: -self.kept]:
            old.unlink(missing_ok=True)
        return file


def summary(content: bytes, recipients: list[str]) -> str:
    """Say in one line who gets what; with the sign-in code, when the message holds one."""
    message = _parsed(content)
    line = f"To {', '.join(recipients)}: {message.get('Subject', '(no subject)')}"
    code = sign_in_code(message)
    return f"{line}  –  code: {code}" if code else line


def _parsed(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=policy.default)


def sign_in_code(message: EmailMessage) -> str | None:
    """Return the code that stands alone on a line of the text, or None. Unlike a word, it has a digit or a dash."""
    text = message.get_body(preferencelist=("plain",))
    found = CODE.findall(text.get_content()) if text else []
    return next((code for code in found if "-" in code or any(letter.isdigit() for letter in code)), None)


def main() -> int:
    """Listen on loopback until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m config.mail_sink", description="The local run's mail server.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    arguments = parser.parse_args()
    # Blocked before the server's thread starts, so that it inherits this and `sigwait` below gets the signal.
    stops = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    controller = Controller(
        Mailbox(arguments.folder),
        hostname="127.0.0.1",
        port=arguments.port,
        data_size_limit=LARGEST,
        enable_SMTPUTF8=True,
    )
    controller.start()
    print(f"Mail for everyone on port {arguments.port}; messages are kept in {arguments.folder}", flush=True)
    signal.sigwait(stops)
    controller.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
