"""Private addresses of calendar feeds."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from scheduling.models.houses import Location
from scheduling.models.teaching import Instructor


class FeedToken(models.Model):
    """The right to read one calendar feed without signing in: an instructor's own classes, or a location's.

    Only the hash of the token is kept (SHA-256 of 128 random bits), so nobody can read an address out of the database.
    """

    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    instructor = models.ForeignKey(
        Instructor, models.CASCADE, related_name="feed_tokens", null=True, blank=True, verbose_name=_("instructor")
    )
    location = models.ForeignKey(
        Location, models.CASCADE, related_name="feed_tokens", null=True, blank=True, verbose_name=_("location")
    )
    created_by = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name=_("made by"))
    created_at = models.DateTimeField(_("made"), default=clock.now, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("feed address")
        verbose_name_plural = _("feed addresses")
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                condition=Q(instructor__isnull=False, location__isnull=True)
                | Q(instructor__isnull=True, location__isnull=False),
                name="a_feed_shows_an_instructor_or_a_location",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.instructor or self.location}"
