"""Substitutes for programs: who could teach a slot, asking for one, accepting, assigning, and no longer looking."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.permissions import account_of, has_one_role_of
from accounts.roles import MANAGER, has_role
from scheduling.api import class_fields
from scheduling.api.changes import PlannedSlotView
from scheduling.api.fields import IN_THE_WAY, OF_ITS_FIGURES, InstantField, Named, PlansClasses, Reason, Refusals
from scheduling.api.slots import EXAMPLE_SLOT, SlotAnswer
from scheduling.models import Instructor, Slot, SubstituteRequest
from scheduling.operations import (
    AlreadyTakenOver,
    CannotChange,
    ChangedMeanwhile,
    Colleague,
    NoLongerWanted,
    TeachesItAnyway,
    accept_substitution,
    ask_for_substitute,
    assign_substitute,
    colleagues_for,
    requests_for,
    withdraw_request,
)

OF_A_TEACHER = (*OF_ITS_FIGURES, *IN_THE_WAY, ChangedMeanwhile, CannotChange)
EXAMPLE_REQUEST = {
    "id": 5,
    "state": "open",
    "slot": EXAMPLE_SLOT,
    "instead_of": {"id": 3, "name": "Mara Lindt"},
    "filled_by": None,
    "created_at": "2026-11-20T09:12:00+01:00",
    "closed_at": None,
}


@extend_schema_serializer(
    component_name="SubstituteRequest",
    examples=[OpenApiExample("A request", EXAMPLE_REQUEST, response_only=True)],
)
class RequestAnswer(serializers.Serializer[SubstituteRequest]):
    id = serializers.IntegerField()
    state = serializers.ChoiceField(SubstituteRequest.State.choices)
    slot = SlotAnswer()
    instead_of = Named(help_text="Who looks for a substitute.")
    filled_by = Named(allow_null=True, help_text="Who has taken the slot over.")
    created_at = InstantField()
    closed_at = InstantField(allow_null=True)


@extend_schema_serializer(component_name="Colleague")
class ColleagueAnswer(serializers.Serializer[Colleague]):
    instructor = Named()
    can = serializers.BooleanField(help_text="Whether they are qualified and free.")
    why_not = serializers.SerializerMethodField(help_text="The first reason why they cannot, or null.")

    @extend_schema_field(Reason(allow_null=True))
    def get_why_not(self, colleague: Colleague) -> dict[str, str] | None:
        if colleague.problem is None:
            return None
        return {"code": colleague.problem.code, "detail": colleague.why_not}


class ColleaguesAnswer(serializers.Serializer[Any]):
    colleagues = ColleagueAnswer(many=True)


class Accepting(serializers.Serializer[Any]):
    revision = class_fields.revision()


class Assigning(Accepting):
    instructor = class_fields.instructor()


class SlotColleagues(PlannedSlotView):
    serializer_class = ColleaguesAnswer

    @extend_schema(operation_id="list_colleagues", tags=["Substitutes"], summary="Who could teach a slot")
    def get(self, request: Request, pk: int) -> Response:
        """All others who teach at present: first those who are qualified and free, then the others with the reason."""
        return Response(ColleaguesAnswer({"colleagues": colleagues_for(slot=self.planned(pk))}).data)


class SlotSubstituteRequest(PlannedSlotView):
    serializer_class = RequestAnswer
    refusals: ClassVar[Refusals] = {"POST": (CannotChange,)}

    @extend_schema(
        operation_id="ask_for_substitute",
        tags=["Substitutes"],
        summary="Ask for a substitute",
        request=None,
        responses=RequestAnswer,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Everybody who is qualified and free is asked by message. Until somebody accepts, nothing else changes.

        Doing it again answers with the same request. So does asking within an hour of withdrawing: it is open again,
        and only who has no message yet gets one.
        """
        return Response(answer(ask_for_substitute(slot=self.planned(pk), by=account_of(request))))


