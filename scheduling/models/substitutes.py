"""Asking colleagues to take over a class."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import INSTRUCTOR, MANAGER, has_role
from core import clock
from scheduling.models.slots import Slot
from scheduling.models.teaching import Instructor


class SubstituteRequestQuerySet(models.QuerySet["SubstituteRequest"]):
    def live(self) -> "SubstituteRequestQuerySet":
        """Requests that may still be accepted: open, for a class to come that the same instructor would teach."""
        wanted = self.filter(state=SubstituteRequest.State.OPEN, slot__starts_at__gt=clock.now())
        return wanted.exclude(slot__state=Slot.State.CANCELLED).filter(slot__instructor=F("instead_of"))

    def visible_to(self, user: User) -> "SubstituteRequestQuerySet":
        """A request concerns all who teach at present, and the managers. It names no patient."""
        if has_role(user, MANAGER):
            return self
        teaches = has_role(user, INSTRUCTOR) and Instructor.objects.teaching_as(user).exists()
        return self if teaches else self.none()

    def with_details(self) -> "SubstituteRequestQuerySet":
        """Requests with all that a page or a message about them names, in one query."""
        return self.select_related(
            "slot__class_type", "slot__instructor", "slot__room__location", "instead_of__user", "filled_by__user"
        )

    def withdraw(self) -> None:
        """Let none of these be accepted any more."""
        now = clock.now()
        self.filter(state=SubstituteRequest.State.OPEN).update(state=SubstituteRequest.State.WITHDRAWN, closed_at=now)

    def soonest_first(self) -> "SubstituteRequestQuerySet":
        return self.order_by("slot__starts_at", "pk")


class SubstituteRequest(models.Model):
    """That a slot needs a substitute: the first qualified and free colleague who accepts gets it."""

    class State(models.TextChoices):
        OPEN = "open", _("Looking for a substitute")
        FILLED = "filled", _("Substitute found")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    slot = models.ForeignKey(Slot, models.PROTECT, related_name="substitute_requests", verbose_name=_("slot"))
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("asked by"))
    instead_of = models.ForeignKey(Instructor, models.PROTECT, related_name="+", verbose_name=_("instead of"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    filled_by = models.ForeignKey(
        Instructor, models.PROTECT, related_name="substitutions", null=True, blank=True, verbose_name=_("substitute")
    )
    created_at = models.DateTimeField(_("asked"), default=clock.now, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    objects = SubstituteRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("substitute request")
        verbose_name_plural = _("substitute requests")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["slot"], condition=Q(state="open"), name="one_open_substitute_request_per_slot"
            ),
            models.CheckConstraint(
                condition=Q(state="filled", filled_by__isnull=False) | ~Q(state="filled") & Q(filled_by__isnull=True),
                name="a_filled_request_names_the_substitute",
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True) | ~Q(state="open") & Q(closed_at__isnull=False),
                name="a_closed_request_knows_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.slot_id}: {self.get_state_display()}"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def is_live(self) -> bool:
        """Whether a colleague may still accept it; `live` for a row that is loaded."""
        slot = self.slot
        return self.is_open and not (slot.is_cancelled or slot.has_started or slot.instructor_id != self.instead_of_id)
