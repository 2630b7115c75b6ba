"""Bookings for programs: making one, and reading one's own."""

from datetime import datetime
from functools import partial
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    extend_schema,
    extend_schema_serializer,
)
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency import Answer, KeyNotUsable, KeyUsedOtherwise, StillRunning, answer_once
from accounts.models import Patient, User
from accounts.permissions import account_of
from booking.models import Booking
from booking.operations import AlreadyBooked, TooManyHolds, book_place
from core import clock
from core.queries import CompiledRead, Given
from scheduling.api.fields import Refusals, id_field
from scheduling.models import Slot
from scheduling.operations import PriceChanged, SlotFull, SlotMoved, SlotNotPublished, SlotStarted

BEING_RELEASED = "being_released"
STATES = [
    *Booking.State.choices,
    (BEING_RELEASED, _("Being released: it can be paid for no more, and its place is about to be free")),
]
EXAMPLE_BOOKING = {
    "id": 4711,
    "state": "held",
    "slot": {
        "id": 17,
        "class_type": "Gentle Back Care",
        "starts_at": "2026-11-24T18:00:00+01:00",
        "ends_at": "2026-11-24T19:00:00+01:00",
    },
    "patient": {"id": 5, "name": "Robin Beck"},
    "price": 1800,
    "currency": "eur",
    "made_at": "2026-11-20T09:12:30+01:00",
    "hold_expires_at": "2026-11-20T09:47:30+01:00",
    "confirmed_at": None,
    "ended_at": None,
    "free_cancel_until": "2026-11-23T18:00:00+01:00",
    "payment_url": "https://clinic.example/my/bookings/4711/",
}


class BookedSlot(serializers.Serializer[Slot]):
    id = serializers.IntegerField()
    class_type = serializers.CharField(source="class_type.name")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


class BookedPatient(serializers.Serializer[Patient]):
    id = serializers.IntegerField()
    name = serializers.CharField()


@extend_schema_serializer(
    component_name="Booking", examples=[OpenApiExample("A hold", EXAMPLE_BOOKING, response_only=True)]
)
class BookingAnswer(serializers.Serializer[Booking]):
    """What `described` returns."""

    id = serializers.IntegerField()
    state = serializers.ChoiceField(
        STATES,
        help_text="`held` waits for its payment. `being_released`: it can be paid for no more, because its time is "
        "over, it was given up, or the class is cancelled; its place is free as soon as its payment page is closed. "
        "If it turns out paid, `confirmed` follows all the same.",
    )
    slot = BookedSlot()
    patient = BookedPatient()
    price = serializers.IntegerField(help_text="In the currency's smallest unit (cents).")
    currency = serializers.CharField()
    made_at = serializers.DateTimeField()
    hold_expires_at = serializers.DateTimeField(
        allow_null=True, help_text="Until when the place is held for the payment."
    )
    confirmed_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    free_cancel_until = serializers.DateTimeField(help_text="Before then cancelling costs nothing.")
    payment_url = serializers.URLField(
        allow_null=True, help_text="The page on which a `held` place is paid for; else null."
    )


def described(booking: Booking) -> dict[str, Any]:
    """A booking as BookingAnswer describes it, written out: a serializer would take five times as long."""
    slot, patient = booking.slot, booking.patient
    is_payable = booking.can_be_paid
    return {
        "id": booking.pk,
        "state": BEING_RELEASED if booking.is_held and not is_payable else booking.state,
        "slot": {
            "id": slot.pk,
            "class_type": slot.class_type.name,
            "starts_at": _iso(slot.starts_at),
            "ends_at": _iso(slot.ends_at),
        },
        "patient": {"id": patient.pk, "name": patient.name},
        "price": booking.price,
        "currency": booking.currency,
        "made_at": _iso(booking.made_at),
        "hold_expires_at": _iso(booking.hold_expires_at),
        "confirmed_at": _iso(booking.confirmed_at),
        "ended_at": _iso(booking.ended_at),
        "free_cancel_until": _iso(booking.free_cancel_until),
        "payment_url": _payment_page(booking) if is_payable else None,
    }


def _iso(instant: datetime | None) -> str | None:
    return clock.clinic_time(instant).isoformat() if instant else None


def _payment_page(booking: Booking) -> str:
    """Where a hold is paid for; nothing is asked of Stripe before somebody opens the page and pays."""
    return f"{settings.SITE_URL}{reverse('booking:detail', args=[booking.pk])}"


class BookingWish(serializers.Serializer[Any]):
    slot = id_field()
    pay_with = serializers.ChoiceField(
        ["card"], help_text="`card`: the place is held until it is paid for on the page at `payment_url`."
    )
    patient = id_field(required=False, help_text="For whom; the account's holder unless named.")


