"""How the pages of bookings answer: whose booking it is, where a form leads, and how a refusal is said."""

from collections.abc import Callable
from functools import wraps
from typing import cast

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django_htmx.middleware import HtmxDetails

from accounts.models import User
from booking.models import Booking
from core.errors import DomainError


class OwnRequest(HttpRequest):
    """A request of somebody who is signed in."""

    user: User
    htmx: HtmxDetails


class SeeOther(HttpResponseRedirect):
    """After a form: get this page next (303), so that reloading it sends nothing again."""

    status_code = 303


def slot_page(pk: int) -> SeeOther:
    return SeeOther(reverse("booking:slot", args=[pk]))


def booking_page(pk: int) -> SeeOther:
    return SeeOther(reverse("booking:detail", args=[pk]))


def refused(request: HttpRequest, error: DomainError, page: SeeOther) -> SeeOther:
    """Say on `page` what the rules refused."""
    messages.warning(request, str(error))
    return page


def own_booking(view: Callable[[OwnRequest, Booking], HttpResponse]) -> Callable[[HttpRequest, int], HttpResponse]:
    """Give the view the visitor's own booking of that number; a stranger's does not exist (404).

    Who is not signed in does so first and comes back to a page: to this one, or from a form to the booking's.
    """

    @wraps(view)
    def guarded(request: HttpRequest, pk: int) -> HttpResponse:
        if not request.user.is_authenticated:
            is_page = request.method in ("GET", "HEAD")
            return redirect_to_login(request.get_full_path() if is_page else reverse("booking:detail", args=[pk]))
        bookings = Booking.objects.of_account(request.user).with_details()
        return view(cast(OwnRequest, request), get_object_or_404(bookings, pk=pk))

    return guarded
