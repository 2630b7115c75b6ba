"""Private addresses of calendar feeds."""

from hashlib import sha256

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import MANAGER, has_role
from core import clock
from scheduling.models.houses import Location
from scheduling.models.teaching import Instructor


class FeedTokenQuerySet(models.QuerySet["FeedToken"]):
    def live(self) -> "FeedTokenQuerySet":
        """Those that were not revoked."""
        return self.filter(revoked_at=None)

    def opened_by(self, token: str) -> "FeedTokenQuerySet":
        """The feed that a token opens: nothing once it is revoked, or its instructor has left."""
        teaches = Q(instructor__is_active=True, instructor__user__is_active=True)
        return self.live().filter(Q(location__isnull=False) | teaches, token_hash=FeedToken.hash_of(token))

    def managed_by(self, user: User) -> "FeedTokenQuerySet":
        """The addresses that `user` may end: a manager all, an instructor the own ones."""
        return self if has_role(user, MANAGER) else self.filter(instructor__user=user)


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

    objects = FeedTokenQuerySet.as_manager()

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

    @staticmethod
    def hash_of(token: str) -> str:
        """What is kept of a token. A plain hash is enough: nobody guesses 128 random bits."""
        return sha256(token.encode()).hexdigest()
