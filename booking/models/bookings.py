"""A patient's claim on a place."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Patient, User
from accounts.roles import INSTRUCTOR, has_role
from core import clock
from payments.models import Order
from scheduling.models import Slot


def free_cancel_hours() -> int:
    return settings.FREE_CANCEL_HOURS


def cancel_grace_minutes() -> int:
    return settings.CANCEL_GRACE_MINUTES


class BookingQuerySet(models.QuerySet["Booking"]):
    def live(self) -> "BookingQuerySet":
        """Bookings that take a place: held or confirmed."""
        return self.filter(state__in=Booking.LIVE)

    def visible_to(self, user: User) -> "BookingQuerySet":
        """The desk sees all bookings, who teaches at present those of the own classes, a patient the account's own."""
        if user.has_perm("booking.view_day_sheet"):
            return self
        own = Q(patient__account=user)
        taught = Q(slot__instructor__user=user, slot__instructor__is_active=True)
        return self.filter(own | taught if has_role(user, INSTRUCTOR) else own)

    def of_account(self, user: User) -> "BookingQuerySet":
        """The bookings of all patients for whom `user` books."""
        return self.filter(patient__account=user)

    def at_the_time_of(self, slot: Slot) -> "BookingQuerySet":
        """Bookings of other classes that overlap with `slot`."""
        meanwhile = self.filter(slot__starts_at__lt=slot.ends_at, slot__ends_at__gt=slot.starts_at)
        return meanwhile.filter(slot__state=Slot.State.PUBLISHED).exclude(slot=slot.pk)

    def coming(self) -> "BookingQuerySet":
        """Live bookings of classes that are not over yet."""
        return self.live().filter(slot__ends_at__gt=clock.now())

    def over(self) -> "BookingQuerySet":
        """All that is not coming: classes of the past, and bookings that came to nothing."""
        return self.exclude(state__in=Booking.LIVE, slot__ends_at__gt=clock.now())

    def hold_ended(self) -> "BookingQuerySet":
        """Holds whose time is over; their place is still taken until they are released."""
        return self.filter(state=Booking.State.HELD, hold_expires_at__lte=clock.now())

    def of_cancelled_slots(self) -> "BookingQuerySet":
        """Bookings to be ended because the clinic has cancelled the slot; not holds whose time is over anyhow."""
        held = Q(state=Booking.State.HELD, hold_expires_at__gt=clock.now())
        live = self.filter(Q(state=Booking.State.CONFIRMED) | held)
        return live.filter(slot__state=Slot.State.CANCELLED, slot__taken__gt=0)

    def with_details(self) -> "BookingQuerySet":
        """Bookings with all that a page or message names, in one query."""
        return self.select_related(
            "patient__account", "order", "slot__class_type", "slot__instructor", "slot__room__location"
        )

    def called_off(self) -> "BookingQuerySet":
        """Bookings that had a place when the clinic cancelled the slot, be they ended since.

        Until the class would be over: so long somebody may come in vain who was not told.
        """
        return self.filter(_called_off())

    def with_people(self) -> "BookingQuerySet":
        """Bookings by name, with what the desk asks about: phone, payment, who booked; in two queries."""
        people = self.select_related("patient", "booked_by", "order")
        return people.prefetch_related("order__payments").order_by("patient__name", "pk")

    def for_roster(self) -> "BookingQuerySet":
        """Who takes a place, with people."""
        return self.live().with_people()

    def for_day_sheet(self) -> "BookingQuerySet":
        """Who takes a place in a class that takes place, and who had one in a class that was cancelled, with people."""
        takes_part = Q(state__in=Booking.LIVE) & ~Q(slot__state=Slot.State.CANCELLED)
        return self.filter(takes_part | _called_off()).with_people()


def _called_off() -> Q:
    """See `called_off`. Not what had ended before, nor a hold whose time was over: nobody counted on that place."""
    cancelled_at = F("slot__cancelled_at")
    had_place = Q(state__in=Booking.LIVE) | Q(ended_at__gte=cancelled_at)
    was_over = Q(confirmed_at__isnull=True, hold_expires_at__lt=cancelled_at)
    return had_place & ~was_over & Q(slot__state=Slot.State.CANCELLED, slot__ends_at__gt=clock.now())


