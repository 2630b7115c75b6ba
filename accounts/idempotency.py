"""One effect and one answer for a request of the API, however often it is sent with the same Idempotency-Key.

After draft-ietf-httpapi-idempotency-key-header: the same key for another request is refused with 422, one whose first
request still runs with 409. The answer is stored in the transaction of the effect, so a crash leaves both or neither.
Refusals are not stored, because the reason may go away: a retry is a new attempt.

The lock belongs to the transaction, not to the session, so a pooler in transaction mode may stand in front of
PostgreSQL. It makes parallel requests stop at once instead of working in vain, or wait if they are a person's (then
`accounts/sent_once.py`); the constraint `one_answer_per_account_and_key` is what makes a second effect impossible.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils.translation import gettext_lazy as _
from psycopg.errors import LockNotAvailable

from accounts.models import IdempotencyKey, User
from core import clock
from core.errors import DomainError, InvalidInput
from core.queries import insert

KEPT_FOR = timedelta(hours=24)
LONGEST_KEY = 255

# Two statements in one round trip. The second has a snapshot of its own, so whoever gets the lock sees what the one
# before has committed.
_LOOK = """
    SELECT request, status, body, location FROM accounts_idempotencykey
     WHERE account_id = %(account)s AND key = %(key)s
"""
_LOCK_AND_LOOK = f"SELECT pg_try_advisory_xact_lock(hashtextextended(%(key)s, %(account)s)); {_LOOK}"
_WAIT_AND_LOOK = f"SELECT pg_advisory_xact_lock(hashtextextended(%(key)s, %(account)s)) IS NOT NULL; {_LOOK}"


class KeyNotUsable(InvalidInput):
    code = "idempotency_key_not_usable"
    message = _("Please send an Idempotency-Key of 1 to 255 printable ASCII characters, for example a UUID.")
    status = 400


class KeyUsedOtherwise(InvalidInput):
    code = "idempotency_key_reused"
    message = _("This Idempotency-Key was used for another request. Please use a new key for each new request.")


class StillRunning(DomainError):
    code = "request_in_progress"
    message = _("A request with this Idempotency-Key is still being worked on. Please ask again in a moment.")
    retry_after = 1


@dataclass(frozen=True)
class Answer:
    """What a request is answered with; `body` holds JSON's own types only."""

    status: int
    body: Mapping[str, Any]
    location: str = ""
    is_repeat: bool = False


def answer_once(
    *, account: User, key: str, asked: Mapping[str, Any], effect: Callable[[], Answer], waits: bool = False
) -> Answer:
    """Have `effect` happen and return its answer; return the stored one when the key was answered before.

    `asked` is the request as understood, so what is ignored does not make it another one. Keys are known for a day and
    belong to one account. Without a key nothing is stored. Whoever `waits` is answered after the first request, and
    refused only where that takes longer than PostgreSQL waits for a lock (`lock_timeout`).

    Raises KeyNotUsable, KeyUsedOtherwise, StillRunning, and what `effect` raises: then nothing has happened.
    """
    if not key:
        return effect()
    if len(key) > LONGEST_KEY or not (key.isascii() and key.isprintable()):
        raise KeyNotUsable()
    digest = sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    try:
        with transaction.atomic():
            stored = _lock_and_look(account, key, waits=waits)
            if stored is not None:
                return _repeated(stored, digest)
            answer = effect()
            _store(account, key, digest, answer)
            return answer
    except IntegrityError as error:
        if "one_answer_per_account_and_key" not in str(error):
            raise
    return _repeated(IdempotencyKey.objects.get(account=account, key=key), digest)


def forget_old_answers() -> None:
    """Delete the answers whose day is over."""
    IdempotencyKey.objects.filter(created_at__lt=clock.now() - KEPT_FOR).delete()


def forget_answer(*, account: User, key: str, older_than: timedelta) -> None:
    """Delete the answer that a key got so long ago: who sends it now does not mean the same any more."""
    IdempotencyKey.objects.filter(account=account, key=key, created_at__lt=clock.now() - older_than).delete()


def _lock_and_look(account: User, key: str, *, waits: bool) -> IdempotencyKey | None:
    """The stored answer, if there is one; the key is locked until the transaction ends. Raises StillRunning."""
    with connection.cursor() as cursor:
        try:
            cursor.execute(_WAIT_AND_LOOK if waits else _LOCK_AND_LOOK, {"account": account.pk, "key": key})
        except OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable):
                raise StillRunning() from error
            raise
        (is_ours,) = cursor.fetchone()
        cursor.nextset()
        row = cursor.fetchone()
    if row is not None:
        return IdempotencyKey(**dict(zip(("request", "status", "body", "location"), row, strict=True)))
    if not is_ours:
        raise StillRunning()
    return None


def _store(account: User, key: str, digest: str, answer: Answer) -> None:
    insert(
        IdempotencyKey(
            account=account,
            key=key,
            request=digest,
            status=answer.status,
            body=json.dumps(answer.body),
            location=answer.location,
        )
    )


def _repeated(stored: IdempotencyKey, digest: str) -> Answer:
    if stored.request != digest:
        raise KeyUsedOtherwise()
    return Answer(stored.status, json.loads(stored.body), stored.location, is_repeat=True)
