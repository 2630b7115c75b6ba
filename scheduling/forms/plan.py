"""What the forms that plan something have in common: what is taught and by whom, and when it begins."""

from datetime import date, time
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core import clock
from core.clock import AmbiguousWallTime, NonexistentWallTime, instant_of
from core.errors import DomainError
from scheduling.forms.fields import (
    NOT_ON_OFFER,
    ClassTypeSelect,
    DayField,
    FigureField,
    InstructorField,
    MoneyField,
    OnlineLinkField,
    RoomField,
    WallTimeField,
    WhichOfTwoField,
)
from scheduling.models import ClassType, Instructor, Room
from scheduling.operations import (
    LEAST_MINUTES,
    MOST_AHEAD,
    MOST_MINUTES,
    MOST_PLACES,
    InstructorHasLeft,
    InstructorIsTeaching,
    LengthOutOfRange,
    NeedsRoomOrLink,
    PlacesOutOfRange,
    PriceTooHigh,
    PriceTooLow,
    RoomTooSmall,
    SlotInThePast,
    TooFarAhead,
)


def day_ahead(day: date, *, first: date | None = None) -> date:
    """A day on which something can be planned: from `first` (today) on. Raises ValidationError."""
    if day > clock.clinic_today() + MOST_AHEAD:
        raise ValidationError(str(TooFarAhead()))
    if day < (first or clock.clinic_today()):
        raise ValidationError(str(SlotInThePast()))
    return day


class RefusingForm(forms.Form):
    """A form that shows why the domain refused, beside the field that it is about (REFUSED_BESIDE) or above all."""

    REFUSED_BESIDE: ClassVar[dict[type[DomainError], str]] = {}

    def refuse(self, error: DomainError) -> None:
        """Show the refusal."""
        field = self.REFUSED_BESIDE.get(type(error))
        self.add_error(field if field in self.fields else None, ValidationError(str(error), code=error.code))


class GivenInstructorForm(forms.Form):
    """A form with the field `instructor`, which is asked only where none is given."""

    def __init__(self, *args: Any, instructor: Instructor | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.given_instructor = instructor
        if instructor is not None:
            del self.fields["instructor"]

    def teacher(self) -> Instructor:
        """The given instructor, or the chosen one."""
        return self.given_instructor or self.cleaned_data["instructor"]


class PlanForm(GivenInstructorForm, RefusingForm):
    """What is taught and by whom; empty figures mean those of the class type."""

    REFUSED_BESIDE: ClassVar[dict[type[DomainError], str]] = {
        InstructorHasLeft: "instructor",
        LengthOutOfRange: "minutes",
        PlacesOutOfRange: "capacity",
        PriceTooHigh: "price",
        PriceTooLow: "price",
        RoomTooSmall: "capacity",
    }

    instructor = InstructorField(empty_label=_("Please choose"), required_message=_("Please choose who teaches."))
    class_type = forms.ModelChoiceField(
        label=_("Class type"),
        queryset=ClassType.objects.filter(is_active=True),
        empty_label=_("Please choose"),
        widget=ClassTypeSelect(attrs={"x-on:change": "fill"}),
        error_messages={"required": _("Please choose what is taught."), "invalid_choice": NOT_ON_OFFER},
    )
    minutes = FigureField(label=_("Minutes"), least=LEAST_MINUTES, most=MOST_MINUTES, required=False)
    capacity = FigureField(label=_("Places"), least=1, most=MOST_PLACES, required=False)
    price = MoneyField(required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["price"].label = _("Price in %(currency)s") % {"currency": settings.CLINIC_CURRENCY.upper()}

    def clean(self) -> dict[str, Any]:
        """Fill in the class type's figures."""
        values = super().clean() or self.cleaned_data
        if "class_type" in values:
            for figure in ("minutes", "capacity", "price"):
                if figure in values and values[figure] is None:
                    values[figure] = getattr(values["class_type"], figure)
        return values

    def refuse(self, error: DomainError) -> None:
        """Show the refusal; that somebody teaches elsewhere, beside the instructor where one can be chosen."""
        if isinstance(error, InstructorIsTeaching) and "instructor" in self.fields:
            self.add_error("instructor", ValidationError(str(error), code=error.code))
        else:
            super().refuse(error)

    def missing(self) -> list[Any]:
        """The labels of the fields for which there must be something to choose, and is nothing yet."""
        choices = [field for field in self.fields.values() if isinstance(field, forms.ModelChoiceField)]
        needed = [(field.label, field.queryset) for field in choices if field.required]
        return [label for label, rows in needed if rows is not None and not rows.exists()]

    def _offer(self, name: str, rows: QuerySet[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = rows


class PlaceForm(RefusingForm):
    """Where something takes place: in a room, on-line, or both."""

    REFUSED_BESIDE: ClassVar[dict[type[DomainError], str]] = {NeedsRoomOrLink: "room"}

    room = RoomField(
        label=_("Room"),
        queryset=Room.objects.select_related("location"),
        required=False,
        empty_label=_("None: on-line"),
        error_messages={"invalid_choice": NOT_ON_OFFER},
    )
    online_link = OnlineLinkField()

    def clean(self) -> dict[str, Any]:
        """See that people will know where to go."""
        values = super().clean() or self.cleaned_data
        if {"room", "online_link"} <= values.keys() and not values["room"] and not values["online_link"]:
            self.refuse(NeedsRoomOrLink())
        return values


class MomentForm(RefusingForm):
    """When something begins; a valid form has `starts_at` in its data.

    The question which of two equal wall times is meant appears only when there are two.
    """

    day = DayField(label=_("Date"))
    wall_time = WallTimeField()
    fold = WhichOfTwoField()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["wall_time"].label = _("Begins at (%(zone)s)") % {"zone": clock.zone_label()}
        self.asks_which = False

    def clean_day(self) -> date:
        return day_ahead(self.cleaned_data["day"])

    def clean(self) -> dict[str, Any]:
        """Turn the wall time into an instant."""
        values = super().clean() or self.cleaned_data
        if {"day", "wall_time", "fold"} <= values.keys():
            self._find_instant(values["day"], values["wall_time"], values["fold"])
        return values

    def _find_instant(self, day: date, wall: time, fold: int | None) -> None:
        try:
            starts_at = instant_of(day, wall)
        except NonexistentWallTime as error:
            return self.add_error("wall_time", ValidationError(str(error), code=error.code))
        except AmbiguousWallTime as error:
            self._ask_which(wall)
            if fold is None:
                return self.add_error("fold", ValidationError(str(error), code=error.code))
            starts_at = instant_of(day, wall, fold=fold)
        self.cleaned_data["starts_at"] = starts_at
        return None

    def _ask_which(self, wall: time) -> None:
        self.asks_which = True
        field = self.fields["fold"]
        assert isinstance(field, WhichOfTwoField)
        field.ask(wall)
