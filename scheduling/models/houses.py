"""Where classes take place, and when they do not."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core import clock


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


class ClosureQuerySet(models.QuerySet["Closure"]):
    def to_come(self) -> "ClosureQuerySet":
        """Closures that are not over."""
        return self.filter(ends_at__gt=clock.now())

    def with_places(self) -> "ClosureQuerySet":
        """Closures with what they close, in one query."""
        return self.select_related("location", "room__location")

    def overlapping(self, start: datetime, end: datetime) -> "ClosureQuerySet":
        """Closures that cover any moment of [start, end)."""
        return self.filter(starts_at__lt=end, ends_at__gt=start)


class Closure(models.Model):
    """A time in which no class takes place: at the whole clinic, at one location or in one room.

    `kept` are classes in it that somebody decided to give nevertheless.
    """

    location = models.ForeignKey(
        Location, models.CASCADE, related_name="closures", null=True, blank=True, verbose_name=_("location")
    )
    room = models.ForeignKey(
        Room, models.CASCADE, related_name="closures", null=True, blank=True, verbose_name=_("room")
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    reason = models.CharField(_("reason"), max_length=200)
    kept = models.ManyToManyField("scheduling.Slot", related_name="+", blank=True, editable=False)

    objects = ClosureQuerySet.as_manager()

    class Meta:
        verbose_name = _("closure")
        verbose_name_plural = _("closures")
        ordering = ["starts_at", "id"]
        indexes = [models.Index(fields=["ends_at"], name="closures_by_end")]
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
        return f"{self.reason}: {self.when}"

    def concerns(self, room: Room | None) -> bool:
        """Whether a class in `room`, or on-line without one, cannot take place then."""
        if self.room_id is not None:
            return room is not None and room.pk == self.room_id
        if self.location_id is not None:
            return room is not None and room.location_id == self.location_id
        return True

    @property
    def when(self) -> str:
        return clock.format_span(self.starts_at, self.ends_at)

    @property
    def place(self) -> str:
        """Which rooms it closes, in words."""
        return str(self.room or self.location or _("The whole clinic"))
