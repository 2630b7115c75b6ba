"""Slots for programs: reading the timetable, drafting and publishing."""

from typing import Any, ClassVar

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.permissions import account_of
from core import clock
from scheduling.api import class_fields
from scheduling.api.fields import (
    IN_THE_WAY,
    OF_ITS_FIGURES,
    ClassTypeSummary,
    ClinicZoneField,
    DayOrInstantField,
    InstantField,
    MayPlan,
    Named,
    Refusals,
    id_field,
    instant_in,
    teacher_for,
)
from scheduling.focus import FocusArea
from scheduling.models import Slot
from scheduling.operations import NotADraft, draft_slot, publish_slot

EXAMPLE_SLOT = {
    "id": 17,
    "state": "published",
    "revision": 2,
    "series": 4,
    "starts_at": "2026-11-24T18:00:00+01:00",
    "ends_at": "2026-11-24T19:00:00+01:00",
    "time_zone": "Europe/Berlin",
    "class_type": {"id": 1, "name": "Gentle Back Care", "level": "gentle", "focus_areas": ["core-strength"]},
    "instructor": {"id": 3, "name": "Mara Lindt"},
    "location": {"id": 1, "name": "Main house"},
    "room": {"id": 2, "name": "Garden room"},
    "capacity": 8,
    "places_left": 3,
    "price": 1800,
    "currency": "eur",
}


