"""The one module that speaks to the mail server: it says what became of a mail by one of four errors, or by none."""

import smtplib
import time
from contextlib import suppress
from types import TracebackType
from typing import ClassVar, Self

from django.core.mail import BadHeaderError, EmailMessage, get_connection

LEAVE_ALONE = 30.0  # seconds for which wake-ups do not try a server that was away; the sweep does
PERMANENT = 500  # replies from here on will be the same tomorrow (RFC 5321, section 4.2.1)


class TryLater(Exception):
    """The server did not take the mail this time: a 4xx reply, or a connection that was lost, or hung once."""


class ServerAway(TryLater):
    """There is no server to talk to, whatever the mail: none answers, or two mails in a row hung."""


class AddressRefused(Exception):
    """The server will not deliver to this address, today or tomorrow."""


class MailRefused(Exception):
    """The server will not take this mail, today or tomorrow."""


class MailConnection:
    """One connection for a batch: the first mail opens it, the following ones use it.

    Mails are handed over one by one, so a refusal never touches another one. After any trouble the connection is
    dropped, since nobody knows what state it is in, and the next mail opens a new one. A server that hangs is left
    after EMAIL_TIMEOUT; once may be the fault of one mailbox, twice in a row is the server's.
    """

    _away_until: ClassVar[float] = 0.0  # on this process's monotonic clock

    def __init__(self) -> None:
        self._backend = get_connection()
        self._hung = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._drop()

    @classmethod
    def server_was_away(cls) -> bool:
        """Whether this process could not reach the server a moment ago, or waited for it in vain."""
        return time.monotonic() < cls._away_until

    def send(self, mail: EmailMessage) -> None:
        """Hand `mail` over; on return the server has accepted it.

        Raises ServerAway, TryLater, AddressRefused or MailRefused.
        """
        self._open()
        try:
            self._backend.send_messages([mail])
        except (OSError, ValueError) as error:  # smtplib's errors are OSErrors
            self._drop()
            if _is_timeout(error):
                raise self._hangs(error) from error
            raise _what_became_of_it(error) from error
        self._hung = False
        MailConnection._away_until = 0.0

    def _open(self) -> None:
        try:
            self._backend.open()
        except OSError as error:
            _leave_alone()
            raise ServerAway(_words(error)) from error

    def _hangs(self, error: Exception) -> TryLater:
        _leave_alone()
        hung_before, self._hung = self._hung, True
        return ServerAway(_words(error)) if hung_before else TryLater(_words(error))

    def _drop(self) -> None:
        with suppress(OSError):  # the server may be gone before we have said good-bye
            self._backend.close()


def _leave_alone() -> None:
    MailConnection._away_until = time.monotonic() + LEAVE_ALONE


def _is_timeout(error: Exception) -> bool:
    """Whether the time was up; smtplib calls that a lost connection, and says so while it handles the timeout."""
    return isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)


def _what_became_of_it(error: Exception) -> Exception:
    """Sort what smtplib and Django raise by what follows from it."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, _reply = next(iter(error.recipients.values()))
        return AddressRefused(_words(error)) if code >= PERMANENT else TryLater(_words(error))
    if isinstance(error, smtplib.SMTPSenderRefused):  # our own address: once a person has mended that, it works
        return TryLater(_words(error))
    if isinstance(error, smtplib.SMTPResponseException):
        return MailRefused(_words(error)) if error.smtp_code >= PERMANENT else TryLater(_words(error))
    if isinstance(error, BadHeaderError):
        return MailRefused(_words(error))
    if isinstance(error, ValueError):  # no address that could be written into a header
        return AddressRefused(_words(error))
    return TryLater(_words(error))


def _words(error: Exception) -> str:
    """The server's reply, or what went wrong, in one line."""
    code: int | None = None
    reply: bytes | str = str(error) or type(error).__name__
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, reply = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        code, reply = error.smtp_code, error.smtp_error
    text = reply.decode(errors="replace") if isinstance(reply, bytes) else reply
    return " ".join(f"{code or ''} {text}".split())
