"""Slots: dated classes that can be booked."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _
from psycopg.types.multirange import TimestamptzMultirange
from psycopg.types.range import TimestamptzRange

from accounts.models import User
from accounts.roles import INSTRUCTOR, MANAGER, has_role
from core import clock
from scheduling.models.houses import Room
from scheduling.models.series import Series
from scheduling.models.teaching import ClassType, Instructor

HIGHEST_REVISION = 2**31 - 1  # that its column holds


def clinic_currency() -> str:
    return settings.CLINIC_CURRENCY


_TIME: Final = Func(F("starts_at"), F("ends_at"), function="tstzrange", output_field=DateTimeRangeField())


class SlotQuerySet(models.QuerySet["Slot"]):
    def published(self) -> "SlotQuerySet":
        return self.filter(state=Slot.State.PUBLISHED)

    def announced(self) -> "SlotQuerySet":
        """Slots that people outside have been told of, be they cancelled since; not drafts, nor cancelled drafts."""
        return self.filter(published_at__isnull=False)

    def visible_to(self, user: User | AnonymousUser) -> "SlotQuerySet":
        """What was never announced: for the desk, and for who teaches it and teaches at all. All else: for everyone."""
        if user.has_perm("scheduling.view_slot"):
            return self
        if not has_role(user, INSTRUCTOR):
            return self.announced()
        own = Q(instructor__user=user, instructor__is_active=True)
        return self.filter(Q(published_at__isnull=False) | own)

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
        """The slots that `user` teaches; none for an instructor who teaches no more."""
        return self.filter(instructor__user=user, instructor__is_active=True)

    def plannable_by(self, user: User) -> "SlotQuerySet":
        """The slots that `user` may edit and publish: a manager all, an instructor the own ones."""
        return self if has_role(user, MANAGER) else self.of_instructor(user)

    def not_cancelled(self) -> "SlotQuerySet":
        """Drafts and published slots: those that need their room and instructor."""
        return self.exclude(state=Slot.State.CANCELLED)

    def overlapping(self, start: datetime, end: datetime) -> "SlotQuerySet":
        """Slots that cover any moment of [start, end)."""
        return self.filter(starts_at__lt=end, ends_at__gt=start)

    def overlapping_any(self, times: Iterable[tuple[datetime, datetime]]) -> "SlotQuerySet":
        """Slots that cover any moment of any of these times, each [start, end): few rows, however many lie between."""
        wanted = TimestamptzMultirange(TimestamptzRange(start, end) for start, end in times)
        return self.alias(time=_TIME).filter(time__overlap=wanted)

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
            (_TIME, RangeOperators.OVERLAPS),
        ],
        condition=~Q(state="cancelled") & Q(**{f"{field}__isnull": False}),
        deferrable=models.Deferrable.IMMEDIATE,  # at the end of a statement: a whole week may move by a day at once
    )


class Slot(models.Model):
    """One dated class that can be booked.

    `series_day` is the day of the series for which it was stamped, whenever it takes place now; `is_exception` says
    that it was changed by hand, and that edits of the series leave it alone. `revision` counts its changes: an editor,
    a booking or a calendar that knows an older one knows something that is not true any more. `moved_at` is when time
    or place last changed after publication; `people_told`, that its cancelling had to be told to somebody.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        CANCELLED = "cancelled", _("Cancelled")

    series = models.ForeignKey(Series, models.PROTECT, related_name="slots", null=True, blank=True)
    series_day = models.DateField(null=True, blank=True, editable=False)
    is_exception = models.BooleanField(default=False, editable=False)
    class_type = models.ForeignKey(ClassType, models.PROTECT, related_name="slots", verbose_name=_("class type"))
    instructor = models.ForeignKey(Instructor, models.PROTECT, related_name="slots", verbose_name=_("instructor"))
    room = models.ForeignKey(Room, models.PROTECT, related_name="slots", null=True, blank=True, verbose_name=_("room"))
    online_link = models.URLField(
        _("link to join on-line"), max_length=500, blank=True, help_text=_("Only booked patients see it.")
    )
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    capacity = models.PositiveSmallIntegerField(_("capacity"))
    taken = models.PositiveSmallIntegerField(_("taken places"), default=0, editable=False)
    price = models.PositiveIntegerField(_("price"))
    currency = models.CharField(_("currency"), max_length=3, default=clinic_currency)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    revision = models.PositiveIntegerField(default=0, editable=False)
    moved_at = models.DateTimeField(null=True, blank=True, editable=False)
    cancelled_at = models.DateTimeField(null=True, blank=True, editable=False)
    cancel_reason = models.CharField(_("why it was cancelled"), max_length=200, blank=True, editable=False)
    people_told = models.BooleanField(default=False, editable=False)

    objects = SlotQuerySet.as_manager()

    class Meta:
        verbose_name = _("slot")
        verbose_name_plural = _("slots")
        ordering = ["starts_at", "id"]
        permissions = [("publish_slot", "Can publish a slot")]
        indexes = [
            models.Index(fields=["starts_at", "id"], condition=Q(state="published"), name="published_slots_by_start"),
            models.Index(fields=["instructor", "starts_at"], name="slots_of_instructor_by_start"),
            models.Index(fields=["id"], condition=Q(state="cancelled", taken__gt=0), name="cancelled_with_bookings"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(taken__lte=F("capacity")), name="taken_never_exceeds_capacity"),
            models.CheckConstraint(condition=Q(capacity__gt=0), name="a_slot_has_places"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="a_slot_ends_after_it_starts"),
            models.CheckConstraint(
                condition=Q(state="draft", published_at__isnull=True) | ~Q(state="draft"),
                name="a_draft_was_never_published",
            ),
            models.CheckConstraint(
                condition=~Q(state="published") | Q(room__isnull=False) | ~Q(online_link=""),
                name="a_published_slot_has_a_room_or_a_link",
            ),
            models.CheckConstraint(
                condition=Q(state="cancelled", cancelled_at__isnull=False)
                | ~Q(state="cancelled") & Q(cancelled_at__isnull=True),
                name="a_cancelled_slot_knows_when",
            ),
            models.CheckConstraint(
                condition=Q(series__isnull=True, series_day__isnull=True)
                | Q(series__isnull=False, series_day__isnull=False),
                name="a_stamped_slot_knows_its_day",
            ),
            models.UniqueConstraint(
                fields=["series", "series_day"],
                name="one_slot_per_series_and_day",
                deferrable=models.Deferrable.IMMEDIATE,  # at the end of a statement, as below
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
    def is_cancelled(self) -> bool:
        return self.state == self.State.CANCELLED

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
    def minutes(self) -> int:
        return int(self.duration.total_seconds()) // 60

    @property
    def duration(self) -> timedelta:
        return self.ends_at - self.starts_at
