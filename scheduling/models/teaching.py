"""What is taught, and who may teach it."""

from datetime import datetime, timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import MANAGER, has_role
from core import clock
from scheduling.focus import FocusArea

WARNED_AHEAD = timedelta(days=30)


class Qualification(models.Model):
    """Something that an instructor has learnt and can prove; a class type may ask for it."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    description = models.TextField(_("what it means"), blank=True)

    class Meta:
        verbose_name = _("qualification")
        verbose_name_plural = _("qualifications")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class InstructorQuerySet(models.QuerySet["Instructor"]):
    def teaching(self) -> "InstructorQuerySet":
        """Those who teach at present."""
        return self.filter(is_active=True)

    def teaching_as(self, user: User) -> "InstructorQuerySet":
        """The one as whom `user` teaches at present; at most one."""
        return self.teaching().filter(user=user)


class Instructor(models.Model):
    """A qualified therapeutic yoga instructor."""

    user = models.OneToOneField(User, models.PROTECT, related_name="instructor", verbose_name=_("account"))
    name = models.CharField(_("name"), max_length=150)
    qualification = models.CharField(_("qualification"), max_length=200, blank=True)
    bio = models.TextField(_("about"), blank=True)
    is_active = models.BooleanField(_("teaches at present"), default=True)

    objects = InstructorQuerySet.as_manager()

    class Meta:
        verbose_name = _("instructor")
        verbose_name_plural = _("instructors")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class CertificateQuerySet(models.QuerySet["Certificate"]):
    def valid(self) -> "CertificateQuerySet":
        """Certificates that hold today."""
        return self.filter(Q(expires_on__isnull=True) | Q(expires_on__gte=clock.clinic_today()))

    def running_out(self) -> "CertificateQuerySet":
        """Certificates of those who teach at present that end within 30 days or have ended, the first to end first."""
        ends = self.filter(instructor__is_active=True, expires_on__lte=clock.clinic_today() + WARNED_AHEAD)
        return ends.select_related("instructor", "qualification").order_by("expires_on", "pk")


class Certificate(models.Model):
    """That an instructor holds a qualification, until the end of a day or for good."""

    instructor = models.ForeignKey(Instructor, models.CASCADE, related_name="certificates")
    qualification = models.ForeignKey(
        Qualification, models.PROTECT, related_name="certificates", verbose_name=_("qualification")
    )
    expires_on = models.DateField(
        _("valid until"), null=True, blank=True, help_text=_("The last day; empty for one that does not expire.")
    )

    objects = CertificateQuerySet.as_manager()

    class Meta:
        verbose_name = _("certificate")
        verbose_name_plural = _("certificates")
        ordering = ["qualification__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["instructor", "qualification"],
                name="one_certificate_per_instructor_and_qualification",
                violation_error_message=_("This instructor holds that qualification already. Change its date instead."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.instructor}: {self.qualification}"

    @property
    def is_valid(self) -> bool:
        return self.expires_on is None or self.expires_on >= clock.clinic_today()


class TimeOffQuerySet(models.QuerySet["TimeOff"]):
    def to_come(self) -> "TimeOffQuerySet":
        """Times off that are not over."""
        return self.filter(ends_at__gt=clock.now())

    def overlapping(self, start: datetime, end: datetime) -> "TimeOffQuerySet":
        """Times off that cover any moment of [start, end)."""
        return self.filter(starts_at__lt=end, ends_at__gt=start)

    def plannable_by(self, user: User) -> "TimeOffQuerySet":
        """The times off that `user` may see and remove: a manager all, an instructor who teaches the own ones."""
        own = Q(instructor__user=user, instructor__is_active=True)
        return self if has_role(user, MANAGER) else self.filter(own)


class TimeOff(models.Model):
    """A time in which an instructor does not teach. `kept` are classes in it that are given nevertheless."""

    instructor = models.ForeignKey(Instructor, models.CASCADE, related_name="times_off", verbose_name=_("instructor"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    note = models.CharField(_("note"), max_length=200, blank=True)
    kept = models.ManyToManyField("scheduling.Slot", related_name="+", blank=True, editable=False)

    objects = TimeOffQuerySet.as_manager()

    class Meta:
        verbose_name = _("time off")
        verbose_name_plural = _("times off")
        ordering = ["starts_at", "id"]
        indexes = [models.Index(fields=["instructor", "ends_at"], name="times_off_by_end")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="time_off_ends_after_it_starts",
                violation_error_message=_("Time off ends after it begins. Please look at both times."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.instructor}: {self.when}"

    @property
    def when(self) -> str:
        return clock.format_span(self.starts_at, self.ends_at)


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
    qualifications = models.ManyToManyField(
        Qualification,
        related_name="class_types",
        blank=True,
        verbose_name=_("asks for"),
        help_text=_("Who teaches it needs all of these."),
    )

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
