"""Series for programs: what a rule would stamp, starting one, and one's own."""

from datetime import date
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import account_of
from core import clock
from scheduling.api import class_fields
from scheduling.api.fields import (
    OF_ITS_FIGURES,
    ClassTypeSummary,
    InstantField,
    Named,
    PlansClasses,
    Reason,
    Refusals,
    teacher_for,
)
from scheduling.models import Series, SeriesQuerySet
from scheduling.operations import (
    MOST_AHEAD,
    DaysBlocked,
    NoDays,
    PlannedDay,
    RuleNotUnderstood,
    preview_series,
    start_series,
)
from scheduling.operations.series import MOST_DAYS
from scheduling.recurrence import LONGEST

OF_A_RULE = (*OF_ITS_FIGURES, RuleNotUnderstood, clock.AmbiguousWallTime)
EXAMPLE = OpenApiExample(
    "Every Tuesday at 18:00, but for one",
    {
        "class_type": 1,
        "room": 1,
        "recurrence": "FREQ=WEEKLY",
        "starts_on": "2026-11-24",
        "wall_time": "18:00",
        "skipped_days": ["2026-12-29"],
    },
    request_only=True,
)


@extend_schema_serializer(component_name="Series")
class SeriesAnswer(serializers.Serializer[Series]):
    id = serializers.IntegerField()
    class_type = ClassTypeSummary()
    instructor = Named()
    location = Named(source="room.location", allow_null=True)
    room = Named(allow_null=True)
    recurrence = serializers.CharField(help_text="An RRULE by RFC 5545, without DTSTART and UNTIL.")
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True, help_text="The last day, inclusive.")
    skipped_days = serializers.ListField(child=serializers.DateField())
    wall_time = serializers.TimeField(format="%H:%M")
    time_zone = serializers.CharField()
    minutes = serializers.IntegerField()
    capacity = serializers.IntegerField()
    price = serializers.IntegerField(help_text="In the currency's smallest unit (cents).")
    publishes = serializers.BooleanField(help_text="Whether its slots are published or drafts.")
    stamped_until = serializers.DateField(allow_null=True, help_text="Up to and with this day its slots are planned.")


