"""What is taught, where, by whom and when. The database itself refuses clashes and oversold slots."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import INSTRUCTOR, MANAGER, has_role
from core import clock
from scheduling.focus import FocusArea


def clinic_currency() -> str:
    return settings.CLINIC_CURRENCY


class Location(models.Model):
    """A house in which classes take place."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    address = models.CharField(_("address"), max_length=250)
    directions = models.TextField(_("how to find it"), blank=True)

    class Meta:
        verbose_name = _("location")
        verbose_name_plural = _("locations")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Room(models.Model):
    location = models.ForeignKey(Location, models.PROTECT, related_name="rooms", verbose_name=_("location"))
    name = models.CharField(_("name"), max_length=100)
    size = models.PositiveSmallIntegerField(_("size"), help_text=_("How many mats fit in."))

    class Meta:
        verbose_name = _("room")
        verbose_name_plural = _("rooms")
        ordering = ["location__name", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["location", "name"],
                name="one_room_per_name_and_location",
                violation_error_message=_("This location has a room of that name already."),
            ),
            models.CheckConstraint(
                condition=Q(size__gt=0),
                name="a_room_holds_someone",
                violation_error_message=_("Please enter how many mats fit in: at least one."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.location.name}"


class Instructor(models.Model):
    """A qualified therapeutic yoga instructor."""

    user = models.OneToOneField(User, models.PROTECT, related_name="instructor", verbose_name=_("account"))
    name = models.CharField(_("name"), max_length=150)
    qualification = models.CharField(_("qualification"), max_length=200, blank=True)
    bio = models.TextField(_("about"), blank=True)
    is_active = models.BooleanField(_("teaches at present"), default=True)

    class Meta:
        verbose_name = _("instructor")
        verbose_name_plural = _("instructors")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ClassType(models.Model):
    """What is taught; gives each new slot its length, price and capacity."""

    class Level(models.TextChoices):
        GENTLE = "gentle", _("Gentle")
        STEADY = "steady", _("Steady")
        STRONG = "strong", _("Strong")

    name = models.CharField(_("name"), max_length=100, unique=True)
    level = models.CharField(_("level"), max_length=10, choices=Level)
    focus_areas = ArrayField(models.CharField(max_length=40, choices=FocusArea), verbose_name=_("focus areas"))
    description = models.TextField(_("what we do"))
    suits = models.TextField(_("who it suits"), blank=True)
    avoid = models.TextField(_("what to avoid"), blank=True)
    bring = models.TextField(_("what to bring"), blank=True)
    minutes = models.PositiveSmallIntegerField(_("length in minutes"), default=60)
    capacity = models.PositiveSmallIntegerField(_("capacity"), default=8)
    price = models.PositiveIntegerField(_("price"), help_text=_("In the currency's smallest unit (cents)."))
    is_active = models.BooleanField(_("offered at present"), default=True)

    class Meta:
        verbose_name = _("class type")
        verbose_name_plural = _("class types")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(minutes__range=(5, 600)),
                name="a_class_lasts_5_to_600_minutes",
                violation_error_message=_("A class lasts 5 to 600 minutes."),
            ),
            models.CheckConstraint(
                condition=Q(capacity__gt=0),
                name="a_class_type_has_places",
                violation_error_message=_("Please enter a capacity of at least one place."),
            ),
            models.CheckConstraint(
                condition=Q(focus_areas__contained_by=FocusArea.values), name="focus_areas_are_among_the_seven"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def focus_labels(self) -> list[str]:
        """The focus areas in words, in the clinic's order."""
        return [str(area.label) for area in FocusArea if area.value in self.focus_areas]


class Series(models.Model):
    """A recurrence rule that stamps slots: a wall time in a zone, so 18:00 stays 18:00 through clock changes."""

    class_type = models.ForeignKey(ClassType, models.PROTECT, related_name="series")
    instructor = models.ForeignKey(Instructor, models.PROTECT, related_name="series")
    room = models.ForeignKey(Room, models.PROTECT, related_name="series", null=True, blank=True)
    recurrence = models.CharField(_("recurrence"), max_length=500, help_text=_("An RRULE by RFC 5545."))
    starts_on = models.DateField(_("first day"))
    wall_time = models.TimeField(_("wall time"))
    time_zone = models.CharField(_("time zone"), max_length=64)
    minutes = models.PositiveSmallIntegerField(_("length in minutes"))
    capacity = models.PositiveSmallIntegerField(_("capacity"))
    price = models.PositiveIntegerField(_("price"))
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name = _("series")
        verbose_name_plural = _("series")

    def __str__(self) -> str:
        return f"{self.class_type} · {self.recurrence}"


class Closure(models.Model):
    """A time in which no class takes place: at the whole clinic, at one location or in one room."""

    location = models.ForeignKey(Location, models.CASCADE, related_name="closures", null=True, blank=True)
    room = models.ForeignKey(Room, models.CASCADE, related_name="closures", null=True, blank=True)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    reason = models.CharField(_("reason"), max_length=200)

    class Meta:
        verbose_name = _("closure")
        verbose_name_plural = _("closures")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="a_closure_ends_after_it_starts",
                violation_error_message=_("A closure ends after it begins. Please look at both times."),
            ),
            models.CheckConstraint(
                condition=Q(location__isnull=True) | Q(room__isnull=True),
                name="a_closure_names_a_location_or_a_room",
                violation_error_message=_(
                    "Please choose a location or a room, not both; neither means the whole clinic."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reason}: {clock.format_when(self.starts_at, self.ends_at)}"


class SlotQuerySet(models.QuerySet["Slot"]):
    def published(self) -> "SlotQuerySet":
        return self.filter(state=Slot.State.PUBLISHED)

    def announced(self) -> "SlotQuerySet":
        """Slots that people outside have been told of, be they cancelled since."""
        return self.exclude(state=Slot.State.DRAFT)

    def visible_to(self, user: User | AnonymousUser) -> "SlotQuerySet":
        """Drafts are for the desk and for the instructor who teaches them; all else is for everyone."""
        if user.has_perm("scheduling.view_slot"):
            return self
        if not has_role(user, INSTRUCTOR):
            return self.announced()
        return self.filter(~Q(state=Slot.State.DRAFT) | Q(instructor__user=user))

    def between(self, start: datetime, end: datetime) -> "SlotQuerySet":
        """Slots that start in [start, end)."""
        return self.filter(starts_at__gte=start, starts_at__lt=end)

    def upcoming(self) -> "SlotQuerySet":
        return self.filter(starts_at__gt=clock.now())

    def with_focus(self, areas: Sequence[str]) -> "SlotQuerySet":
        """Slots whose class type works on at least one of `areas`."""
        return self.filter(class_type__focus_areas__overlap=list(areas)) if areas else self

    def with_places_left(self) -> "SlotQuerySet":
        return self.filter(taken__lt=F("capacity"))

    def of_instructor(self, user: User) -> "SlotQuerySet":
        """The slots that `user` teaches."""
        return self.filter(instructor__user=user)

    def plannable_by(self, user: User) -> "SlotQuerySet":
        """The slots that `user` may edit and publish: a manager all, an instructor the own ones."""
        return self if has_role(user, MANAGER) else self.of_instructor(user)

    def with_details(self) -> "SlotQuerySet":
        """Slots with all that a row of the timetable names, in one query."""
        return self.select_related("class_type", "instructor", "room__location")


def _numbers_as_range(field: str) -> Func:
    """A whole-number key as a one-number range: lets GiST exclude equal keys without the btree_gist extension."""
    return Func(F(field), F(field), Value("[]"), function="int8range")


def _no_overlap(field: str, name: str) -> ExclusionConstraint:
    """No two slots that are not cancelled share `field` at the same time; back to back is fine."""
    return ExclusionConstraint(
        name=name,
        index_type="GIST",
        expressions=[
            (_numbers_as_range(field), RangeOperators.OVERLAPS),
            (
                Func(F("starts_at"), F("ends_at"), function="tstzrange", output_field=DateTimeRangeField()),
                RangeOperators.OVERLAPS,
            ),
        ],
        condition=~Q(state="cancelled") & Q(**{f"{field}__isnull": False}),
    )


class Slot(models.Model):
    """One dated class that can be booked."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        CANCELLED = "cancelled", _("Cancelled")

    series = models.ForeignKey(Series, models.PROTECT, related_name="slots", null=True, blank=True)
    class_type = models.ForeignKey(ClassType, models.PROTECT, related_name="slots", verbose_name=_("class type"))
    instructor = models.ForeignKey(Instructor, models.PROTECT, related_name="slots", verbose_name=_("instructor"))
    room = models.ForeignKey(Room, models.PROTECT, related_name="slots", null=True, blank=True, verbose_name=_("room"))
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    capacity = models.PositiveSmallIntegerField(_("capacity"))
    taken = models.PositiveSmallIntegerField(_("taken places"), default=0, editable=False)
    price = models.PositiveIntegerField(_("price"))
    currency = models.CharField(_("currency"), max_length=3, default=clinic_currency)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    published_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = SlotQuerySet.as_manager()

    class Meta:
        verbose_name = _("slot")
        verbose_name_plural = _("slots")
        ordering = ["starts_at", "id"]
        permissions = [("publish_slot", "Can publish a slot")]
        indexes = [
            models.Index(fields=["starts_at", "id"], condition=Q(state="published"), name="published_slots_by_start"),
            models.Index(fields=["instructor", "starts_at"], name="slots_of_instructor_by_start"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(taken__lte=F("capacity")), name="taken_never_exceeds_capacity"),
            models.CheckConstraint(condition=Q(capacity__gt=0), name="a_slot_has_places"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="a_slot_ends_after_it_starts"),
            models.CheckConstraint(
                condition=Q(state="draft", published_at__isnull=True) | ~Q(state="draft"),
                name="a_draft_was_never_published",
            ),
            _no_overlap("room_id", "a_room_holds_one_class_at_a_time"),
            _no_overlap("instructor_id", "an_instructor_teaches_one_class_at_a_time"),
        ]

    def __str__(self) -> str:
        return f"{self.class_type.name}, {clock.format_when(self.starts_at, self.ends_at)}"

    @property
    def is_published(self) -> bool:
        return self.state == self.State.PUBLISHED

    @property
    def has_started(self) -> bool:
        return self.starts_at <= clock.now()

    @property
    def places_left(self) -> int:
        return self.capacity - self.taken

    @property
    def is_full(self) -> bool:
        return self.taken >= self.capacity

    @property
    def duration(self) -> timedelta:
        return self.ends_at - self.starts_at
