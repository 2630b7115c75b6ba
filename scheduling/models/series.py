"""Series: recurrence rules that stamp slots."""

from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import MANAGER, has_role
from core import clock
from scheduling.models.houses import Room
from scheduling.models.teaching import ClassType, Instructor
from scheduling.recurrence import LONGEST, days_of


class SeriesQuerySet(models.QuerySet["Series"]):
    def to_be_stamped(self, until: date) -> "SeriesQuerySet":
        """Series whose slots do not reach up to and with `until` yet, though their rule may."""
        behind = self.filter(Q(stamped_until__isnull=True) | Q(stamped_until__lt=until))
        return behind.filter(
            Q(ends_on__isnull=True) | Q(stamped_until__isnull=True) | Q(ends_on__gt=F("stamped_until"))
        )

    def plannable_by(self, user: User) -> "SeriesQuerySet":
        """The series that `user` may see and change: a manager all, who teaches at present the own ones."""
        own = Q(instructor__user=user, instructor__is_active=True)
        return self if has_role(user, MANAGER) else self.filter(own)

    def with_details(self) -> "SeriesQuerySet":
        return self.select_related("class_type", "instructor", "room__location")


class Series(models.Model):
    """A recurrence rule that stamps slots: a wall time in a zone, so 18:00 stays 18:00 through clock changes.

    `recurrence` is a plain RRULE (scheduling/recurrence.py) without its DTSTART, which is `starts_on`, and without
    UNTIL, which is `ends_on` (inclusive). `skipped_days` are its EXDATEs. `fold` says which of two equal wall times is
    meant, on the night on which the clocks are set back (PEP 495). All days up to and with `stamped_until` have been
    dealt with.
    """

    class_type = models.ForeignKey(ClassType, models.PROTECT, related_name="series", verbose_name=_("class type"))
    instructor = models.ForeignKey(Instructor, models.PROTECT, related_name="series", verbose_name=_("instructor"))
    room = models.ForeignKey(Room, models.PROTECT, related_name="series", null=True, blank=True, verbose_name=_("room"))
    online_link = models.URLField(_("link to join on-line"), max_length=500, blank=True)
    recurrence = models.CharField(_("recurrence"), max_length=LONGEST, help_text=_("An RRULE by RFC 5545."))
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"), null=True, blank=True)
    skipped_days = ArrayField(models.DateField(), default=list, blank=True, verbose_name=_("days left out"))
    wall_time = models.TimeField(_("wall time"))
    fold = models.PositiveSmallIntegerField(null=True, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64)
    minutes = models.PositiveSmallIntegerField(_("length in minutes"))
    capacity = models.PositiveSmallIntegerField(_("capacity"))
    price = models.PositiveIntegerField(_("price"))
    publishes = models.BooleanField(
        _("publishes its slots"), default=True, help_text=_("Otherwise they are drafts, to be published one by one.")
    )
    split_from = models.ForeignKey("self", models.SET_NULL, related_name="splits", null=True, blank=True)
    stamped_until = models.DateField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = SeriesQuerySet.as_manager()

    class Meta:
        verbose_name = _("series")
        verbose_name_plural = _("series")
        ordering = ["starts_on", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(minutes__range=(5, 600)), name="a_series_lasts_5_to_600_minutes"),
            models.CheckConstraint(condition=Q(capacity__gt=0), name="a_series_has_places"),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="a_series_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=~Q(publishes=True) | Q(room__isnull=False) | ~Q(online_link=""),
                name="a_published_series_has_a_room_or_a_link",
            ),
            models.CheckConstraint(condition=Q(fold__isnull=True) | Q(fold__in=(0, 1)), name="a_fold_is_0_or_1"),
        ]

    def __str__(self) -> str:
        return f"{self.class_type} · {self.recurrence}"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def today(self) -> date:
        """The day that it is by the series' own clock: elsewhere it may be another one than at the clinic."""
        return clock.now().astimezone(self.zone).date()

    def may_be_planned_by(self, user: User) -> bool:
        """Whether `user` may change more of it than a single class: a substitute plans the own date only."""
        own = self.instructor
        return has_role(user, MANAGER) or (own.user_id == user.pk and own.is_active)

    def days(self, first: date, last: date) -> Iterator[date]:
        """The days of the rule in [first, last], in order, without those left out."""
        last = min(last, self.ends_on) if self.ends_on else last
        left_out = set(self.skipped_days)
        return (day for day in days_of(self.recurrence, self.starts_on, first, last) if day not in left_out)

    def instant_on(self, day: date) -> datetime:
        """When the class of `day` begins (UTC). Raises NonexistentWallTime and, without a fold, AmbiguousWallTime."""
        return clock.instant_of(day, self.wall_time, self.zone, fold=self.fold)
