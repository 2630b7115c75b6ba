"""One answer for everything that goes wrong in the API: problem details (RFC 9457) with the domain's code."""

import sys
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.log import log_response
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException, NotFound, PermissionDenied, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from core.errors import DomainError
from website import failures

PROBLEM_JSON = "application/problem+json"
PASSING = (OperationalError, InterfaceError)  # PostgreSQL restarts, or a lock takes too long


class Unavailable(DomainError):
    code = "unavailable"
    message = _("The booking system is not available at the moment. Please try again in a few seconds.")
    status = 503
    retry_after = failures.SECONDS_TO_WAIT


class Broken(DomainError):
    code = "error"
    message = _("Something went wrong on our side. We have been told; please try again later.")
    status = 500


class BadRequest(DomainError):
    code = "bad_request"
    message = _("This request cannot be understood.")
    status = 400


def problem(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's exception handler: `{"type", "title", "status", "code", "detail"}`, and `errors` by field for bad input."""
    if isinstance(error, DomainError):
        return _refusal(error)
    answer = exception_handler(error, context)
    if answer is None:
        return _outage(error, context)
    if isinstance(error, Http404):
        error = NotFound()
    elif isinstance(error, DjangoPermissionDenied):
        error = PermissionDenied()
    assert isinstance(error, APIException)
    headers = {name: value for name, value in answer.headers.items() if name != "Content-Type"}
    return Response(body_of(error), answer.status_code, headers=headers, content_type=PROBLEM_JSON)


def body_of(error: APIException) -> dict[str, Any]:
    """The problem document for an error of DRF's own; bad input is named by field."""
    if not isinstance(error, ValidationError):
        return problem_body(error.status_code, code=str(error.default_code), detail=str(error.detail))
    body = problem_body(error.status_code, code="invalid_input", detail=str(_("Please correct the named fields.")))
    return body | {"errors": error.detail if isinstance(error.detail, dict) else {"non_field_errors": error.detail}}


def problem_body(status: int, *, code: str, detail: str) -> dict[str, Any]:
    """The members that every problem document has."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400: for a request that does not reach a view, such as one for another host."""
    return _plain(BadRequest()) if _is_for_api(request) else failures.bad_request(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: for pages, and for an error outside the API's views; 503 while the database is away."""
    is_passing = isinstance(sys.exc_info()[1], PASSING)
    if _is_for_api(request):
        return _plain(Unavailable() if is_passing else Broken())
    return failures.unavailable(request) if is_passing else failures.server_error(request)


def _is_for_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")


def _plain(error: DomainError) -> JsonResponse:
    body = problem_body(error.status, code=error.code, detail=str(error))
    return JsonResponse(body, status=error.status, content_type=PROBLEM_JSON)


def _refusal(error: DomainError) -> Response:
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after else None
    body = problem_body(error.status, code=error.code, detail=str(error)) | error.members
    return Response(body, error.status, headers=headers, content_type=PROBLEM_JSON)


def _outage(error: Exception, context: dict[str, Any]) -> Response:
    """Answer what nobody has foreseen without a word about its cause; log and report it as Django does."""
    request: HttpRequest = context["request"]._request
    answer = _refusal(Unavailable() if isinstance(error, PASSING) else Broken())
    got_request_exception.send(sender=type(context["view"]), request=request)
    log_response(
        "%s: %s",
        answer.reason_phrase,
        request.path,
        response=answer,
        request=request,
        exception=error,
    )
    return answer
