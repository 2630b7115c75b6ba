"""The forms that ask when a class is copied to, and which week to which."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core import clock
from core.clock import AmbiguousWallTime, NonexistentWallTime
from core.errors import DomainError
from scheduling.forms import NOT_ON_OFFER
from scheduling.models import Instructor, Slot
from scheduling.operations import MOST_AHEAD, SlotInThePast, TooFarAhead
from scheduling.operations.copies import WEEK, monday_of
from scheduling.series_forms import DayField, WallTimeField, WhichOfTwoField


def _check_reach(day: date, first: date) -> date:
    """Refuse a day before `first`, or further ahead than classes are planned."""
    if day > clock.clinic_today() + MOST_AHEAD:
        raise ValidationError(str(TooFarAhead()))
    if day < first:
        raise ValidationError(str(SlotInThePast()))
    return day


class CopySlotForm(forms.Form):
    """The day and the wall time of the copy; a valid form has `starts_at` in its data."""

    day = DayField(label=_("Date"))
    wall_time = WallTimeField()
    fold = WhichOfTwoField()

    def __init__(self, data: Any = None, *, slot: Slot) -> None:
        start = clock.clinic_time(slot.starts_at)
        later = max(start.date() + WEEK, clock.clinic_today())
        super().__init__(data, initial={"day": later, "wall_time": start.time()})
        self.fields["wall_time"].label = _("Begins at (%(zone)s)") % {"zone": clock.zone_label()}
        self.asks_which = False

    def clean_day(self) -> date:
        return _check_reach(self.cleaned_data["day"], clock.clinic_today())

    def clean(self) -> dict[str, Any]:
        """Turn the wall time into an instant."""
        values = super().clean() or self.cleaned_data
        if {"day", "wall_time"} <= values.keys():
            try:
                values["starts_at"] = clock.instant_of(values["day"], values["wall_time"])
            except NonexistentWallTime as error:
                self.add_error("wall_time", ValidationError(str(error), code=error.code))
            except AmbiguousWallTime as error:
                self._ask_which(error, values)
        return values

    def refuse(self, error: DomainError) -> None:
        """Show why the domain refused."""
        beside = "day" if isinstance(error, (SlotInThePast, TooFarAhead)) else None
        self.add_error(beside, ValidationError(str(error), code=error.code))

    def _ask_which(self, error: AmbiguousWallTime, values: dict[str, Any]) -> None:
        self.asks_which = True
        field = self.fields["fold"]
        assert isinstance(field, WhichOfTwoField)
        field.ask(values["wall_time"])
        fold = values.get("fold")
        if fold is None:
            self.add_error("fold", ValidationError(str(error), code=error.code))
        else:
            values["starts_at"] = clock.instant_of(values["day"], values["wall_time"], fold=fold)


class CopyWeekForm(forms.Form):
    """A day of the week that is copied, and a day of the week that it is copied to; managers choose whose classes."""

    week = DayField(label=_("Copy the week of"), help_text=_("Any day of that week, Monday to Sunday."))
    to = DayField(label=_("To the week of"), help_text=_("Any day of that week. Classes keep their day and time."))
    instructor = forms.ModelChoiceField(
        label=_("Whose classes"),
        queryset=Instructor.objects.none(),
        required=False,
        empty_label=_("Everyone's"),
        error_messages={"invalid_choice": NOT_ON_OFFER},
    )
    publishes = forms.TypedChoiceField(
        label=_("The copies are"),
        widget=forms.RadioSelect,
        coerce=lambda value: value == "yes",
        initial="no",
        choices=[("no", _("Drafts, published one by one")), ("yes", _("Published at once, where the original is"))],
        error_messages={"required": _("Please choose who sees them."), "invalid_choice": NOT_ON_OFFER},
    )

    def __init__(self, *args: Any, instructor: Instructor | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["instructor"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Instructor.objects.filter(is_active=True)
        if instructor is not None:
            del self.fields["instructor"]
        self.given_instructor = instructor

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
        return _check_reach(self.cleaned_data["to"], monday_of(clock.clinic_today()))

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if {"week", "to"} <= values.keys() and monday_of(values["week"]) == monday_of(values["to"]):
            self.add_error("to", _("Both are the same week. Please choose another one."))
        return values
