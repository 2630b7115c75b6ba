"""What several endpoints share: who may plan, instants, wall times, rows by name, and what planning refuses."""

from datetime import UTC, date, datetime
from functools import partial
from typing import Any, ClassVar

from django.db.models import BigAutoField
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.models import User
from accounts.roles import MANAGER, has_role
from core import clock
from core.errors import DomainError
from scheduling.focus import FocusArea
from scheduling.models import ClassType, Instructor
from scheduling.operations import (
    ClinicIsClosed,
    InstructorHasLeft,
    InstructorIsAway,
    InstructorIsTeaching,
    LengthOutOfRange,
    NeedsRoomOrLink,
    NotQualified,
    PlacesOutOfRange,
    PriceTooHigh,
    PriceTooLow,
    RoomIsTaken,
    RoomTooSmall,
    SlotInThePast,
    TooFarAhead,
)

YEARS = range(1971, 3000)
PUBLISH = "scheduling.publish_slot"

Refusals = dict[str, tuple[type[DomainError], ...]]  # by a request's method
OF_ITS_FIGURES = (
    SlotInThePast,
    TooFarAhead,
    LengthOutOfRange,
    PlacesOutOfRange,
    PriceTooLow,
    PriceTooHigh,
    RoomTooSmall,
    InstructorHasLeft,
    NeedsRoomOrLink,
)
IN_THE_WAY = (ClinicIsClosed, InstructorIsAway, NotQualified, RoomIsTaken, InstructorIsTeaching)


class PlansClasses(BasePermission):
    """Only who holds the permission to plan may come in at all."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.user.has_perm(PUBLISH)


class MayPlan(PlansClasses):
    """Everybody may read; changing the timetable is for those who hold the permission."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.method not in ("POST", "PATCH") or super().has_permission(request, view)


@extend_schema_field(OpenApiTypes.DATETIME)
class InstantField(serializers.Field[datetime, str, str, Any]):
    """An instant as ISO 8601 with its offset from UTC; without one nobody knows when it is."""

    default_error_messages: ClassVar = {
        "invalid": _("Please write an instant as 2026-11-24T18:00:00+01:00, with its offset (in addresses, + is %2B).")
    }

    def to_internal_value(self, data: Any) -> datetime:
        try:
            instant = datetime.fromisoformat(data)
        except (TypeError, ValueError):
            self.fail("invalid")
        if instant.tzinfo is None or instant.year not in YEARS:
            self.fail("invalid")
        return instant.astimezone(UTC)

    def to_representation(self, value: datetime) -> str:
        return clock.clinic_time(value).isoformat()


@extend_schema_field({"type": "string", "example": "2026-11-24"})
class DayOrInstantField(InstantField):
    """A day at the clinic, or an instant; a day means its beginning or, as the end of a range, its end."""

    default_error_messages: ClassVar = {
        "invalid": _("Please write a day as 2026-11-24, or an instant as 2026-11-24T18:00:00Z.")
    }

    def __init__(self, *, is_end: bool = False, **options: Any) -> None:
        self.is_end = is_end
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> datetime:
        try:
            day = date.fromisoformat(data)
        except (TypeError, ValueError):
            return super().to_internal_value(data)
        if day.year not in YEARS:
            self.fail("invalid")
        first, after = clock.day_bounds(day)
        return after if self.is_end else first


id_field = partial(serializers.IntegerField, min_value=1, max_value=BigAutoField.MAX_BIGINT)


class Reason(serializers.Serializer[Any]):
    """Why something cannot be: for programs and for people."""

    code = serializers.CharField()
    detail = serializers.CharField()


class Named(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()


@extend_schema_serializer(component_name="ClassType")
class ClassTypeSummary(Named):
    level = serializers.ChoiceField(ClassType.Level.choices)
    focus_areas = serializers.ListField(child=serializers.ChoiceField(FocusArea.choices))


@extend_schema_field(OpenApiTypes.STR)
class ClinicZoneField(serializers.ReadOnlyField):
    """The zone of the clinic's wall clocks, the same for all."""

    def get_attribute(self, instance: Any) -> str:
        return clock.clinic_zone().key


def instant_in(attrs: dict[str, Any]) -> dict[str, Any]:
    """The attributes with the instant that `date`, `wall_time` and `fold` mean, or with `starts_at` as it was sent.

    Neither of both is fine. Raises NonexistentWallTime or AmbiguousWallTime, and ValidationError for half a wall time.
    """
    day, wall, fold = (attrs.pop(name, None) for name in ("date", "wall_time", "fold"))
    if day is None and wall is None:
        return attrs
    if day is None or wall is None or "starts_at" in attrs or day.year not in YEARS or wall.tzinfo is not None:
        raise serializers.ValidationError({"starts_at": [_("Please send starts_at, or date and wall_time.")]})
    return attrs | {"starts_at": clock.instant_of(day, wall, fold=fold)}


def teacher_for(user: User, named: Instructor | None) -> Instructor:
    """Who teaches a slot that `user` drafts. Raises ValidationError where an instructor drafts for somebody else."""
    own = Instructor.objects.teaching_as(user).first()
    teacher = named or own
    if teacher is None:
        raise serializers.ValidationError({"instructor": [_("Please name the instructor.")]})
    if teacher != own and not has_role(user, MANAGER):
        raise serializers.ValidationError({"instructor": [_("You can draft your own classes only.")]})
    return teacher
