"""Calendar feeds: the files themselves, and the page on which their private addresses are made and ended."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.permissions import account_of, form_only
from accounts.roles import MANAGER, has_role
from core.errors import DomainError
from scheduling.feeds import Feed, private_feed, public_feed, write_feed
from scheduling.models import FeedToken, Instructor, Location
from scheduling.operations.feeds import create_feed, revoke_feed
from scheduling.timetable import KEY, read_filters
from scheduling.views.guards import plans_classes


@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """A private feed. A token that was revoked is answered like one that never was, after the same one query."""
    opened = FeedToken.objects.opened_by(token).select_related("instructor", "location").first()
    if opened is None:
        raise Http404
    response = _feed_response(request, private_feed(opened))
    response["Cache-Control"] = "private, no-cache"
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response


@require_safe
def timetable_feed(request: HttpRequest) -> HttpResponse:
    """The published timetable as a calendar, narrowed by the filters of its page."""
    filters, understood = read_filters(request.GET)
    if not understood:
        return HttpResponse(_("There is no such filter."), status=400, content_type="text/plain; charset=utf-8")
    response = _feed_response(request, public_feed(filters))
    response["Cache-Control"] = "public, max-age=300"
    return response


@plans_classes
@require_http_methods(["GET", "HEAD", "POST"])
def feeds(request: HttpRequest) -> HttpResponse:
    """The addresses that work, and a button for a new one, which is shown in the answer to it and never again."""
    if request.method != "POST":
        return _feeds_page(request)
    owner = _owner(account_of(request), request.POST.get("of", ""))
    try:
        _feed, token = create_feed(of=owner, by=account_of(request))
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("scheduling:feeds")
    address = settings.SITE_URL + reverse("scheduling:feed", args=[token])
    made = {"made_for": owner, "address": address, "subscribe": "webcal:" + address.partition(":")[2]}
    return _feeds_page(request, made)


@form_only("scheduling:feeds")
@plans_classes
def feed_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End an address."""
    if revoke_feed(feed=get_object_or_404(FeedToken.objects.managed_by(account_of(request)), pk=pk)):
        messages.success(request, _("This address has ended. Calendars that use it get nothing any more."))
    else:
        messages.info(request, _("This address had ended before."))
    return redirect("scheduling:feeds")


def _feed_response(request: HttpRequest, feed: Feed) -> HttpResponse:
    """The calendar, or a mere "not modified" for whoever has it already."""
    etag = feed.etag()
    unchanged = get_conditional_response(request, etag=etag)
    response = unchanged or HttpResponse(write_feed(feed), content_type="text/calendar; charset=utf-8")
    response["ETag"] = etag
    if unchanged is None:
        response["Content-Disposition"] = 'inline; filename="classes.ics"'
    return response


def _owner(user: User, named: str) -> Instructor | Location:
    """Whose feed `user` wants an address of: `instructor` means the own classes; managers may name a location's key."""
    if named == "instructor":
        return get_object_or_404(Instructor.objects.teaching_as(user))
    if KEY.fullmatch(named) and has_role(user, MANAGER):
        return get_object_or_404(Location, pk=named)
    raise Http404


def _feeds_page(request: HttpRequest, made: dict[str, Any] | None = None) -> HttpResponse:
    user = account_of(request)
    live = Prefetch("feed_tokens", FeedToken.objects.live().order_by("-created_at"), to_attr="feeds")
    own = Instructor.objects.teaching_as(user).prefetch_related(live).first()
    context = (made or {}) | {
        "own": own,
        "locations": [],
        "others": [],
        "public": settings.SITE_URL + reverse("scheduling:timetable_feed"),
    }
    if has_role(user, MANAGER):
        context["locations"] = Location.objects.prefetch_related(live)
        others = FeedToken.objects.live().filter(instructor__isnull=False).exclude(instructor=own)
        context["others"] = others.select_related("instructor").order_by("instructor__name", "-created_at")
    return render(request, "scheduling/feeds/page.html", context)
