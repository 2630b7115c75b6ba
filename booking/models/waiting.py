"""The waiting list of a slot; an offer is an entry to which a freed place is offered for a time."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Patient
from core import clock
from scheduling.models import Slot


class WaitingListEntry(models.Model):
    """One patient's turn in the queue for one slot: first come, first served."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        OFFERED = "offered", _("Place offered")
        ACCEPTED = "accepted", _("Accepted")
        LAPSED = "lapsed", _("Offer lapsed")
        LEFT = "left", _("Left the list")

    slot = models.ForeignKey(Slot, models.PROTECT, related_name="waiting_list")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="waiting_list_entries")
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    joined_at = models.DateTimeField(_("joined"), default=clock.now, editable=False)
    offer_expires_at = models.DateTimeField(_("offer ends"), null=True, blank=True)

    class Meta:
        verbose_name = _("waiting list entry")
        verbose_name_plural = _("waiting list")
        ordering = ["joined_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["slot", "patient"],
                condition=Q(state__in=["waiting", "offered"]),
                name="one_turn_per_patient_and_slot",
            ),
            models.CheckConstraint(
                condition=~Q(state="offered") | Q(offer_expires_at__isnull=False), name="an_offer_has_an_end"
            ),
        ]
        indexes = [
            models.Index(
                fields=["slot", "joined_at", "id"], condition=Q(state="waiting"), name="waiting_list_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.slot_id}: {self.state}"
