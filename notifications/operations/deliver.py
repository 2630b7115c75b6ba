"""Delivering messages, at least once and hardly ever twice.

A worker leases a row (it moves `next_try_at` ahead, under a lock that others skip), asks whether the message is still
true, hands the mail over outside any transaction, and writes down what became of it. If it dies in between, the lease
ends by itself and the mail goes out again under the same Message-ID. Whatever a worker writes, it writes only while
`next_try_at` still is the end of its own lease: one that was frozen for longer changes nothing.
"""

import logging
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from core import clock
from notifications.models import Message, MessageQuerySet
from notifications.operations.write import write_reminder
from notifications.relevance import why_void
from notifications.smtp import AddressRefused, MailConnection, MailRefused, ServerAway, TryLater
from notifications.writing import MASKED_CODE, Letter, write_letter

BATCH = 50
CLAIM_FOR = 40.0  # seconds; a task may last 60, and one mail to a hanging server takes 10 of them
LEASE = timedelta(minutes=2)  # longer than the hard time limit of a task, so nobody else has the message meanwhile
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)

State = Message.State

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Claim:
    """The right to deliver one message, while its lease ends at that moment. Tries are no mark: some are taken back."""

    pk: int
    lease_ends_at: datetime


def deliver_message(*, message_id: int) -> None:
    """Deliver one message if it is due; does nothing when it was sent or another worker has it.

    While the mail server is away this leaves the message to the sweep, so that wake-ups do not queue up behind it.
    """
    if MailConnection.server_was_away():
        return
    claims = _claim(Message.objects.filter(pk=message_id))
    with MailConnection() as connection:
        _deliver_claimed(claims, connection, until=time.monotonic() + CLAIM_FOR)


def deliver_due_messages() -> None:
    """Deliver what is due, in batches over one connection each, for at most CLAIM_FOR seconds.

    Any number of workers may do this at once: each takes other rows.
    """
    until = time.monotonic() + CLAIM_FOR
    server_is_there = True
    while server_is_there and time.monotonic() < until and (claims := _claim(Message.objects.all())):
        with MailConnection() as connection:
            server_is_there = _deliver_claimed(claims, connection, until=until)


def _deliver_claimed(claims: Sequence[Claim], connection: MailConnection, *, until: float) -> bool:
    """Deliver each claimed message; give the rest back when the time or the server is gone. Returns False if it is."""
    for position, claim in enumerate(claims):
        if time.monotonic() >= until:
            _give_back(claims[position:])
            return False
        try:
            _deliver(claim, connection)
        except ServerAway as error:
            logger.warning("the mail server is away: %s", error)
            _give_back(claims[position + 1 :], pause=FIRST_PAUSE)
            return False
    return True


def _deliver(claim: Claim, connection: MailConnection) -> None:
    message = _read(claim)
    if message is None:
        return
    if reason := why_void(message):
        _make_void(message, reason)
        return
    try:
        letter = write_letter(message)
        kept = write_letter(message, masked=True) if message.secret else letter
    except Exception:  # a fault of ours in one message must not hold up the others
        logger.exception("message %s could not be written", message.pk)
        _try_later(message, None, "It could not be written: see the log of the worker.")
        return
    _hand_over(message, letter, kept, connection)


def _read(claim: Claim) -> Message | None:
    """The message and the world as they are now; None when it has been settled. Not `first()`: sorting costs."""
    return next(iter(_still_claimed([claim]).with_details()), None)


def _hand_over(message: Message, letter: Letter, kept: Letter, connection: MailConnection) -> None:
    """Send the letter and write down what became of it, as `kept` has it: without the code."""
    try:
        connection.send(letter.as_mail())
    except AddressRefused as error:
        _settle(message, State.BOUNCED, kept, str(error))
    except MailRefused as error:
        _settle(message, State.FAILED, kept, str(error))
    except TryLater as error:
        _try_later(message, kept, str(error))
        if isinstance(error, ServerAway):
            raise
    else:
        _settle(message, State.SENT, kept)


@transaction.atomic
def _claim(messages: MessageQuerySet) -> list[Claim]:
    """Lease up to a batch of those that are due, the longest due first."""
    due = messages.due().order_by("next_try_at").select_for_update(skip_locked=True)
    keys = list(due.values_list("pk", flat=True)[:BATCH])
    lease_ends_at = clock.now() + LEASE
    Message.objects.filter(pk__in=keys).update(attempts=F("attempts") + 1, next_try_at=lease_ends_at)
    return [Claim(pk, lease_ends_at) for pk in keys]


def _still_claimed(claims: Sequence[Claim]) -> MessageQuerySet:
    """Those of one batch that nobody has settled or leased since."""
    keys, ends = [claim.pk for claim in claims], {claim.lease_ends_at for claim in claims}
    return Message.objects.filter(pk__in=keys, next_try_at__in=ends, state=State.QUEUED)


def _give_back(claims: Sequence[Claim], *, pause: timedelta = timedelta()) -> None:
    """End leases that were not used; the tries do not count."""
    _still_claimed(claims).update(attempts=F("attempts") - 1, next_try_at=clock.now() + pause)


def _try_later(message: Message, kept: Letter | None, error: str) -> None:
    """Wait twice as long as the last time; when the message would be of no use by then, leave it to a person."""
    pause = min(FIRST_PAUSE * 2 ** min(message.attempts - 1, 10), LONGEST_PAUSE)
    if clock.now() + pause >= message.drop_after:
        _settle(message, State.FAILED, kept, error)
        return
    _as_read(message).update(next_try_at=clock.now() + pause, error=_to_store(error))


def _settle(message: Message, state: Message.State, kept: Letter | None, error: str = "") -> None:
    words: dict[str, Any] = {}
    if kept is not None:
        words = {"subject": kept.subject[:300], "text": kept.text, "html": kept.html}
        words["headers"] = list(kept.headers.items())
        words["email"] = kept.headers["To"]
    moved = _as_read(message).move_to(
        state, secret="", error=_to_store(error), sent_at=clock.now() if state == State.SENT else None, **words
    )
    logger.info("message %s: %s", message.pk, state if moved else "another worker has it")


@transaction.atomic
def _make_void(message: Message, reason: Message.VoidReason) -> None:
    if not _as_read(message).move_to(State.VOID, void_reason=reason, secret=""):
        return
    logger.info("message %s is not needed: %s", message.pk, reason)
    if reason == Message.VoidReason.CLASS_MOVED and message.booking:
        write_reminder(booking=message.booking)


def _as_read(message: Message) -> MessageQuerySet:
    """The message, as long as it is under the lease under which it was read."""
    return _still_claimed([Claim(message.pk, message.next_try_at)])


def _to_store(error: str) -> str:
    """A server's reply may quote the subject, and with it a code."""
    return re.sub(r"\d{3} ?\d{3}", MASKED_CODE, error)[:500]