class SlotQuery(serializers.Serializer[Any]):
    """Which slots are wanted."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """The fields; a method, because `from` cannot be the name of an attribute."""
        return {
            "from": DayOrInstantField(
                required=False, help_text="Slots that start then or later: a day at the clinic, or an instant. Now."
            ),
            "to": DayOrInstantField(
                is_end=True, required=False, help_text="Slots that start before: up to and with a day, or an instant."
            ),
            "focus": serializers.ListField(
                child=serializers.ChoiceField(FocusArea.choices),
                required=False,
                max_length=len(FocusArea),
                help_text="Slots that work on at least one of these areas. Repeat it for several.",
            ),
            "instructor": id_field(required=False),
            "location": id_field(required=False),
            "state": serializers.ChoiceField(
                [Slot.State.PUBLISHED.value, Slot.State.DRAFT.value],
                required=False,
                help_text="Published ones unless you say `draft`: of drafts, those that the account may see.",
            ),
        }


@extend_schema_serializer(component_name="Slot", examples=[OpenApiExample("A slot", EXAMPLE_SLOT, response_only=True)])
class SlotAnswer(serializers.Serializer[Slot]):
    id = serializers.IntegerField()
    state = serializers.ChoiceField(Slot.State.choices)
    revision = serializers.IntegerField(help_text="How often it was changed. Who changes it says which one they know.")
    series = serializers.IntegerField(source="series_id", allow_null=True)
    starts_at = InstantField()
    ends_at = InstantField()
    time_zone = ClinicZoneField(help_text="The clinic's zone (IANA); `starts_at` and `ends_at` carry its offset.")
    class_type = ClassTypeSummary()
    instructor = Named()
    location = Named(source="room.location", allow_null=True)
    room = Named(allow_null=True)
    capacity = serializers.IntegerField()
    places_left = serializers.IntegerField()
    price = serializers.IntegerField(help_text="In the currency's smallest unit (cents).")
    currency = serializers.CharField()


class SlotDraft(serializers.Serializer[Any]):
    """A class for the timetable: an instant in `starts_at`, or the clinic's wall clock in `date` and `wall_time`."""

    class_type = class_fields.class_type()
    room = class_fields.room(allow_null=True, default=None)
    instructor = class_fields.instructor(
        required=False, help_text="Managers name the instructor; instructors draft their own classes."
    )
    online_link = class_fields.online_link(
        required=False, help_text="For a class without a room. Only booked patients see it."
    )
    starts_at = InstantField(required=False)
    date = serializers.DateField(required=False)
    wall_time = serializers.TimeField(required=False)
    fold = class_fields.fold()
    minutes = class_fields.minutes(help_text="As the class type.")
    capacity = class_fields.capacity(help_text="As the class type.")
    price = class_fields.price(help_text="In cents; as the class type.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Turn the wall time into an instant. Raises NonexistentWallTime or AmbiguousWallTime."""
        attrs = instant_in(attrs)
        if "starts_at" not in attrs:
            raise serializers.ValidationError({"starts_at": [_("Please send starts_at, or date and wall_time.")]})
        return attrs


EXAMPLE_DRAFTS = [
    OpenApiExample(
        "On the clinic's wall clock",
        {"class_type": 1, "room": 1, "date": "2026-11-24", "wall_time": "18:00"},
        request_only=True,
    ),
    OpenApiExample(
        "At an instant",
        {"class_type": 1, "room": 1, "starts_at": "2026-11-24T18:00:00+01:00", "capacity": 6},
        request_only=True,
    ),
]


class SlotList(GenericAPIView[Slot]):
    serializer_class = SlotAnswer
    permission_classes = [MayPlan]
    queryset = Slot.objects.all()
    page_key = ("starts_at", "id")
    refusals: ClassVar[Refusals] = {
        "POST": (*OF_ITS_FIGURES, *IN_THE_WAY, clock.NonexistentWallTime, clock.AmbiguousWallTime)
    }

    @extend_schema(
        operation_id="list_slots",
        tags=["Slots"],
        summary="The timetable",
        parameters=[SlotQuery],
        responses=SlotAnswer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Published slots by the time they start, from now on unless `from` says otherwise. No token is needed.

        With `state=draft`: an instructor's own drafts; the desk and managers see all of them.
        """
        asked = SlotQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        page = self.paginate_queryset(wanted_slots(asked.validated_data, request.user))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="draft_slot",
        tags=["Slots"],
        summary="Draft a slot",
        request=SlotDraft,
        responses={201: SlotAnswer},
        examples=EXAMPLE_DRAFTS,
    )
    def post(self, request: Request) -> Response:
        """Put a class into the timetable, for staff only until it is published."""
        asked = SlotDraft(data=request.data)
        asked.is_valid(raise_exception=True)
        draft = asked.validated_data
        named = draft.pop("instructor", None)
        slot = draft_slot(instructor=teacher_for(account_of(request), named), **draft)
        return Response(SlotAnswer(slot).data, 201, headers={"Location": f"{request.path}{slot.pk}/"})


class SlotPublication(GenericAPIView[Slot]):
    serializer_class = SlotAnswer
    permission_classes = [MayPlan]
    queryset = Slot.objects.all()
    refusals: ClassVar[Refusals] = {"POST": (*OF_ITS_FIGURES, *IN_THE_WAY, NotADraft)}

    @extend_schema(
        operation_id="publish_slot", tags=["Slots"], summary="Publish a slot", request=None, responses=SlotAnswer
    )
    def post(self, request: Request, pk: int) -> Response:
        """Open a draft for booking; its `revision` rises. Doing it again changes nothing."""
        by = account_of(request)
        slot = publish_slot(slot=get_object_or_404(Slot.objects.plannable_by(by), pk=pk), by=by)
        return Response(self.get_serializer(slot).data)


def wanted_slots(asked: dict[str, Any], user: User | AnonymousUser) -> QuerySet[Slot]:
    """The slots that a query asks for: published ones, or the drafts that `user` may see."""
    if asked.get("state") == Slot.State.DRAFT:
        slots = Slot.objects.visible_to(user).filter(state=Slot.State.DRAFT)
    else:
        slots = Slot.objects.published()
    slots = slots.with_details().with_focus(asked.get("focus", []))
    slots = slots.filter(starts_at__gte=asked.get("from") or clock.now())
    if "to" in asked:
        slots = slots.filter(starts_at__lt=asked["to"])
    if "instructor" in asked:
        slots = slots.filter(instructor=asked["instructor"])
    if "location" in asked:
        slots = slots.filter(room__location=asked["location"])
    return slots
