"""What the admin's pages are sent."""

from collections.abc import Callable
from itertools import chain
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse

NUL = "\x00"


class NoNulInAdmin:
    """Answer 400 to a NUL character sent to an admin page, where it is no typing error: no keyboard has it.

    The lists filter by whatever field the query names, and some fields look up what was chosen before it is checked;
    PostgreSQL takes no NUL. All other pages read through forms and serializers, which refuse it by themselves.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, options: Any) -> None:
        if request.resolver_match is None or request.resolver_match.app_name != "admin":
            return
        for name, values in chain(request.GET.lists(), request.POST.lists()):
            if any(NUL in text for text in (name, *values)):
                raise SuspiciousOperation("a NUL character sent to an admin page")