class Booking(models.Model):
    """A patient's claim on one place of a slot, with the cancel policy that held when it was made."""

    class State(models.TextChoices):
        HELD = "held", _("Waiting for payment")
        CONFIRMED = "confirmed", _("Confirmed")
        RELEASED = "released", _("Released unpaid")
        CANCELLED = "cancelled", _("Cancelled")

    LIVE = (State.HELD, State.CONFIRMED)
    # what may become of a booking; money that arrives after release may still find a free place
    MOVES = {
        State.HELD: {State.CONFIRMED, State.RELEASED, State.CANCELLED},
        State.CONFIRMED: {State.CANCELLED},
        State.RELEASED: {State.CONFIRMED},
        State.CANCELLED: set(),
    }

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="bookings", verbose_name=_("patient"))
    slot = models.ForeignKey(Slot, models.PROTECT, related_name="bookings", verbose_name=_("slot"))
    # the constraint `one_booking_per_order` has an index, which serves the foreign key too
    order = models.ForeignKey(Order, models.PROTECT, related_name="bookings", null=True, blank=True, db_index=False)
    booked_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("booked by"))
    state = models.CharField(_("state"), max_length=10, choices=State)
    price = models.PositiveIntegerField(_("price"))
    currency = models.CharField(_("currency"), max_length=3)
    made_at = models.DateTimeField(_("made"), default=clock.now, editable=False)
    hold_expires_at = models.DateTimeField(_("held until"), null=True, blank=True)
    # only where the place could not be freed at once, because Stripe did not answer
    given_up_at = models.DateTimeField(_("given up"), null=True, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    free_cancel_hours = models.PositiveSmallIntegerField(default=free_cancel_hours, editable=False)
    cancel_grace_minutes = models.PositiveSmallIntegerField(default=cancel_grace_minutes, editable=False)
    checked_in_at = models.DateTimeField(_("checked in"), null=True, blank=True)

    objects = BookingQuerySet.as_manager()

    class Meta:
        verbose_name = _("booking")
        verbose_name_plural = _("bookings")
        permissions = [("view_day_sheet", "Can see the day sheet with all bookings")]
        constraints = [
            # Each place is paid for by itself: so releasing one hold closes its whole order, and money that comes too
            # late for one place goes back whole. Several places on one order need operations that share an order out.
            models.UniqueConstraint(fields=["order"], name="one_booking_per_order"),
            models.UniqueConstraint(
                fields=["patient", "slot"],
                condition=Q(state__in=["held", "confirmed"]),
                name="one_live_booking_per_patient_and_slot",
            ),
            models.CheckConstraint(
                condition=~Q(state="held") | Q(hold_expires_at__isnull=False, order__isnull=False),
                name="a_hold_has_an_end_and_an_order",
            ),
            models.CheckConstraint(
                condition=~Q(state="confirmed") | Q(confirmed_at__isnull=False),
                name="a_confirmed_booking_knows_when",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["released", "cancelled"], ended_at__isnull=False)
                | Q(state__in=["held", "confirmed"], ended_at__isnull=True),
                name="an_ended_booking_knows_when",
            ),
        ]
        indexes = [
            models.Index(fields=["hold_expires_at"], condition=Q(state="held"), name="holds_by_end"),
            models.Index(fields=["booked_by"], condition=Q(state="held"), name="holds_by_account"),
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {self.get_state_display()}"

    @property
    def is_live(self) -> bool:
        return self.state in self.LIVE

    @property
    def is_held(self) -> bool:
        return self.state == self.State.HELD

    @property
    def is_confirmed(self) -> bool:
        return self.state == self.State.CONFIRMED

    @property
    def is_released(self) -> bool:
        return self.state == self.State.RELEASED

    @property
    def was_given_up(self) -> bool:
        """Whether the patient let go of the held place, before its time was over."""
        if not self.is_released or self.ended_at is None or self.hold_expires_at is None:
            return False
        return self.given_up_at is not None or self.ended_at < self.hold_expires_at

    @property
    def is_being_given_back(self) -> bool:
        """Whether the patient let go of the place, and its payment page has to be closed before it is free."""
        return self.is_held and self.given_up_at is not None

    @property
    def hold_time_left(self) -> timedelta:
        """How long the place can still be paid for; zero when the time is over, or the patient does not want it."""
        if not self.is_held or self.is_being_given_back or self.hold_expires_at is None:
            return timedelta()
        return max(self.hold_expires_at - clock.now(), timedelta())

    @property
    def can_be_paid(self) -> bool:
        """Whether this is a hold that still has time left, of a class that takes place."""
        return bool(self.hold_time_left) and not self.slot.is_cancelled

    @property
    def hold_minutes_left(self) -> int:
        """The same in minutes, the running one included."""
        return -(-self.hold_time_left // timedelta(minutes=1))

    @property
    def free_cancel_until(self) -> datetime:
        """The last moment before which cancelling costs nothing; exactly then is late.

        The later of: so many hours before the class, and a short grace after booking (never past the class's start).
        Where the class was moved since, the class's start.
        """
        if self.was_moved:
            return self.slot.starts_at
        before_class = self.slot.starts_at - timedelta(hours=self.free_cancel_hours)
        grace = min(self.made_at + timedelta(minutes=self.cancel_grace_minutes), self.slot.starts_at)
        return max(before_class, grace)

    @property
    def was_moved(self) -> bool:
        """Whether the clinic has changed time or place since the place was booked."""
        return self.slot.moved_at is not None and self.slot.moved_at >= self.made_at

    @property
    def has_grace_only(self) -> bool:
        """Whether the booking is made so shortly before the class that only the grace after booking is free."""
        before_class = self.slot.starts_at - timedelta(hours=self.free_cancel_hours)
        return self.free_cancel_until > before_class and not self.was_moved

    @property
    def can_cancel_free(self) -> bool:
        return clock.now() < self.free_cancel_until

    def move_to(self, state: State) -> None:
        """Change the state along MOVES and note the moment. The caller holds the row's lock and saves."""
        if state not in self.MOVES[self.State(self.state)]:
            raise ValueError(f"booking {self.pk} cannot go from {self.state} to {state}")
        self.state = state
        if state in self.LIVE:
            self.ended_at = None
        else:
            self.ended_at = clock.now()
        if state == self.State.CONFIRMED:
            self.confirmed_at = clock.now()
