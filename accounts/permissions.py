"""Who may open a page or call an endpoint, by role; and what only a form may do."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_POST
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts import roles
from accounts.models import User

if TYPE_CHECKING:
    from rest_framework.views import APIView

View = Callable[..., HttpResponseBase]


def role_required(*allowed: str) -> Callable[[View], View]:
    """Let only these roles in: a visitor signs in first and comes back, anybody else gets the 403 page."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not roles.has_role(request.user, *allowed):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def form_only(page: str, *names: str) -> Callable[[View], View]:
    """Let only a form do this. Who comes by a link, as after signing in, gets the page that the form stands on.

    `page` is its URL name, `names` the parts of the address that it takes: `@form_only("booking:slot", "pk")`.
    """

    def decorate(view: View) -> View:
        by_form = require_POST(view)

        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method in ("GET", "HEAD"):
                return redirect(page, **{name: kwargs[name] for name in names})
            return by_form(request, *args, **kwargs)

        return guarded

    return decorate


def has_one_role_of(*allowed: str) -> type[BasePermission]:
    """The same for the API: `permission_classes = [has_one_role_of(roles.INSTRUCTOR)]`."""

    class HasOneRole(BasePermission):
        def has_permission(self, request: Request, view: "APIView") -> bool:
            return roles.has_role(request.user, *allowed)

    return HasOneRole


def account_of(request: HttpRequest | Request) -> User:
    """Who asks, behind a guard that lets no visitor in."""
    assert isinstance(request.user, User)
    return request.user
