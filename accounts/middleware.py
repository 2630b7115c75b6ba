"""What holds for every answer to somebody with a session, and what signing in does while Redis is away."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from redis.exceptions import RedisError


class OwnPagesAreNotKept:
    """Let no browser and no proxy keep what a session was asked with, unless the page itself says what may be kept.

    Otherwise the next person at the counter's or the family's computer goes back in the history and reads it. A session
    is known by its cookie: the database is not asked whose it is, and visitors' pages stay as they are.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if settings.SESSION_COOKIE_NAME in request.COOKIES or "Authorization" in request.headers:
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class SignInOutage:
    """Answer with one clear sentence when the limits on attempts cannot be counted because Redis is away.

    Without the limits, asking for codes and guessing passwords would be unlimited, so these are refused (and a code
    could not be delivered anyway: the workers are woken through Redis). All pages still show, a code that is already
    in the mailbox still works, and whoever is signed in stays so.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        page = request.resolver_match.url_name if request.resolver_match else None
        if not isinstance(exception, RedisError) or not (page or "").startswith(("account_", "mfa_")):
            return None
        response = render(request, "account/outage.html", status=503)
        response["Retry-After"] = "60"
        return response
