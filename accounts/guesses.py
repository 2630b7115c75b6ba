"""Three guesses a code, not one more, however many arrive at once.

allauth counts wrong codes in the session, which each request reads at its start and writes at its end: of 200 requests
at once all would be evaluated. So each guess is paid for here first, by one conditional update in the database. It is
PostgreSQL and not Redis that counts, so neither an outage nor a FLUSHALL hands out further guesses or locks people out.
"""

from datetime import timedelta
from hashlib import sha256

from django.db.models import F

from accounts.models import GuessCount
from core import clock

KEPT_FOR = timedelta(days=1)  # far longer than any code is valid


def take_guess(attempt: str) -> bool:
    """Use up one of the three guesses at the code that `attempt` names. False when none is left: do not compare then.

    Must not run inside a transaction that may be rolled back, or the guess would be given back.
    """
    name = _digest(attempt)
    GuessCount.objects.bulk_create([GuessCount(attempt=name)], ignore_conflicts=True)
    taken = GuessCount.objects.filter(attempt=name, guesses__lt=GuessCount.MOST).update(guesses=F("guesses") + 1)
    return taken == 1


def guesses_left(attempt: str) -> int:
    used = GuessCount.objects.filter(attempt=_digest(attempt)).values_list("guesses", flat=True).first()
    return GuessCount.MOST - (used or 0)


def forget_old_counts() -> None:
    """Delete the counts of codes that nobody can use any more."""
    GuessCount.objects.filter(created_at__lt=clock.now() - KEPT_FOR).delete()


def _digest(attempt: str) -> str:
    return sha256(attempt.encode()).hexdigest()
