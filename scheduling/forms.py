"""The form in which a class is planned, and the field in which money is typed."""

import re
from datetime import date, time
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core import clock
from core.clock import AmbiguousWallTime, NonexistentWallTime, instant_of
from core.errors import DomainError
from core.money import NotAnAmount, format_money, parse_amount, plain_amount
from scheduling.models import ClassType, Instructor, Room, Slot
from scheduling.operations import (
    HIGHEST_PRICE,
    MOST_AHEAD,
    InstructorIsTeaching,
    PriceTooHigh,
    PriceTooLow,
    RoomIsTaken,
    RoomTooSmall,
    SlotInThePast,
    TooFarAhead,
)

MOST_PLACES = 500
LEAST_MINUTES, MOST_MINUTES = 5, 600
BEYOND_ANY_PRICE = re.compile(r"[0-9]{10,}([.,][0-9]*)?")  # more digits than an amount may have: too high all the same
NOT_ON_OFFER = _("Please choose one from the list.")


def _figure_errors(message: Any) -> dict[str, Any]:
    """One sentence for a whole number that is too small, too large or no number; it names both limits."""
    return {"min_value": message, "max_value": message, "invalid": message}


class MoneyField(forms.Field):
    """An amount typed as `18`, `18.00` or `18,00`; its value is an integer in the currency's smallest unit."""

    widget = forms.TextInput
    default_error_messages = {"too_high": PriceTooHigh.message}

    def __init__(self, *, currency: str = "", highest: int = HIGHEST_PRICE, **options: Any) -> None:
        super().__init__(**options)
        self.currency = currency or settings.CLINIC_CURRENCY
        self.highest = highest

    def widget_attrs(self, widget: forms.Widget) -> dict[str, str]:
        return {"inputmode": "decimal", "autocomplete": "off"}

    def prepare_value(self, value: Any) -> Any:
        return plain_amount(value, self.currency) if isinstance(value, int) else value

    def to_python(self, value: Any) -> int | None:
        if value is None or isinstance(value, int):
            return value
        if not value.strip():
            return None
        if BEYOND_ANY_PRICE.fullmatch(value.strip()):
            raise self._too_high()
        try:
            amount = parse_amount(value, self.currency)
        except NotAnAmount as error:
            raise ValidationError(str(error), code=error.code) from error
        if amount > self.highest:
            raise self._too_high()
        return amount

    def _too_high(self) -> ValidationError:
        most = format_money(self.highest, self.currency)
        return ValidationError(self.error_messages["too_high"], code="too_high", params={"most": most})


class ClassTypeSelect(forms.Select):
    """Each choice carries the length, capacity and price of its class type, for frontend/js/class_defaults.js."""

    def create_option(self, name: str, value: Any, *args: Any, **options: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **options)
        class_type = getattr(value, "instance", None)
        if class_type is not None:
            option["attrs"] |= {
                "data-minutes": class_type.minutes,
                "data-capacity": class_type.capacity,
                "data-price": plain_amount(class_type.price, settings.CLINIC_CURRENCY),
            }
        return option


class RoomField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Room) -> str:
        return str(_("%(room)s (%(size)s mats)") % {"room": obj, "size": obj.size})


