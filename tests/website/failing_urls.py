"""The product's addresses, and some that fail in each way."""

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.urls import path

from config.urls import handler400, handler403, handler404, handler500
from config.urls import urlpatterns as ours
from scheduling.models import Slot

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


def not_understood(request: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation("the host's secret")


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied("the role's secret")


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("the program's secret")


def reading(request: HttpRequest) -> HttpResponse:
    return HttpResponse(Slot.objects.count())


urlpatterns = [
    *ours,
    path("fails/400/", not_understood),
    path("fails/403/", forbidden),
    path("fails/500/", broken),
    path("reads/", reading),
]
