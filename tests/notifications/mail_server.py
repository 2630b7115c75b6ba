"""A real mail server in the test's own process: it keeps what it accepts, and refuses or hangs as it is told."""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

HANG = "hang"


@dataclass
class MailServer:
    """`answers["anna@example.org"] = "550 …"` is said to that recipient, `HANG` says nothing for a long time."""

    port: int
    answers: dict[str, str] = field(default_factory=dict)
    answer_to_data: str = "250 Accepted"
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    connections: int = 0
    while_accepting: Callable[[], None] = field(default=lambda: None)  # called before each answer to DATA

    @property
    def addresses(self) -> list[str]:
        """To whom mails were accepted, in their order."""
        return [address for addresses in self.recipients for address in addresses]

    async def handle_EHLO(  # noqa: N802 – aiosmtpd's names
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.answers.get(address, "250 OK")
        if answer == HANG:
            await asyncio.sleep(30)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.to_thread(self.while_accepting)
        if self.answer_to_data.startswith("250"):
            self.mails.append(message_from_bytes(envelope.original_content or b"", policy=policy.default))
            self.recipients.append(envelope.rcpt_tos)
        return self.answer_to_data


class RunningMailServer:
    """Starts a MailServer in a thread, and stops it."""

    def __enter__(self) -> MailServer:
        self.server = MailServer(free_port())
        self.controller = Controller(self.server, hostname="127.0.0.1", port=self.server.port)
        self.controller.start()
        return self.server

    def __exit__(self, *_error: object) -> None:
        self.controller.stop(no_assert=True)


def free_port() -> int:
    """A port on which nobody listens at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def plain(mail: EmailMessage) -> str:
    """The words of the text part."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def html(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())
