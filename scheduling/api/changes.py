"""Slots that are planned already: changing, cancelling and restoring them by program."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import account_of
from core import clock
from scheduling.api import class_fields
from scheduling.api.fields import (
    IN_THE_WAY,
    OF_ITS_FIGURES,
    InstantField,
    MayPlan,
    PlansClasses,
    Refusals,
    id_field,
    instant_in,
    teacher_for,
)
from scheduling.api.slots import SlotAnswer
from scheduling.models import Slot
from scheduling.operations import (
    CannotChange,
    CannotShift,
    CapacityBelowTaken,
    ChangedMeanwhile,
    DaysBlocked,
    NoClassLeft,
    NotPartOfSeries,
    NotYourSeries,
    PeopleWereTold,
    Scope,
    Wanted,
    cancel_slots,
    change_slots,
    restore_slot,
)
from scheduling.operations.series import MOST_DAYS

OF_THE_MOMENT = (NotYourSeries, ChangedMeanwhile, CannotChange, NotPartOfSeries)


class SlotsAnswer(serializers.Serializer[Any]):
    """The slots that a change or a cancelling has touched; none when there was nothing to do."""

    slots = SlotAnswer(many=True)


class Seen(serializers.Serializer[Any]):
    """Which slots are meant, and what the program knows of the one in the address."""

    revision = class_fields.revision()
    scope = serializers.ChoiceField(
        [(scope.value, scope.value) for scope in Scope],
        default=Scope.THIS.value,
        help_text="This slot, this one and the following of its series, or all upcoming ones of its series.",
    )


class SlotChanges(Seen):
    """What shall be different; all that is not sent stays as it is."""

    class_type = class_fields.class_type(required=False)
    instructor = class_fields.instructor(required=False, help_text="For managers.")
    room = class_fields.room(required=False, allow_null=True)
    online_link = class_fields.online_link(required=False)
    starts_at = InstantField(required=False)
    date = serializers.DateField(required=False)
    wall_time = serializers.TimeField(required=False)
    fold = class_fields.fold()
    minutes = class_fields.minutes()
    capacity = class_fields.capacity()
    price = class_fields.price(help_text="In cents.")
    leave_out = serializers.ListField(
        child=id_field(),
        default=list,
        max_length=MOST_DAYS,
        help_text="Slots of the series that stay as they are: with `days_blocked`, those named in `blocked`.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Turn the wall time into an instant. Raises NonexistentWallTime or AmbiguousWallTime."""
        fold = attrs.get("fold")
        return instant_in(attrs) | ({} if fold is None else {"fold": fold})


class Cancelling(Seen):
    reason = serializers.CharField(
        max_length=200, allow_blank=True, default="", help_text="Told to the patients who are booked."
    )


class PlannedSlotView(GenericAPIView[Slot]):
    """A slot of somebody else is not found; a manager plans all of them."""

    serializer_class: type[serializers.Serializer[Any]] = SlotAnswer
    permission_classes = [PlansClasses]
    queryset = Slot.objects.all()

    def planned(self, pk: int) -> Slot:
        slots = Slot.objects.plannable_by(account_of(self.request)).with_details().select_related("series")
        return get_object_or_404(slots, pk=pk)


class SlotDetail(PlannedSlotView):
    permission_classes = [MayPlan]
    refusals: ClassVar[Refusals] = {
        "PATCH": (
            *OF_ITS_FIGURES,
            *IN_THE_WAY,
            *OF_THE_MOMENT,
            CapacityBelowTaken,
            CannotShift,
            DaysBlocked,
            NoClassLeft,
            clock.NonexistentWallTime,
            clock.AmbiguousWallTime,
        )
    }

    @extend_schema(operation_id="read_slot", tags=["Slots"], summary="One slot")
    def get(self, request: Request, pk: int) -> Response:
        """A slot that was announced, be it full, over or cancelled; a draft for those who may see it."""
        slot = get_object_or_404(Slot.objects.visible_to(request.user).with_details(), pk=pk)
        return Response(self.get_serializer(slot).data)

    @extend_schema(
        operation_id="change_slots",
        tags=["Slots"],
        summary="Change a slot or its series",
        request=SlotChanges,
        responses=SlotsAnswer,
        examples=[
            OpenApiExample(
                "Half an hour later, from this week on",
                {"revision": 2, "scope": "following", "date": "2026-11-24", "wall_time": "18:30"},
                request_only=True,
            ),
            OpenApiExample(
                "Another room for the whole series, but for two classes",
                {"revision": 2, "scope": "upcoming", "room": 3, "leave_out": [21, 28]},
                request_only=True,
            ),
            OpenApiExample("Another room, this once", {"revision": 2, "room": 3}, request_only=True),
        ],
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Change time, place, teacher or figures. Booked patients are told of what concerns them.

        Of a series, only what differs from the slot in the address is changed in the others. Slots that have begun and
        those that were changed by hand stay as they are. When some cannot change, none does: leave them out by
        `leave_out`, and they stay as they are from now on, whatever becomes of their series.
        """
        slot = self.planned(pk)
        asked = SlotChanges(data=request.data)
        asked.is_valid(raise_exception=True)
        changes = asked.validated_data
        seen = {name: changes.pop(name) for name in ("revision", "leave_out")} | {"scope": Scope(changes.pop("scope"))}
        if "instructor" in changes and changes["instructor"] != slot.instructor:
            teacher_for(account_of(request), changes["instructor"])
        changed = change_slots(slot=slot, wanted=Wanted.like(slot, **changes), by=account_of(request), **seen)
        return Response(slots_answer(changed))


class SlotCancellation(PlannedSlotView):
    refusals: ClassVar[Refusals] = {"POST": OF_THE_MOMENT}

    @extend_schema(
        operation_id="cancel_slots",
        tags=["Slots"],
        summary="Cancel a slot or its series",
        request=Cancelling,
        responses=SlotsAnswer,
        examples=[OpenApiExample("This once", {"revision": 2, "reason": "Burst pipe"}, request_only=True)],
    )
    def post(self, request: Request, pk: int) -> Response:
        """Each booked patient is told and gets back what was paid. Doing it again changes nothing."""
        slot = self.planned(pk)
        asked = Cancelling(data=request.data)
        asked.is_valid(raise_exception=True)
        wish = asked.validated_data | {"scope": Scope(asked.validated_data["scope"])}
        return Response(slots_answer(cancel_slots(slot=slot, by=account_of(request), **wish)))


class SlotRestoration(PlannedSlotView):
    refusals: ClassVar[Refusals] = {"POST": (*OF_ITS_FIGURES, *IN_THE_WAY, PeopleWereTold, CannotChange)}

    @extend_schema(
        operation_id="restore_slot", tags=["Slots"], summary="Restore a slot", request=None, responses=SlotAnswer
    )
    def post(self, request: Request, pk: int) -> Response:
        """Take a cancelling back while nobody was told of it. Doing it again changes nothing."""
        slot = restore_slot(slot=self.planned(pk), by=account_of(request))
        return Response(self.get_serializer(slot).data)


def slots_answer(slots: Iterable[Slot]) -> dict[str, Any]:
    """These slots as they are now, in order of time."""
    touched: Any = Slot.objects.filter(pk__in=[slot.pk for slot in slots]).with_details()
    return {"slots": SlotAnswer(touched, many=True).data}