class BookingQuery(serializers.Serializer[Any]):
    """Which bookings are wanted."""

    slot = id_field(required=False, help_text="Those in this slot.")


_WISH = BookingWish()  # one for all requests: making it takes longer than using it, and it keeps nothing


BOOKING_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="A new random value (a UUID, say) for each booking; the same one when you send it again. Then a "
    "booking whose answer was lost on the way is answered again instead of being refused as a second one. Kept for 24 "
    "hours. Optional, but a client that retries should send one.",
)
REPEATED = OpenApiParameter(
    "Idempotency-Replayed",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    response=[201],
    description="`true` when this is the answer to an earlier request with the same Idempotency-Key.",
)
LOCATION = OpenApiParameter(
    "Location", OpenApiTypes.URI, OpenApiParameter.HEADER, response=[201], description="Where the booking is."
)


class BookingView(GenericAPIView[Booking]):
    """What a cache on the way must not keep."""

    serializer_class = BookingAnswer
    queryset = Booking.objects.all()

    @property
    def default_response_headers(self) -> dict[str, str]:
        return super().default_response_headers | {"Cache-Control": "private, no-store"}


class BookingList(BookingView):
    page_key = ("-id",)
    refusals: ClassVar[Refusals] = {
        "POST": (
            SlotFull,
            AlreadyBooked,
            TooManyHolds,
            SlotStarted,
            SlotNotPublished,
            PriceChanged,
            SlotMoved,
            StillRunning,
            KeyUsedOtherwise,
            KeyNotUsable,
        )
    }

    @extend_schema(
        operation_id="list_bookings",
        tags=["Bookings"],
        summary="Bookings",
        parameters=[BookingQuery],
        responses=BookingAnswer(many=True),
    )
    def get(self, request: Request) -> Response:
        """The newest first: those of one's own account, or those in one slot which the account may see.

        In a slot, instructors of the class and the front desk see everybody's, everyone else their own.
        """
        asked = BookingQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        page = self.paginate_queryset(_wanted_bookings(account_of(request), **asked.validated_data))
        return self.get_paginated_response([described(booking) for booking in page or []])

    @extend_schema(
        operation_id="book_place",
        tags=["Bookings"],
        summary="Book a place",
        parameters=[BOOKING_KEY, REPEATED, LOCATION],
        request=BookingWish,
        responses={201: BookingAnswer},
        examples=[OpenApiExample("For oneself", {"slot": 17, "pay_with": "card"}, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Hold a place until it is paid for; where nothing is due it is confirmed at once.

        An account holds only so many places unpaid (`too_many_holds`); what is confirmed does not count.
        The price is the slot's. Whatever else the request contains is ignored.
        """
        wish = _WISH.run_validation(request.data)
        answer = answer_once(
            account=account_of(request),
            key=request.headers.get("Idempotency-Key", ""),
            asked={"operation": "book_place", **wish},
            effect=partial(_book, request, wish),
        )
        headers = {"Location": answer.location} | ({"Idempotency-Replayed": "true"} if answer.is_repeat else {})
        return Response(answer.body, answer.status, headers=headers)


class BookingDetail(BookingView):
    @extend_schema(operation_id="read_booking", tags=["Bookings"], summary="One booking")
    def get(self, request: Request, pk: int) -> Response:
        """A booking of one's own, or one that the account may see as a member of staff."""
        visible = Booking.objects.visible_to(account_of(request)).select_related("patient", "slot__class_type")
        return Response(described(get_object_or_404(visible, pk=pk)))


_SLOT = CompiledRead(lambda: Slot.objects.announced().select_related("class_type").filter(pk=Given("pk")))


def _wanted_bookings(account: User, slot: int | None = None) -> QuerySet[Booking]:
    """Without a slot only the account's own: whoever may see all would otherwise read through millions."""
    bookings = Booking.objects.select_related("patient", "slot__class_type")
    return bookings.of_account(account) if slot is None else bookings.visible_to(account).filter(slot=slot)


def _book(request: Request, wish: dict[str, Any]) -> Answer:
    account = account_of(request)
    patient = _patient(account, wish.get("patient"))
    booking = book_place(patient=patient, slot=_slot(wish["slot"]), by=account)
    return Answer(201, described(booking), f"{request.path}{booking.pk}/")


def _patient(user: User, named: int | None) -> Patient:
    """For whom `user` books. Raises ValidationError for anybody who does not belong to the account."""
    patient = user.own_patient if named is None else user.patients.filter(pk=named).first()
    if patient is None:
        reason = _("Please say for whom.") if named is None else _("There is no such patient in your account.")
        raise serializers.ValidationError({"patient": [reason]})
    return patient


def _slot(pk: int) -> Slot:
    slot = _SLOT.find(pk=pk)
    if slot is None:
        raise serializers.ValidationError({"slot": [_("There is no such class.")]})
    return slot
