"""What Stripe was asked (CheckoutSession) and what Stripe told (StripeEvent): rows before and after every call."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import clock
from payments.models.orders import Order


class CheckoutSession(models.Model):
    """One hosted payment page for an order. Key and parameters are stored before Stripe is called."""

    class State(models.TextChoices):
        ASKED = "asked", _("Asked for")
        OPEN = "open", _("Open")
        COMPLETE = "complete", _("Complete")
        EXPIRED = "expired", _("Expired")
        FAILED = "failed", _("Payment failed")

    order = models.ForeignKey(Order, models.PROTECT, related_name="checkout_sessions")
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.ASKED)
    idempotency_key = models.UUIDField(unique=True, editable=False)
    params = models.JSONField(editable=False)
    stripe_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    url = models.URLField(max_length=2000, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("checkout session")
        verbose_name_plural = _("checkout sessions")
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=Q(state__in=["asked", "open"]), name="one_live_checkout_per_order"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["asked", "expired"]) | Q(stripe_id__isnull=False),
                name="an_open_checkout_knows_its_stripe_id",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stripe_id or self.idempotency_key}: {self.state}"


class StripeEventQuerySet(models.QuerySet["StripeEvent"]):
    def due(self) -> "StripeEventQuerySet":
        """Events that still have to be worked in: neither processed nor set aside for a person."""
        return self.filter(processed_at__isnull=True, quarantined="", next_try_at__lte=clock.now())

    def set_aside(self) -> "StripeEventQuerySet":
        """Events that do not match what was asked for, and that no person has dealt with yet."""
        return self.filter(~Q(quarantined=""), processed_at__isnull=True)


class StripeEvent(models.Model):
    """A fact that Stripe told us, without the payer. Processed once, whatever the order and number of deliveries."""

    stripe_id = models.CharField(max_length=255, unique=True)
    type = models.CharField(max_length=100)
    payload = models.JSONField()
    received_at = models.DateTimeField(default=clock.now, editable=False)
    processed_at = models.DateTimeField(null=True, blank=True)
    next_try_at = models.DateTimeField(default=clock.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    quarantined = models.CharField(
        _("set aside because"), max_length=500, blank=True, help_text=_("A person has to look at it.")
    )
    error = models.CharField(max_length=500, blank=True)

    objects = StripeEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("Stripe event")
        verbose_name_plural = _("Stripe events")
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=Q(processed_at__isnull=True, quarantined=""),
                name="stripe_events_to_process",
            ),
            models.Index(
                fields=["-id"],
                condition=~Q(quarantined="") & Q(processed_at__isnull=True),
                name="stripe_events_set_aside",
            ),
            models.Index(fields=["type", "-id"], name="stripe_events_by_type"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.stripe_id}"


class Reconciliation(models.Model):
    """When Stripe was last asked for its events and answered to the end: one row, from which the next look starts."""

    THE_ONLY: ClassVar[int] = 1

    id = models.SmallIntegerField(primary_key=True, default=THE_ONLY, editable=False)
    looked_at = models.DateTimeField(_("last look"))

    class Meta:
        verbose_name = _("reconciliation with Stripe")
        verbose_name_plural = _("reconciliations with Stripe")
        default_permissions = ()

    def __str__(self) -> str:
        return f"last look: {self.looked_at}"
