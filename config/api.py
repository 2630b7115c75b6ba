"""One answer for everything that goes wrong in the API: problem details (RFC 9457) with the domain's code."""

from http import HTTPStatus
from typing import Any

from django.http import Http404
from rest_framework.exceptions import APIException, NotFound, PermissionDenied, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from core.errors import DomainError

PROBLEM_JSON = "application/problem+json"


def problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: `{"type", "title", "status", "code", "detail"}`, and `errors` by field for bad input."""
    if isinstance(error, DomainError):
        return _response(error.status, code=error.code, detail=str(error))
    answer = exception_handler(error, context)
    if answer is None:
        return None
    if isinstance(error, Http404):
        error = NotFound()
    elif not isinstance(error, APIException):
        error = PermissionDenied()
    body: dict[str, Any] = {"code": _code(error), "detail": _detail(error)}
    if isinstance(error, ValidationError):
        body["errors"] = error.detail
    problem_answer = _response(answer.status_code, **body)
    for name, value in answer.headers.items():
        problem_answer.headers.setdefault(name, value)
    return problem_answer


def _response(status: int, **body: Any) -> Response:
    title = HTTPStatus(status).phrase
    return Response({"type": "about:blank", "title": title, "status": status, **body}, status, content_type=PROBLEM_JSON)


def _code(error: APIException) -> str:
    return "invalid_input" if isinstance(error, ValidationError) else str(error.default_code)


def _detail(error: APIException) -> str:
    return "Please correct the named fields." if isinstance(error, ValidationError) else str(error.detail)
