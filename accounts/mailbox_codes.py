"""Proof that a mailbox is someone's: a code of six digits goes there and comes back within ten minutes.

Whether the address has an account is asked only after the code was right. So a stranger who types addresses gets the
same page after the same work for each of them, and a new patient needs no other page than a returning one.

The code waits in the session, which is encrypted (accounts/encryption.py), and in the mail's own encrypted row; it is
stored nowhere else. Its guesses are counted in accounts/guesses.py.
"""

import secrets
from dataclasses import asdict, dataclass
from datetime import timedelta

from allauth.account.adapter import get_adapter
from allauth.core import ratelimit
from allauth.core.internal.cryptokit import compare_user_code
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import guesses
from core import clock
from core.errors import DomainError, InvalidInput

CODE_LASTS = timedelta(minutes=10)
PROOF_LASTS = timedelta(minutes=30)  # to type one's name after the code was right

_CODE = "mailbox_code"
_PROOF = "proven_mailbox"


class TooManyCodes(DomainError):
    code = "too_many_codes"
    message = _("Too many codes were asked for. Please wait a few minutes, then try again.")
    status = 429


class NoCodeWaiting(DomainError):
    code = "no_code_waiting"
    message = _("That code is no longer valid. Please ask for a new one.")


class NoGuessLeft(DomainError):
    code = "no_guess_left"
    message = _("That was not the code, three times. To be safe, please ask for a new one.")


class WrongCode(InvalidInput):
    code = "wrong_code"

    def __str__(self) -> str:
        left = self.details["left"]
        return ngettext(
            "That is not the code. You have one more try.", "That is not the code. You have %(left)s more tries.", left
        ) % {"left": left}


@dataclass(frozen=True)
class WaitingCode:
    """A code on its way to a mailbox and back."""

    email: str
    code: str
    attempt: str  # a random name for the count of its guesses
    sent_at: float


def send_code(request: HttpRequest, email: str) -> None:
    """Mail a new code to any mailbox, and forget an earlier one. Raises TooManyCodes."""
    if not ratelimit.consume(request, action="request_login_code", key=email):
        raise TooManyCodes
    adapter = get_adapter()
    waiting = WaitingCode(email, adapter.generate_login_code(), secrets.token_hex(16), clock.now().timestamp())
    guesses.forget_old_counts()
    adapter.send_mail("account/email/login_code", email, {"code": waiting.code})
    request.session[_CODE] = asdict(waiting)


def waiting_code(request: HttpRequest) -> WaitingCode | None:
    """The code that this visitor was sent and can still type in."""
    kept = request.session.get(_CODE)
    if not kept:
        return None
    waiting = WaitingCode(**kept)
    return waiting if _is_recent(waiting.sent_at, CODE_LASTS) else None


def check_code(request: HttpRequest, typed: str) -> str:
    """Return the address whose mailbox is proven by the typed code; the code is used up then.

    Raises NoCodeWaiting, WrongCode while guesses are left, and NoGuessLeft.
    """
    waiting = waiting_code(request)
    if waiting is None:
        raise NoCodeWaiting
    if not guesses.take_guess(waiting.attempt):
        raise NoGuessLeft
    if not compare_user_code(actual=typed, expected=waiting.code):
        left = guesses.guesses_left(waiting.attempt)
        raise WrongCode(left=left) if left else NoGuessLeft
    forget_code(request)
    return waiting.email


def forget_code(request: HttpRequest) -> None:
    request.session.pop(_CODE, None)


def remember_proof(request: HttpRequest, email: str) -> None:
    """Keep for a while that this visitor has proven `email`, so that they can open an account with it."""
    request.session[_PROOF] = {"email": email, "at": clock.now().timestamp()}


def proven_mailbox(request: HttpRequest) -> str | None:
    """The address that this visitor has proven and that has no account yet."""
    kept = request.session.get(_PROOF)
    return kept["email"] if kept and _is_recent(kept["at"], PROOF_LASTS) else None


def forget_proof(request: HttpRequest) -> None:
    request.session.pop(_PROOF, None)


def _is_recent(instant: float, lasts: timedelta) -> bool:
    return clock.now().timestamp() - instant <= lasts.total_seconds()
