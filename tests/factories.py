"""Test data: valid, minimal, and named after nobody."""

from datetime import time, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import factory
from django.conf import settings
from factory.django import DjangoModelFactory

from accounts import roles
from accounts.models import Patient, User
from accounts.operations import confirm_mailbox
from accounts.roles import assign_role
from booking.models import Booking
from core import clock
from notifications.models import Kind, Message
from payments.models import CheckoutSession, Order, Payment, Refund, StripeEvent
from scheduling.focus import FocusArea
from scheduling.models import (
    Certificate,
    ClassType,
    Closure,
    Instructor,
    Location,
    Qualification,
    Room,
    Series,
    Slot,
    SubstituteRequest,
    TimeOff,
)

Made = TypeVar("Made")


class ModelFactory(DjangoModelFactory[Made]):
    """A factory whose call is known to the type checker as what it makes: `SlotFactory()` is a Slot."""

    if TYPE_CHECKING:

        def __new__(cls, *args: Any, **kwargs: Any) -> Made: ...  # type: ignore[misc]

    class Meta:
        abstract = True


class UserFactory(ModelFactory[User]):
    """An account with a proven mailbox; `role=roles.FRONT_DESK` gives a role, `password="…"` a password."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.org")
    name = factory.Sequence(lambda n: f"Person {n}")
    password = factory.django.Password(None)

    @factory.post_generation
    def role(self: User, create: bool, role: str | None, **_: Any) -> None:
        if create:
            confirm_mailbox(user=self)
        if create and role:
            assign_role(self, role)


class PatientFactory(ModelFactory[Patient]):
    class Meta:
        model = Patient

    account = factory.SubFactory(UserFactory, role=roles.PATIENT)
    is_account_holder = True
    name = factory.SelfAttribute("account.name")


class LocationFactory(ModelFactory[Location]):
    class Meta:
        model = Location

    name = factory.Sequence(lambda n: f"House {n}")
    address = "1 Garden Road"


class RoomFactory(ModelFactory[Room]):
    class Meta:
        model = Room

    location = factory.SubFactory(LocationFactory)
    name = factory.Sequence(lambda n: f"Room {n}")
    size = 20


class InstructorFactory(ModelFactory[Instructor]):
    class Meta:
        model = Instructor

    user = factory.SubFactory(UserFactory, role=roles.INSTRUCTOR)
    name = factory.SelfAttribute("user.name")


class ClassTypeFactory(ModelFactory[ClassType]):
    class Meta:
        model = ClassType

    name = factory.Sequence(lambda n: f"Class {n}")
    level = ClassType.Level.GENTLE
    focus_areas = factory.LazyFunction(lambda: [FocusArea.CORE_STRENGTH.value])
    description = "Slow and careful."
    price = 1800


class QualificationFactory(ModelFactory[Qualification]):
    class Meta:
        model = Qualification

    name = factory.Sequence(lambda n: f"Qualification {n}")


class CertificateFactory(ModelFactory[Certificate]):
    class Meta:
        model = Certificate

    instructor = factory.SubFactory(InstructorFactory)
    qualification = factory.SubFactory(QualificationFactory)


class ClosureFactory(ModelFactory[Closure]):
    """The whole clinic for tomorrow's 24 hours; `room=` or `location=` closes less."""

    class Meta:
        model = Closure

    starts_at = factory.LazyFunction(lambda: clock.now() + timedelta(days=1))
    ends_at = factory.LazyAttribute(lambda closure: closure.starts_at + timedelta(days=1))
    reason = "Works"


class TimeOffFactory(ModelFactory[TimeOff]):
    class Meta:
        model = TimeOff

    instructor = factory.SubFactory(InstructorFactory)
    starts_at = factory.LazyFunction(lambda: clock.now() + timedelta(days=1))
    ends_at = factory.LazyAttribute(lambda absence: absence.starts_at + timedelta(days=1))


class SeriesFactory(ModelFactory[Series]):
    """Weekly at 18:00 on the clinic's clock, from in three days on; its slots come with `stamp_series`."""

    class Meta:
        model = Series

    class_type = factory.SubFactory(ClassTypeFactory)
    instructor = factory.SubFactory(InstructorFactory)
    room = factory.SubFactory(RoomFactory)
    recurrence = "FREQ=WEEKLY"
    starts_on = factory.LazyFunction(lambda: clock.clinic_today() + timedelta(days=3))
    wall_time = time(18)
    time_zone = factory.LazyFunction(lambda: settings.CLINIC_TIME_ZONE)
    minutes = 60
    capacity = 8
    price = 1800


class SlotFactory(ModelFactory[Slot]):
    """A published slot in three days."""

    class Meta:
        model = Slot

    class_type = factory.SubFactory(ClassTypeFactory)
    instructor = factory.SubFactory(InstructorFactory)
    room = factory.SubFactory(RoomFactory)
    starts_at = factory.LazyFunction(lambda: clock.now().replace(microsecond=0) + timedelta(days=3))
    ends_at = factory.LazyAttribute(lambda slot: slot.starts_at + timedelta(hours=1))
    capacity = 8
    price = factory.SelfAttribute("class_type.price")
    state = Slot.State.PUBLISHED
    published_at = factory.LazyAttribute(lambda slot: clock.now() if slot.state != Slot.State.DRAFT else None)
    online_link = factory.LazyAttribute(lambda slot: "" if slot.room else "https://meet.example.org/back")
    cancelled_at = factory.LazyAttribute(lambda slot: clock.now() if slot.state == Slot.State.CANCELLED else None)
    created_at = factory.LazyAttribute(lambda _slot: clock.now())


