"""What is taught, where and by whom: public facts."""

from typing import Any

from django.conf import settings
from django.db.models import Prefetch
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from scheduling.api.fields import ClassTypeSummary, Named
from scheduling.models import Certificate, ClassType, Instructor, Location


@extend_schema_field(OpenApiTypes.STR)
class ClinicCurrencyField(serializers.ReadOnlyField):
    """The clinic's currency, the same for all."""

    def get_attribute(self, instance: ClassType) -> str:
        return settings.CLINIC_CURRENCY


@extend_schema_serializer(component_name="OfferedClassType")
class ClassTypeAnswer(ClassTypeSummary):
    description = serializers.CharField()
    suits = serializers.CharField(help_text="Whom it suits.")
    avoid = serializers.CharField(help_text="Who had better not come, and what to avoid.")
    bring = serializers.CharField(help_text="What to bring.")
    minutes = serializers.IntegerField()
    capacity = serializers.IntegerField()
    price = serializers.IntegerField(help_text="Of a new slot, in the currency's smallest unit (cents).")
    currency = ClinicCurrencyField()
    qualifications = Named(many=True, help_text="Who teaches it holds all of these.")


@extend_schema_serializer(component_name="Room")
class RoomAnswer(Named):
    size = serializers.IntegerField(help_text="How many mats fit in.")


@extend_schema_serializer(component_name="Location")
class LocationAnswer(Named):
    address = serializers.CharField()
    directions = serializers.CharField()
    rooms = RoomAnswer(many=True)


@extend_schema_serializer(component_name="Instructor")
class InstructorAnswer(Named):
    qualification = serializers.CharField(help_text="As the instructor's page says it.")
    bio = serializers.CharField()
    qualifications = serializers.SerializerMethodField(help_text="Those that are valid today.")

    @extend_schema_field(Named(many=True))
    def get_qualifications(self, instructor: Instructor) -> Any:
        held = [each.qualification for each in instructor.certificates.all() if each.is_valid]
        return Named(held, many=True).data


class PublicList(GenericAPIView[Any]):
    """A list that everybody may read, in pages."""

    permission_classes = [AllowAny]
    page_key = ("id",)

    def answer(self) -> Response:
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class ClassTypeList(PublicList):
    serializer_class = ClassTypeAnswer
    queryset = ClassType.objects.filter(is_active=True).prefetch_related("qualifications")

    @extend_schema(
        operation_id="list_class_types",
        tags=["Catalogue"],
        summary="What is taught",
        responses=ClassTypeAnswer(many=True),
    )
    def get(self, request: Request) -> Response:
        """The class types that are offered at present. No token is needed."""
        return self.answer()


class LocationList(PublicList):
    serializer_class = LocationAnswer
    queryset = Location.objects.prefetch_related("rooms")

    @extend_schema(
        operation_id="list_locations",
        tags=["Catalogue"],
        summary="Where classes take place",
        responses=LocationAnswer(many=True),
    )
    def get(self, request: Request) -> Response:
        """The locations and their rooms. No token is needed."""
        return self.answer()


class InstructorList(PublicList):
    serializer_class = InstructorAnswer
    queryset = Instructor.objects.teaching().prefetch_related(
        Prefetch("certificates", Certificate.objects.select_related("qualification"))
    )

    @extend_schema(
        operation_id="list_instructors",
        tags=["Catalogue"],
        summary="Who teaches",
        responses=InstructorAnswer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Who teaches at present, as everybody may know them. No token is needed."""
        return self.answer()
