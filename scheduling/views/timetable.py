"""The timetable's page: served from memory while it is true (scheduling/freshness.py)."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from core import clock
from scheduling.focus import FocusArea
from scheduling.freshness import Page, fresh_page
from scheduling.models import ClassType, Instructor, Location
from scheduling.timetable import Filters, TimeOfDay, Timetable, read_filters

# Without these cookies there is neither an account nor a message to show, so everybody gets the same page.
COOKIES_OF_SOMEBODY = (settings.SESSION_COOKIE_NAME, "messages")

Renderer = Callable[[Timetable, bool], str]


@require_safe
def timetable(request: HttpRequest) -> HttpResponse:
    """The next classes by day, two weeks at a time.

    A visitor's whole page, the list that htmx asks for, and the content of somebody's own page are kept in memory. A
    filter that does not exist is left out and said so, with status 400.
    """
    filters, understood = read_filters(request.GET)
    if _wants_list_only(request):
        page = _page("list", filters, understood, _list)
        response = _response(request, page, understood)
        response["HX-Push-Url"] = request.path + filters.address()
    elif any(cookie in request.COOKIES for cookie in COOKIES_OF_SOMEBODY):
        content = _page("content", filters, understood, _content)
        response = render(request, "scheduling/timetable.html", {"content": content.html.decode()})
    else:
        page = _page("page", filters, understood, lambda *answer: _whole_page(request, *answer))
        response = _response(request, page, understood)
    if not understood:
        response.status_code = 400
    patch_vary_headers(response, ("Cookie", "HX-Request"))
    response["Cache-Control"] = "private, no-cache"
    return response


def _wants_list_only(request: HttpRequest) -> bool:
    """Whether htmx asks for the list to swap it in; going back in the browser's history wants the whole page."""
    return "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers


def _page(kind: str, filters: Filters, understood: bool, render_answer: Renderer) -> Page:
    key = (kind, get_language(), clock.clinic_today(), filters, understood)
    return fresh_page(key, filters, lambda answer: render_answer(answer, understood))


def _list(answer: Timetable, understood: bool) -> str:
    return render_to_string("scheduling/timetable/answer.html", _context(answer, understood) | {"swapped": True})


def _content(answer: Timetable, understood: bool) -> str:
    """All between header and footer; rendered without the request, so that nothing of one person gets into it."""
    choices = {
        "focus_areas": list(FocusArea),
        "levels": ClassType.Level.choices,
        "times_of_day": TimeOfDay.choices,
        "instructors": list(Instructor.objects.teaching()),
        "locations": list(Location.objects.all()),
    }
    return render_to_string("scheduling/timetable/content.html", _context(answer, understood) | choices)


def _whole_page(request: HttpRequest, answer: Timetable, understood: bool) -> str:
    return render_to_string("scheduling/timetable.html", {"content": _content(answer, understood)}, request)


def _context(answer: Timetable, understood: bool) -> dict[str, object]:
    feed = settings.SITE_URL + reverse("scheduling:timetable_feed") + answer.filters.for_calendars().address()
    return {
        "timetable": answer,
        "filters": answer.filters,
        "understood": understood,
        "zone": clock.zone_label(),
        "zone_key": clock.clinic_zone().key,
        "feed": feed,
        "subscribe": "webcal:" + feed.partition(":")[2],
        "here": reverse("scheduling:timetable"),
    }


def _response(request: HttpRequest, page: Page, understood: bool) -> HttpResponse:
    """The page, zipped for those who take it so, or a mere "not modified" for those who have it."""
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        response = HttpResponse(page.zipped, headers={"Content-Encoding": "gzip"})
    else:
        response = HttpResponse(page.html)
    patch_vary_headers(response, ("Accept-Encoding",))
    if not understood:
        return response
    response["ETag"] = page.etag
    return get_conditional_response(request, etag=page.etag, response=response) or response