class SubstituteRequestFactory(ModelFactory[SubstituteRequest]):
    """An open request by the instructor of a published slot."""

    class Meta:
        model = SubstituteRequest

    slot = factory.SubFactory(SlotFactory)
    instead_of = factory.SelfAttribute("slot.instructor")
    asked_by = factory.SelfAttribute("instead_of.user")


class OrderFactory(ModelFactory[Order]):
    class Meta:
        model = Order

    payer = factory.SubFactory(UserFactory)
    state = Order.State.OPEN
    amount = 1800
    currency = factory.LazyFunction(lambda: settings.CLINIC_CURRENCY)
    paid_at = factory.LazyAttribute(lambda order: clock.now() if order.state == Order.State.PAID else None)


class PaymentFactory(ModelFactory[Payment]):
    class Meta:
        model = Payment

    order = factory.SubFactory(OrderFactory, state=Order.State.PAID)
    amount = factory.SelfAttribute("order.amount")
    currency = factory.SelfAttribute("order.currency")
    method = Payment.Method.CARD
    payment_intent = factory.Sequence(lambda n: f"pi_{n}")


class CheckoutSessionFactory(ModelFactory[CheckoutSession]):
    """An open payment page, as it stands after Stripe has answered."""

    class Meta:
        model = CheckoutSession

    order = factory.SubFactory(OrderFactory)
    state = CheckoutSession.State.OPEN
    idempotency_key = factory.Faker("uuid4", cast_to=None)
    params = factory.LazyFunction(dict)
    stripe_id = factory.Sequence(lambda n: f"cs_test_{n}")
    url = "https://pay.example.org/"
    expires_at = factory.LazyFunction(lambda: clock.now() + settings.CHECKOUT_LASTS)


class RefundFactory(ModelFactory[Refund]):
    """A whole payment that goes back because it came too late; due unless a `state` is given."""

    class Meta:
        model = Refund

    payment = factory.SubFactory(PaymentFactory)
    amount = factory.SelfAttribute("payment.amount")
    reason = Refund.Reason.PAID_TOO_LATE
    state = Refund.State.DUE
    idempotency_key = factory.Faker("uuid4", cast_to=None)
    stripe_id = factory.Maybe(
        factory.LazyAttribute(lambda refund: refund.state in (Refund.State.PENDING, Refund.State.SUCCEEDED)),
        factory.Sequence(lambda n: f"re_{n}"),
        None,
    )


class StripeEventFactory(ModelFactory[StripeEvent]):
    """An event that has arrived and waits to be worked in; of a type that changes nothing here."""

    class Meta:
        model = StripeEvent

    stripe_id = factory.Sequence(lambda n: f"evt_{n}")
    type = "charge.updated"
    payload = factory.LazyAttribute(
        lambda event: {"id": event.stripe_id, "type": event.type, "livemode": False, "data": {"object": {}}}
    )


class BookingFactory(ModelFactory[Booking]):
    """A confirmed booking that takes a place of its slot; `state=Booking.State.HELD` makes a hold with its order."""

    class Meta:
        model = Booking

    patient = factory.SubFactory(PatientFactory)
    slot = factory.SubFactory(SlotFactory)
    booked_by = factory.SelfAttribute("patient.account")
    state = Booking.State.CONFIRMED
    price = factory.SelfAttribute("slot.price")
    currency = factory.SelfAttribute("slot.currency")
    order = factory.SubFactory(
        OrderFactory,
        payer=factory.SelfAttribute("..patient.account"),
        amount=factory.SelfAttribute("..price"),
        state=factory.LazyAttribute(
            lambda order: {
                Booking.State.HELD: Order.State.OPEN,
                Booking.State.RELEASED: Order.State.CLOSED,
            }.get(order.factory_parent.state, Order.State.PAID)
        ),
    )
    hold_expires_at = factory.LazyAttribute(
        lambda booking: clock.now() + settings.HOLD_LASTS if booking.state == Booking.State.HELD else None
    )
    confirmed_at = factory.LazyAttribute(
        lambda booking: clock.now() if booking.state == Booking.State.CONFIRMED else None
    )
    ended_at = factory.LazyAttribute(lambda booking: None if booking.state in Booking.LIVE else clock.now())

    @classmethod
    def _create(cls, model_class: type[Booking], *args: Any, **kwargs: Any) -> Booking:
        booking: Booking = super()._create(model_class, *args, **kwargs)
        if booking.state in Booking.LIVE:
            Slot.objects.filter(pk=booking.slot_id).update(taken=booking.slot.bookings.live().count())
            booking.slot.refresh_from_db(fields=["taken"])
        return booking


class MessageFactory(ModelFactory[Message]):
    """A confirmation that is due now; `state=Message.State.SENT` makes one that has gone out."""

    class Meta:
        model = Message

    kind = Kind.BOOKING_CONFIRMED
    booking = factory.SubFactory(BookingFactory)
    recipient = factory.LazyAttribute(lambda message: message.booking.patient.account if message.booking else None)
    email = factory.LazyAttribute(lambda message: message.recipient.email if message.recipient else "")
    occasion = factory.Sequence(lambda n: f"occasion {n}")
    state = Message.State.QUEUED
    due_at = factory.LazyFunction(lambda: clock.now())  # noqa: PLW0108 – asked anew, so that tests can stand in time
    drop_after = factory.LazyAttribute(lambda message: message.due_at + timedelta(days=3))
    next_try_at = factory.SelfAttribute("due_at")
    void_reason = factory.LazyAttribute(
        lambda message: Message.VoidReason.NOT_BOOKED if message.state == Message.State.VOID else ""
    )
    sent_at = factory.LazyAttribute(lambda message: clock.now() if message.state == Message.State.SENT else None)
    subject = factory.LazyAttribute(lambda message: "Booked" if message.state == Message.State.SENT else "")
