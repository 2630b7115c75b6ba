"""The pages for what went wrong. They ask neither database nor Redis nor session, so they show whatever is away."""

from django.http import HttpRequest, HttpResponse
from django.template import loader

from website.context import clinic

SECONDS_TO_WAIT = 5


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400, for pages."""
    return _page(request, "400.html", 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    return _page(request, "403.html", 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404. The address is not repeated: it may be anything."""
    return _page(request, "404.html", 404)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """For CSRF_FAILURE_VIEW. Why it failed is in the log; the visitor can only load the page again."""
    return _page(request, "403_csrf.html", 403)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500, for pages."""
    return _page(request, "500.html", 500)


def unavailable(request: HttpRequest) -> HttpResponse:
    """The database is away for the moment."""
    page = _page(request, "503.html", 503)
    page["Retry-After"] = str(SECONDS_TO_WAIT)
    return page


def _page(request: HttpRequest, template: str, status: int) -> HttpResponse:
    """Draw with the clinic's facts only: given the request, context processors would load session and user."""
    return HttpResponse(loader.get_template(template).render(clinic(request)), status=status)
