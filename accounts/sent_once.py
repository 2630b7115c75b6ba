"""A form that is sent twice has one effect, and both times the same answer.

Where scripts run, the page itself sends a form once (website/frontend/js/send_once.js). Where they do not, a double
click sends it twice, and the browser shows the second answer only: a refusal, because of what the first has just done.
So `{% sent_once %}` writes a token into the form, and the outcome is kept under it and what the form says, as the API
keeps answers under an Idempotency-Key. Whoever comes while the first one is still being worked on waits for it, a few
seconds. Another time or room typed into the same page is another form; a refusal is not kept, because the reason may go
away; and an old page that is sent again is a new wish, because what it made may have been cancelled since.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from secrets import token_hex

from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.safestring import SafeData, mark_safe
from django.utils.translation import gettext_lazy as _

from accounts.idempotency import Answer, StillRunning, answer_once, forget_answer
from accounts.permissions import account_of
from core.errors import DomainError

FIELD = "sent_once"
TOKEN = re.compile(r"[0-9a-f]{32}")
ONE_CLICK = timedelta(minutes=2)  # within which a form that comes again was sent twice, not wished twice


class StillSaving(DomainError):
    code = "still_saving"
    message = _("This was sent twice and is still being saved. Please wait a moment before you send it again.")


@dataclass(frozen=True)
class Done:
    """What a form has done: the words about it, and the address of the page that shows it."""

    words: str
    address: str


def token_for(request: HttpRequest) -> str:
    """The token of a form: the one it was sent with, if its page comes back, else a new one."""
    sent = request.POST.get(FIELD, "")
    return sent if TOKEN.fullmatch(sent) else token_hex(16)


def do_once(request: HttpRequest, effect: Callable[[], Done]) -> HttpResponseRedirect:
    """Have `effect` happen unless this very form has had it, and go on to its page with its words.

    Raises StillSaving, and what `effect` raises: then nothing has happened. A form that brings a file, or no token, is
    not recognised.
    """

    def answer() -> Answer:
        done = effect()
        return Answer(302, {"words": done.words, "is_html": isinstance(done.words, SafeData)}, done.address)

    account, key = account_of(request), _key_of(request)
    if key:
        forget_answer(account=account, key=key, older_than=ONE_CLICK)
    try:
        told = answer_once(account=account, key=key, asked={}, effect=answer, waits=True)
    except StillRunning as error:
        raise StillSaving() from error
    words = str(told.body["words"])
    messages.success(request, mark_safe(words) if told.body["is_html"] else words)  # noqa: S308 - from our own view
    return redirect(told.location)


def _key_of(request: HttpRequest) -> str:
    token = request.POST.get(FIELD, "")
    if request.FILES or not TOKEN.fullmatch(token):
        return ""
    said = {name: values for name, values in request.POST.lists() if name != "csrfmiddlewaretoken"}
    digest = sha256(json.dumps([request.get_full_path(), said], sort_keys=True).encode()).hexdigest()
    return f"form {token} {digest}"
