"""Long lists in pages: each begins after the last row of the one before, so page 10,000 is as fast as page 1."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import BigAutoField, DateTimeField, Model, Q
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

LIMIT, MOST = 50, 100


class Pages(BasePagination):
    """Pages along a unique key: the view's `page_key`, field names that all rise or, with "-", all fall.

    No count, no offset: both would read rows that nobody sees, on ten million of them for seconds.
    """

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        asked = PageQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        key: Sequence[str] = view.page_key
        self.request, self.limit = request, asked.validated_data["limit"]
        if after := asked.validated_data.get("after"):
            queryset = queryset.filter(_beyond(key, _place_of(after, key, queryset.model)))
        rows = list(queryset.order_by(*key)[: self.limit + 1])
        self.last = rows[self.limit - 1] if len(rows) > self.limit else None
        self.key = key
        return rows[: self.limit]

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self._next()})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {
                "results": schema,
                "next": {
                    "type": ["string", "null"],
                    "format": "uri",
                    "example": None,
                    "description": "The address of the next page; null on the last one.",
                },
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {
                "name": "limit",
                "in": "query",
                "description": "How many rows a page has at most.",
                "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT},
            },
            {
                "name": "after",
                "in": "query",
                "description": "Where the page begins, as `next` names it.",
                "schema": {"type": "string"},
            },
        ]

    def _next(self) -> str | None:
        if self.last is None:
            return None
        return replace_query_param(self.request.build_absolute_uri(), "after", _written(self.last, self.key))


class PageQuery(serializers.Serializer[Any]):
    limit = serializers.IntegerField(min_value=1, max_value=MOST, default=LIMIT)
    after = serializers.CharField(required=False, max_length=200)


def _written(row: Model, key: Sequence[str]) -> str:
    """The place of `row` in the list, for an address."""
    values = [getattr(row, name.removeprefix("-")) for name in key]
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def _place_of(after: str, key: Sequence[str], model: type[Model]) -> list[datetime | int]:
    """The place that `_written` has written. Raises ValidationError for anything else."""
    fields = [model._meta.get_field(name.removeprefix("-")) for name in key]
    try:
        plain = json.loads(urlsafe_b64decode(after + "=" * (-len(after) % 4)))
        return [_value(part, field) for part, field in zip(plain, fields, strict=True)]
    except (ValueError, TypeError) as error:
        raise serializers.ValidationError({"after": [_("This is not a page that we have named.")]}) from error


def _value(part: Any, field: Any) -> datetime | int:
    if not isinstance(field, DateTimeField):
        if type(part) is not int or not 0 < part <= BigAutoField.MAX_BIGINT:
            raise ValueError(part)
        return part
    instant = datetime.fromisoformat(part)
    if instant.tzinfo is None or not 1970 < instant.year < 3000:
        raise ValueError(part)
    return instant


def _beyond(key: Sequence[str], place: Sequence[Any]) -> Q:
    """The rows after `place`. For (a, b): a >= x and (a > x or b > y); the first part is for the index."""
    comparison = "lt" if key[0].startswith("-") else "gt"
    names = [name.removeprefix("-") for name in key]
    beyond = Q()
    for depth, name in enumerate(names):
        same = dict(zip(names[:depth], place[:depth], strict=True))
        beyond |= Q(**same, **{f"{name}__{comparison}": place[depth]})
    return Q(**{f"{names[0]}__{comparison}e": place[0]}) & beyond
