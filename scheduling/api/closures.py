"""Closures for programs: everybody may know them, managers add and remove them."""

from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.roles import MANAGER, has_role
from scheduling.api import class_fields
from scheduling.api.fields import DayOrInstantField, InstantField, Named, Refusals
from scheduling.api.slots import SlotAnswer
from scheduling.models import Closure, Location
from scheduling.operations import (
    AlreadyOver,
    EndsBeforeItBegins,
    TooFarAhead,
    add_closure,
    conflicts_of,
    remove_closure,
)


class ManagersWrite(BasePermission):
    """Everybody may read; closing is for managers."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.method not in ("POST", "DELETE") or has_role(request.user, MANAGER)


@extend_schema_serializer(component_name="Closure")
class ClosureAnswer(serializers.Serializer[Closure]):
    """A closed location or room; with neither, the whole clinic."""

    id = serializers.IntegerField()
    location = Named(allow_null=True)
    room = Named(allow_null=True)
    starts_at = InstantField()
    ends_at = InstantField()
    reason = serializers.CharField()


@extend_schema_serializer(component_name="NewClosure")
class AddedClosure(ClosureAnswer):
    conflicts = serializers.SerializerMethodField(
        help_text="The classes planned in it. They take place until you cancel them."
    )

    @extend_schema_field(SlotAnswer(many=True))
    def get_conflicts(self, closure: Closure) -> Any:
        """The planned slots that lie in the closure."""
        conflicts: Any = conflicts_of(closure)
        return SlotAnswer(conflicts, many=True).data


class ClosureDraft(serializers.Serializer[Any]):
    """A day means its beginning in `from` and its end in `to`."""

    location = serializers.PrimaryKeyRelatedField(queryset=Location.objects.all(), required=False)
    room = class_fields.room(required=False)
    reason = serializers.CharField(max_length=200, help_text="Told to patients whose class is cancelled for it.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """The fields; a method, because `from` cannot be the name of an attribute."""
        return super().get_fields() | {"from": DayOrInstantField(), "to": DayOrInstantField(is_end=True)}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "location" in attrs and "room" in attrs:
            raise serializers.ValidationError({"room": [_("Please send a location or a room, not both.")]})
        return attrs


class ClosureList(GenericAPIView[Closure]):
    serializer_class = ClosureAnswer
    permission_classes = [ManagersWrite]
    queryset = Closure.objects.all()
    page_key = ("starts_at", "id")
    refusals: ClassVar[Refusals] = {"POST": (EndsBeforeItBegins, AlreadyOver, TooFarAhead)}

    @extend_schema(
        operation_id="list_closures", tags=["Closures"], summary="What is closed", responses=ClosureAnswer(many=True)
    )
    def get(self, request: Request) -> Response:
        """The closures that are not over. No token is needed."""
        page = self.paginate_queryset(Closure.objects.to_come().with_places())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="add_closure",
        tags=["Closures"],
        summary="Close for a time",
        request=ClosureDraft,
        responses={201: AddedClosure},
        examples=[
            OpenApiExample(
                "The whole clinic for three days",
                {"from": "2026-12-24", "to": "2026-12-26", "reason": "Christmas"},
                request_only=True,
            ),
            OpenApiExample(
                "One room for an afternoon",
                {"room": 2, "from": "2026-11-24T12:00:00+01:00", "to": "2026-11-24T18:00:00+01:00", "reason": "Works"},
                request_only=True,
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """Nothing can be planned in it from then on. Nothing is cancelled: `conflicts` names what is to be decided.

        Sending the same again adds nothing: the answer is the closure that is there.
        """
        asked = ClosureDraft(data=request.data)
        asked.is_valid(raise_exception=True)
        wish = asked.validated_data
        closure = add_closure(
            place=wish.get("location") or wish.get("room"),
            starts_at=wish["from"],
            ends_at=wish["to"],
            reason=wish["reason"],
        )
        return Response(AddedClosure(closure).data, 201, headers={"Location": f"{request.path}{closure.pk}/"})


class ClosureDetail(GenericAPIView[Closure]):
    serializer_class = ClosureAnswer
    permission_classes = [ManagersWrite]
    queryset = Closure.objects.with_places()

    @extend_schema(operation_id="read_closure", tags=["Closures"], summary="One closure")
    def get(self, request: Request, pk: int) -> Response:
        """One closure, also one that is over. No token is needed."""
        return Response(self.get_serializer(get_object_or_404(self.get_queryset(), pk=pk)).data)

    @extend_schema(
        operation_id="remove_closure", tags=["Closures"], summary="Open again", responses={200: ClosureAnswer}
    )
    def delete(self, request: Request, pk: int) -> Response:
        """Answers with what was removed. What was cancelled for it stays cancelled."""
        closure = get_object_or_404(self.get_queryset(), pk=pk)
        removed = self.get_serializer(closure).data
        remove_closure(closure=closure)
        return Response(removed)
