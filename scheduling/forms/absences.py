"""The forms for closures and times off: whole days, unless hours are given."""

from datetime import date, datetime, time
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core import clock
from core.clock import NonexistentWallTime, instant_of
from core.errors import DomainError
from scheduling.forms.fields import NOT_ON_OFFER, DayField, InstructorField, WallTimeField
from scheduling.forms.plan import GivenInstructorForm, RefusingForm
from scheduling.models import Location, Room
from scheduling.operations import MOST_AHEAD, AlreadyOver, EndsBeforeItBegins, TooFarAhead

WHOLE_CLINIC = "clinic"


class AbsenceForm(RefusingForm):
    """From when until when, on the clinic's clock. Where that happens twice at night, the longer time is meant."""

    REFUSED_BESIDE: ClassVar[dict[type[DomainError], str]] = {
        EndsBeforeItBegins: "last_day",
        AlreadyOver: "last_day",
        TooFarAhead: "last_day",
    }

    first_day = DayField(label=_("First day"))
    last_day = DayField(label=_("Last day"), required=False)
    begins = WallTimeField(required=False)
    ends = WallTimeField(required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        zone = {"zone": clock.zone_label()}
        self.fields["begins"].label = _("From (%(zone)s)") % zone
        self.fields["ends"].label = _("Until (%(zone)s)") % zone
        latest = (clock.clinic_today() + MOST_AHEAD).isoformat()
        for name in ("first_day", "last_day"):
            self.fields[name].widget.attrs["max"] = latest

    def clean_first_day(self) -> date:
        return _in_reach(self.cleaned_data["first_day"])

    def clean_last_day(self) -> date | None:
        day: date | None = self.cleaned_data["last_day"]
        return day and _in_reach(day)

    def clean(self) -> dict[str, Any]:
        """Turn days and wall times into two instants."""
        values = super().clean() or self.cleaned_data
        if not self.errors:
            last_day = values["last_day"] or values["first_day"]
            values["starts_at"] = self._instant("begins", values["first_day"], values["begins"])
            values["ends_at"] = self._instant("ends", last_day, values["ends"])
        return values

    def times(self) -> dict[str, datetime]:
        """What the operations take."""
        return {name: self.cleaned_data[name] for name in ("starts_at", "ends_at")}

    def _instant(self, name: str, day: date, wall: time | None) -> datetime | None:
        is_end = name == "ends"
        if wall is None:
            return clock.day_bounds(day)[int(is_end)]
        try:
            return instant_of(day, wall, fold=int(is_end))
        except NonexistentWallTime as error:
            self.add_error(name, ValidationError(str(error), code=error.code))
            return None


class ClosureForm(AbsenceForm):
    place = forms.ChoiceField(
        label=_("What is closed"),
        error_messages={"required": _("Please choose what is closed."), "invalid_choice": NOT_ON_OFFER},
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("Patients whose class is cancelled for it are told this."),
        error_messages={"required": _("Please write why, in a few words such as “New Year”.")},
    )
    field_order = ["place", "first_day", "last_day", "begins", "ends", "reason"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._places: dict[str, Location | Room] = {}
        places: list[Location | Room] = [*Location.objects.all(), *Room.objects.select_related("location")]
        for place in places:
            self._places[f"{place._meta.model_name}-{place.pk}"] = place
        field = self.fields["place"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (WHOLE_CLINIC, _("The whole clinic")),
            (_("A location"), self._choices(Location)),
            (_("A room"), self._choices(Room)),
        ]

    def closes(self) -> Location | Room | None:
        """What is closed; None is the whole clinic."""
        return self._places.get(self.cleaned_data["place"])

    def _choices(self, model: type[Location | Room]) -> list[tuple[str, str]]:
        return [(key, str(place)) for key, place in self._places.items() if isinstance(place, model)]


class TimeOffForm(GivenInstructorForm, AbsenceForm):
    instructor = InstructorField(empty_label=_("Please choose"), required_message=_("Please choose who is away."))
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=200,
        help_text=_("For the managers. Patients never see it; please write nothing about your health."),
    )
    field_order = ["instructor", "first_day", "last_day", "begins", "ends", "note"]


def _in_reach(day: date) -> date:
    today = clock.clinic_today()
    if day > today + MOST_AHEAD:
        raise ValidationError(str(TooFarAhead()), code=TooFarAhead.code)
    if day < today - MOST_AHEAD:
        raise ValidationError(str(AlreadyOver()), code=AlreadyOver.code)
    return day
