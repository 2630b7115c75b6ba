"""The API's description (OpenAPI): what drf-spectacular finds by itself, and the problems a request may end in."""

from collections import defaultdict
from types import SimpleNamespace
from typing import Any, Final

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction
from rest_framework import serializers
from rest_framework.exceptions import (
    APIException,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    Throttled,
    ValidationError,
)

from config.api.problems import PROBLEM_JSON, Broken, Unavailable, body_of, problem_body
from core.errors import DomainError

EXAMPLES_OF_DETAILS: Final = {
    "room": "Garden room, Main house",
    "size": 12,
    "least": "0,50 €",
    "most": "10.000,00 €",
    "fewest": 1,
    "most_places": 500,
    "shortest": 5,
    "longest": 600,
    "instructor": "Mara Lindt",
    "clash": "Gentle Back Care, Tuesday 24 November, 18:00–19:00 (Berlin time)",
    "place": "The whole clinic",
    "reason": "New Year",
    "missing": "Yoga therapist, 500 hours",
    "class_type": "Gentle Back Care",
    "wall": "2027-03-28 02:30",
    "city": "Berlin",
    "taken": 6,
    "slot": "Gentle Back Care, Tuesday 24 November, 18:00–19:00 (Berlin time)",
    "days": "Tuesday 29 December – Garden room, Main house is taken at that time",
}
DESCRIPTIONS: Final = {
    400: "The request cannot be understood, or a field is wrong: `errors` says which.",
    401: "No token was sent, or one that is not valid.",
    403: "The account may not do this.",
    404: "There is nothing at this address that the account may see.",
    429: "Too many requests; `Retry-After` says when to go on.",
    500: "Something went wrong on our side.",
    503: "Not available at the moment; `Retry-After` says when to try again.",
}
USUAL: Final[dict[int, APIException]] = {
    400: ValidationError({"slot": ["This field is required."]}),
    401: NotAuthenticated(),
    403: PermissionDenied(),
    404: NotFound(),
    429: Throttled(24),
}
WAITING_HELPS: Final = (409, 429, 503)


class BlockedDay(serializers.Serializer[Any]):
    day = serializers.DateField()
    slot = serializers.IntegerField(allow_null=True, help_text="The slot that would be changed; null for a new one.")
    code = serializers.CharField()
    detail = serializers.CharField()


class Problem(serializers.Serializer[Any]):
    """Problem details (RFC 9457)."""

    type = serializers.CharField(help_text="Always `about:blank`: `code` says more.")
    title = serializers.CharField(help_text="The phrase of the HTTP status.")
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="What is wrong, for programs. Codes are stable.")
    detail = serializers.CharField(help_text="What is wrong and what can be done, for people.")
    blocked = BlockedDay(many=True, required=False, help_text="With `days_blocked`: each day and why it cannot be.")

    def get_fields(self) -> dict[str, Any]:
        """With `errors` too: as an attribute it would replace the serializer's own."""
        errors = serializers.DictField(
            child=serializers.JSONField(),
            required=False,
            help_text="With `invalid_input`: what is wrong with each field.",
        )
        return super().get_fields() | {"errors": errors}


class Schema(AutoSchema):
    """Adds the problems to each operation.

    A view names what its operations refuse: `refusals = {"POST": (SlotFull, …)}`. The rest follows from its
    permissions and its address.
    """

    def _get_response_bodies(self, direction: Direction = "response") -> dict[str, Any]:
        responses: dict[str, Any] = super()._get_response_bodies(direction)
        problem = self.resolve_serializer(Problem, "response").ref
        for status, examples in sorted(self._problems().items()):
            described = {
                "description": DESCRIPTIONS.get(status) or _codes(examples),
                "content": {PROBLEM_JSON: {"schema": problem, "examples": examples}},
            }
            if status in WAITING_HELPS:
                described["headers"] = {
                    "Retry-After": {"description": "Seconds; only where waiting helps.", "schema": {"type": "integer"}}
                }
            responses[str(status)] = described
        return responses

    def _problems(self) -> dict[int, dict[str, Any]]:
        """Examples of all problems, by status and code."""
        problems: dict[int, dict[str, Any]] = defaultdict(dict)
        for status in self._usual_statuses():
            body = body_of(USUAL[status])
            problems[status][body["code"]] = {"value": body}
        refusals: tuple[type[DomainError], ...] = getattr(self.view, "refusals", {}).get(self.method, ())
        everywhere: tuple[type[DomainError], ...] = (Unavailable, Broken)
        for refusal in refusals + everywhere:
            problems[refusal.status][refusal.code] = {"value": _example(refusal)}
        return problems

    def _usual_statuses(self) -> list[int]:
        statuses = [401, 429]
        if self.method in ("POST", "PATCH"):
            statuses += [400, 403]
        elif self.method == "DELETE" or _is_for_some_only(self.view):
            statuses.append(403)
        if self.method == "GET" and "{" not in self.path:
            statuses.append(400)
        if "{" in self.path:
            statuses.append(404)
        return statuses


def _example(refusal: type[DomainError]) -> dict[str, Any]:
    return problem_body(refusal.status, code=refusal.code, detail=str(refusal.message) % EXAMPLES_OF_DETAILS)


def _is_for_some_only(view: Any) -> bool:
    """Whether a view turns away patients, who hold no permission, even when they only read."""
    patient = SimpleNamespace(
        is_authenticated=True, is_active=True, is_superuser=False, roles=frozenset(), has_perm=lambda _name: False
    )
    request = SimpleNamespace(method="GET", user=patient)
    return not all(permission().has_permission(request, view) for permission in view.permission_classes)


def _codes(examples: dict[str, Any]) -> str:
    return "Refused: " + ", ".join(f"`{code}`" for code in sorted(examples))
