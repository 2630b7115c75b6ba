"""What was changed about a slot: for the editor's history, for messages and for calendars."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from scheduling.models.slots import Slot


class SlotChange(models.Model):
    """One change of one slot, on the record: who made it, when, and what was before.

    `before` holds the old values of the changed fields (instants in ISO 8601, rows by their keys); what came after is
    the slot itself, or the next change. `tells` says whether booked patients are told of it. That a draft was published
    is a change; a class that is published from the start (by its series, a copy, an import) has none for it.
    """

    slot = models.ForeignKey(Slot, models.CASCADE, related_name="changes", db_index=False)
    revision = models.PositiveIntegerField()
    made_by = models.ForeignKey(User, models.SET_NULL, related_name="+", null=True, verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made"), default=clock.now, editable=False)
    before = models.JSONField(_("before"), default=dict)
    tells = models.BooleanField(_("booked patients are told"), default=False)

    class Meta:
        verbose_name = _("change of a slot")
        verbose_name_plural = _("changes of slots")
        default_permissions = ("view",)
        ordering = ["slot", "revision"]
        constraints = [
            models.UniqueConstraint(fields=["slot", "revision"], name="one_change_per_slot_and_revision"),
        ]

    def __str__(self) -> str:
        return f"{self.slot_id} → {self.revision}: {', '.join(self.before)}"