class SeriesDraft(serializers.Serializer[Any]):
    """A recurrence on the clinic's wall clock, so that 18:00 stays 18:00 when the clocks change."""

    class_type = class_fields.class_type()
    instructor = class_fields.instructor(
        required=False, help_text="Managers name the instructor; instructors plan their own classes."
    )
    room = class_fields.room(allow_null=True, default=None)
    online_link = class_fields.online_link(default="")
    recurrence = serializers.CharField(
        max_length=LONGEST,
        help_text="A plain RRULE by RFC 5545, such as `FREQ=WEEKLY;BYDAY=MO,TH`: `DAILY`, `WEEKLY` or `MONTHLY`, with "
        "`INTERVAL`, `COUNT`, `WKST` and `BYDAY`; by the month also the second Monday (`BYDAY=2MO`, or `BYDAY=MO` with "
        "`BYSETPOS=2`) or the 15th (`BYMONTHDAY=15`).",
    )
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(required=False, allow_null=True, default=None)
    skipped_days = serializers.ListField(child=serializers.DateField(), default=list, max_length=MOST_DAYS)
    wall_time = serializers.TimeField()
    fold = class_fields.fold()
    time_zone = serializers.CharField(required=False, max_length=64, help_text="IANA; the clinic's unless you say so.")
    minutes = class_fields.minutes(help_text="As the class type.")
    capacity = class_fields.capacity(help_text="As the class type.")
    price = class_fields.price(help_text="In cents; as the class type.")
    publishes = serializers.BooleanField(default=True)

    def validate_time_zone(self, value: str) -> str:
        if value not in available_timezones():
            raise serializers.ValidationError(_("There is no such time zone. Please name one such as Europe/Berlin."))
        return ZoneInfo(value).key

    def validate_starts_on(self, value: date) -> date:
        if abs(value - clock.clinic_today()) > MOST_AHEAD:
            raise serializers.ValidationError(_("Please choose a day within two years of today."))
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Fill in the class type's figures and the clinic's zone."""
        if attrs["ends_on"] and attrs["ends_on"] < attrs["starts_on"]:
            raise serializers.ValidationError({"ends_on": [_("The last day lies before the first one.")]})
        if attrs["wall_time"].tzinfo is not None:
            raise serializers.ValidationError({"wall_time": [_("Please write a wall time without an offset.")]})
        class_type = attrs["class_type"]
        usual = {name: getattr(class_type, name) for name in ("minutes", "capacity", "price")}
        return {"time_zone": settings.CLINIC_TIME_ZONE} | usual | attrs


@extend_schema_serializer(component_name="PlannedDay")
class PlannedDayAnswer(serializers.Serializer[PlannedDay]):
    day = serializers.DateField()
    starts_at = InstantField(source="slot.starts_at", allow_null=True, default=None)
    ends_at = InstantField(source="slot.ends_at", allow_null=True, default=None)
    is_closed = serializers.BooleanField(help_text="A closure skips the day; this stands in nobody's way.")
    problem = serializers.SerializerMethodField(help_text="Why there can be no slot on that day, or null.")

    @extend_schema_field(Reason(allow_null=True))
    def get_problem(self, planned: PlannedDay) -> dict[str, str] | None:
        if planned.problem is None:
            return None
        return {"code": planned.problem.code, "detail": str(planned.problem)}


class SeriesPreview(serializers.Serializer[Any]):
    days = PlannedDayAnswer(many=True)


class SeriesList(GenericAPIView[Series]):
    serializer_class = SeriesAnswer
    permission_classes = [PlansClasses]
    queryset = Series.objects.all()
    page_key = ("id",)
    refusals: ClassVar[Refusals] = {"POST": (*OF_A_RULE, NoDays, DaysBlocked)}

    @extend_schema(
        operation_id="list_series", tags=["Series"], summary="One's own series", responses=SeriesAnswer(many=True)
    )
    def get(self, request: Request) -> Response:
        """The series that the account may plan: an instructor's own ones, for managers all; also those that ended."""
        page = self.paginate_queryset(series_of(request))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="start_series",
        tags=["Series"],
        summary="Start a series",
        request=SeriesDraft,
        responses={201: SeriesAnswer},
        examples=[EXAMPLE],
    )
    def post(self, request: Request) -> Response:
        """Save a series and plan its slots as far ahead as the clinic plans: all of them, or none.

        Days on which the clinic is closed are skipped. A day that is taken refuses the whole: leave it out by
        `skipped_days`, or choose another time.
        """
        return Response(SeriesAnswer(start_series(series=unsaved_series(request))).data, 201)


class SeriesPreviewing(GenericAPIView[Series]):
    serializer_class = SeriesPreview
    permission_classes = [PlansClasses]
    queryset = Series.objects.all()
    refusals: ClassVar[Refusals] = {"POST": OF_A_RULE}

    @extend_schema(
        operation_id="preview_series",
        tags=["Series"],
        summary="Preview a series",
        request=SeriesDraft,
        responses=SeriesPreview,
        examples=[EXAMPLE],
    )
    def post(self, request: Request) -> Response:
        """The days that a series would plan, with what stands in the way of each. Nothing is saved."""
        return Response(SeriesPreview({"days": preview_series(series=unsaved_series(request))}).data)


def series_of(request: Request) -> SeriesQuerySet:
    """The series that who asks may plan."""
    return Series.objects.plannable_by(account_of(request)).with_details()


def unsaved_series(request: Request) -> Series:
    """The series that a request describes."""
    asked = SeriesDraft(data=request.data)
    asked.is_valid(raise_exception=True)
    draft = asked.validated_data
    return Series(instructor=teacher_for(account_of(request), draft.pop("instructor", None)), **draft)
