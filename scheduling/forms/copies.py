"""The forms that ask when a class is copied to, and which week to which."""

from datetime import date
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core import clock
from core.clock import WEEK, monday_of
from core.errors import DomainError
from scheduling.forms.fields import NOT_ON_OFFER, DayField, InstructorField
from scheduling.forms.plan import GivenInstructorForm, MomentForm, day_ahead
from scheduling.models import Instructor, Slot
from scheduling.operations import MOST_AHEAD, SlotInThePast, TooFarAhead


class CopySlotForm(MomentForm):
    """The day and the wall time of the copy."""

    REFUSED_BESIDE: ClassVar[dict[type[DomainError], str]] = {SlotInThePast: "day", TooFarAhead: "day"}

    def __init__(self, data: Any = None, *, slot: Slot) -> None:
        start = clock.clinic_time(slot.starts_at)
        later = max(start.date() + WEEK, clock.clinic_today())
        super().__init__(data, initial={"day": later, "wall_time": start.time()})


class CopyWeekForm(GivenInstructorForm):
    """A day of the week that is copied, and a day of the week that it is copied to; managers choose whose classes."""

    week = DayField(label=_("Copy the week of"), help_text=_("Any day of that week, Monday to Sunday."))
    to = DayField(label=_("To the week of"), help_text=_("Any day of that week. Classes keep their day and time."))
    instructor = InstructorField(label=_("Whose classes"), required=False, empty_label=_("Everyone's"))
    publishes = forms.TypedChoiceField(
        label=_("The copies are"),
        widget=forms.RadioSelect,
        coerce=lambda value: value == "yes",
        initial="no",
        choices=[("no", _("Drafts, published afterwards")), ("yes", _("Published at once, where the original is"))],
        error_messages={"required": _("Please choose who sees them."), "invalid_choice": NOT_ON_OFFER},
    )

    @property
    def whose(self) -> Instructor | None:
        """Whose classes are copied; None means everyone's."""
        return self.given_instructor or self.cleaned_data["instructor"]

    def clean_week(self) -> date:
        day: date = self.cleaned_data["week"]
        today = clock.clinic_today()
        if not today - MOST_AHEAD <= day <= today + MOST_AHEAD:
            raise ValidationError(_("Please choose a day within two years from today."))
        return day

    def clean_to(self) -> date:
        return day_ahead(self.cleaned_data["to"], first=monday_of(clock.clinic_today()))

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if {"week", "to"} <= values.keys() and monday_of(values["week"]) == monday_of(values["to"]):
            self.add_error("to", _("Both are the same week. Please choose another one."))
        return values