class SlotForm(forms.Form):
    """When, where and what; empty figures mean those of the class type.

    Without `instructor`, the form asks who teaches. The domain's refusals become errors beside the field that they are
    about (`refuse`). The question which of two equal wall times is meant appears only when there are two.
    """

    REFUSED_BESIDE: ClassVar[dict[type[DomainError], str]] = {
        InstructorIsTeaching: "wall_time",
        RoomIsTaken: "room",
        RoomTooSmall: "capacity",
        PriceTooLow: "price",
        PriceTooHigh: "price",
        TooFarAhead: "day",
        SlotInThePast: "day",
    }

    instructor = forms.ModelChoiceField(
        label=_("Instructor"),
        queryset=Instructor.objects.none(),
        empty_label=_("Please choose"),
        error_messages={"required": _("Please choose who teaches."), "invalid_choice": NOT_ON_OFFER},
    )
    class_type = forms.ModelChoiceField(
        label=_("Class type"),
        queryset=ClassType.objects.none(),
        empty_label=_("Please choose"),
        widget=ClassTypeSelect(attrs={"x-on:change": "fill"}),
        error_messages={"required": _("Please choose what is taught."), "invalid_choice": NOT_ON_OFFER},
    )
    day = forms.DateField(
        label=_("Date"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        input_formats=["%Y-%m-%d"],
        error_messages={"required": _("Please choose the day."), "invalid": _("Please choose a day of the calendar.")},
    )
    wall_time = forms.TimeField(
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time", "step": 300}),
        input_formats=["%H:%M"],
        error_messages={
            "required": _("Please say when the class begins."),
            "invalid": _("Please write the time as hours and minutes, such as 18:30."),
        },
    )
    fold = forms.TypedChoiceField(
        label=_("Which of the two"),
        choices=[(0, "first"), (1, "second")],
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )
    room = RoomField(
        label=_("Room"),
        queryset=Room.objects.none(),
        empty_label=_("Please choose"),
        error_messages={"required": _("Please choose a room."), "invalid_choice": NOT_ON_OFFER},
    )
    minutes = forms.IntegerField(
        label=_("Minutes"),
        required=False,
        min_value=LEAST_MINUTES,
        max_value=MOST_MINUTES,
        error_messages=_figure_errors(_("Please enter a number from 5 to 600.")),
    )
    capacity = forms.IntegerField(
        label=_("Places"),
        required=False,
        min_value=1,
        max_value=MOST_PLACES,
        error_messages=_figure_errors(_("Please enter a number from 1 to 500.")),
    )
    price = MoneyField(required=False)

    def __init__(
        self, *args: Any, instructor: Instructor | None = None, slot: Slot | None = None, **options: Any
    ) -> None:
        if slot is not None:
            options["initial"] = _values_of(slot)
        super().__init__(*args, **options)
        self._offer("class_type", _offered_class_types(slot))
        self._offer("room", Room.objects.select_related("location"))
        self.fields["price"].label = _("Price in %(currency)s") % {"currency": settings.CLINIC_CURRENCY.upper()}
        self.fields["wall_time"].label = _("Begins at (%(zone)s)") % {"zone": clock.zone_label()}
        today = clock.clinic_today()
        self.fields["day"].widget.attrs |= {"min": today.isoformat(), "max": (today + MOST_AHEAD).isoformat()}
        if instructor is None:
            self._offer("instructor", Instructor.objects.filter(is_active=True))
        else:
            del self.fields["instructor"]
        self.given_instructor = instructor
        self.asks_which = False

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if day > clock.clinic_today() + MOST_AHEAD:
            raise ValidationError(str(TooFarAhead()))
        if day < clock.clinic_today():
            raise ValidationError(str(SlotInThePast()))
        return day

    def clean(self) -> dict[str, Any]:
        """Turn the wall time into an instant, and fill in the class type's figures."""
        values = super().clean() or self.cleaned_data
        if "class_type" in values:
            for figure in ("minutes", "capacity", "price"):
                if figure in values and values[figure] is None:
                    values[figure] = getattr(values["class_type"], figure)
        if {"day", "wall_time", "fold"} <= values.keys():
            self._find_instant(values["day"], values["wall_time"], values["fold"])
        return values

    def refuse(self, error: DomainError) -> None:
        """Show why the domain refused, beside the field that it is about."""
        field = self.REFUSED_BESIDE.get(type(error))
        if isinstance(error, InstructorIsTeaching) and self.given_instructor is None:
            field = "instructor"
        self.add_error(field, ValidationError(str(error), code=error.code))

    def plan(self) -> dict[str, Any]:
        """What `draft_slot` and `edit_draft` take, but for the instructor."""
        return {
            name: self.cleaned_data[name]
            for name in ("class_type", "room", "starts_at", "minutes", "capacity", "price")
        }

    def missing(self) -> list[Any]:
        """The labels of the fields for which there is nothing to choose yet."""
        choices = [(field.label, field) for field in self.fields.values() if isinstance(field, forms.ModelChoiceField)]
        return [label for label, field in choices if field.queryset is not None and not field.queryset.exists()]

    def teacher(self) -> Instructor:
        """Who teaches: the given instructor, or the chosen one."""
        return self.given_instructor or self.cleaned_data["instructor"]

    def _offer(self, name: str, rows: QuerySet[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = rows

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
        words = {"time": f"{wall:%H:%M}"}
        field = self.fields["fold"]
        assert isinstance(field, forms.ChoiceField)
        field.required = True
        field.choices = [
            (0, _("The first %(time)s, before the clocks are set back") % words),
            (1, _("The second %(time)s, after the clocks are set back") % words),
        ]


def _values_of(slot: Slot) -> dict[str, Any]:
    """What the form shows for a draft."""
    start = clock.clinic_time(slot.starts_at)
    return {
        "class_type": slot.class_type_id,
        "day": start.date(),
        "wall_time": start.time(),
        "fold": start.fold,
        "room": slot.room_id,
        "minutes": int(slot.duration.total_seconds()) // 60,
        "capacity": slot.capacity,
        "price": slot.price,
    }


def _offered_class_types(slot: Slot | None) -> QuerySet[ClassType]:
    """Those taught at present, and the one that a draft has already."""
    return ClassType.objects.filter(Q(is_active=True) | Q(pk=slot.class_type_id if slot else None))