class SlotSubstitute(PlannedSlotView):
    serializer_class = RequestAnswer
    permission_classes = [has_one_role_of(MANAGER)]
    refusals: ClassVar[Refusals] = {"POST": (*OF_A_TEACHER, TeachesItAnyway)}

    @extend_schema(
        operation_id="assign_substitute",
        tags=["Substitutes"],
        summary="Assign a substitute",
        request=Assigning,
        responses=RequestAnswer,
        examples=[OpenApiExample("Another instructor, this once", {"revision": 2, "instructor": 4}, request_only=True)],
    )
    def post(self, request: Request, pk: int) -> Response:
        """For managers: the slot gets this instructor at once. Everybody concerned is told; a series keeps its own."""
        slot = self.planned(pk)
        asked = Assigning(data=request.data)
        asked.is_valid(raise_exception=True)
        return Response(answer(assign_substitute(slot=slot, by=account_of(request), **asked.validated_data)))


class SubstituteRequestView(GenericAPIView[SubstituteRequest]):
    serializer_class = RequestAnswer
    permission_classes = [PlansClasses]
    queryset = SubstituteRequest.objects.all()


class SubstituteRequestList(SubstituteRequestView):
    page_key = ("id",)

    @extend_schema(
        operation_id="list_substitute_requests",
        tags=["Substitutes"],
        summary="Classes that need a substitute",
        responses=RequestAnswer(many=True),
    )
    def get(self, request: Request) -> Response:
        """The open requests that concern the account: an instructor's own, and those to accept; for managers all."""
        page = self.paginate_queryset(requests_concerning(account_of(request)))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class SubstituteRequestDetail(SubstituteRequestView):
    @extend_schema(operation_id="read_substitute_request", tags=["Substitutes"], summary="One request")
    def get(self, request: Request, pk: int) -> Response:
        """A request and what became of it, for all who teach at present and for managers."""
        return Response(self.get_serializer(visible_request(request, pk)).data)


class SubstituteAcceptance(SubstituteRequestView):
    refusals: ClassVar[Refusals] = {"POST": (*OF_A_TEACHER, AlreadyTakenOver, NoLongerWanted)}

    @extend_schema(
        operation_id="accept_substitution",
        tags=["Substitutes"],
        summary="Take a slot over",
        request=Accepting,
        responses=RequestAnswer,
        examples=[OpenApiExample("I do", {"revision": 2}, request_only=True)],
    )
    def post(self, request: Request, pk: int) -> Response:
        """The first who accepts gets the slot, and everybody concerned is told; the others get `already_taken_over`.

        Accepting again changes nothing.
        """
        wanted = visible_request(request, pk)
        own = Instructor.objects.teaching_as(account_of(request)).first()
        if own is None:
            raise PermissionDenied(_("Only who teaches at present can take a class over."))
        asked = Accepting(data=request.data)
        asked.is_valid(raise_exception=True)
        done = accept_substitution(request=wanted, instructor=own, by=account_of(request), **asked.validated_data)
        return Response(answer(done))


class SubstituteWithdrawal(SubstituteRequestView):
    refusals: ClassVar[Refusals] = {"POST": (AlreadyTakenOver,)}

    @extend_schema(
        operation_id="withdraw_substitute_request",
        tags=["Substitutes"],
        summary="Look for a substitute no longer",
        request=None,
        responses=RequestAnswer,
    )
    def post(self, request: Request, pk: int) -> Response:
        """For whoever plans the slot. Doing it again changes nothing."""
        planned = Slot.objects.plannable_by(account_of(request))
        wanted = get_object_or_404(SubstituteRequest.objects.filter(slot__in=planned), pk=pk)
        return Response(answer(withdraw_request(request=wanted)))


def requests_concerning(user: User) -> QuerySet[SubstituteRequest]:
    """The open requests that `user` may do something about."""
    live = SubstituteRequest.objects.live().with_details()
    if has_role(user, MANAGER):
        return live
    own = Instructor.objects.teaching_as(user).first()
    return live.filter(pk__in=[each.pk for each in requests_for(instructor=own)] if own else [])


def visible_request(request: Request, pk: int) -> SubstituteRequest:
    """The request, if the account may see it; else there is none (404)."""
    return get_object_or_404(SubstituteRequest.objects.visible_to(account_of(request)).with_details(), pk=pk)


def answer(request: SubstituteRequest) -> Any:
    """A request as it is now, with its slot as it is now."""
    return RequestAnswer(SubstituteRequest.objects.with_details().get(pk=request.pk)).data
