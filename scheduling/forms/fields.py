"""The fields of which the forms here are made: days, times, figures, money, rooms; each with its own sentences."""

import re
from datetime import time
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core.money import NotAnAmount, format_money, parse_amount, plain_amount
from scheduling.models import HIGHEST_REVISION, Instructor, Room
from scheduling.operations import HIGHEST_PRICE, PriceTooHigh

BEYOND_ANY_PRICE = re.compile(r"[0-9]{10,}([.,][0-9]*)?")  # more digits than an amount may have: too high all the same
NOT_ON_OFFER = _("Please choose one from the list.")


class DayField(forms.DateField):
    """A day of the calendar."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            input_formats=["%Y-%m-%d"],
            error_messages={
                "required": _("Please choose the day."),
                "invalid": _("Please choose a day of the calendar."),
            },
            **options,
        )


class WallTimeField(forms.TimeField):
    """A time of the clinic's clocks, to the minute."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            widget=forms.TimeInput(format="%H:%M", attrs={"type": "time", "step": 300}),
            input_formats=["%H:%M"],
            error_messages={
                "required": _("Please say when the class begins."),
                "invalid": _("Please write the time as hours and minutes, such as 18:30."),
            },
            **options,
        )


class WhichOfTwoField(forms.TypedChoiceField):
    """Asks which of two equal wall times is meant, on the night on which the clocks are set back (PEP 495)."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Which of the two"),
            choices=[(0, "first"), (1, "second")],
            coerce=int,
            empty_value=None,
            required=False,
            widget=forms.RadioSelect,
        )

    def ask(self, wall_time: time) -> None:
        """Have it answered, in words that name the time."""
        words = {"time": f"{wall_time:%H:%M}"}
        self.required = True
        self.choices = [
            (0, _("The first %(time)s, before the clocks are set back") % words),
            (1, _("The second %(time)s, after the clocks are set back") % words),
        ]


class FigureField(forms.IntegerField):
    """A whole number between two limits; one sentence names both."""

    def __init__(self, *, least: int, most: int, **options: Any) -> None:
        sentence = _("Please enter a number from %(least)d to %(most)d.") % {"least": least, "most": most}
        messages = dict.fromkeys(("required", "min_value", "max_value", "invalid"), sentence)
        super().__init__(min_value=least, max_value=most, error_messages=messages, **options)


class RevisionField(forms.IntegerField):
    """The revision of a class that was on the page."""

    def __init__(self) -> None:
        super().__init__(min_value=0, max_value=HIGHEST_REVISION, widget=forms.HiddenInput)


class InstructorField(forms.ModelChoiceField):
    """One of those who teach at present."""

    def __init__(self, *, required_message: Any = None, **options: Any) -> None:
        messages = {"invalid_choice": NOT_ON_OFFER}
        if required_message:
            messages["required"] = required_message
        active = Instructor.objects.teaching()
        super().__init__(queryset=active, error_messages=messages, **{"label": _("Instructor"), **options})


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


class OnlineLinkField(forms.URLField):
    """The link under which people join on-line."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            label=_("Link to join on-line"),
            required=False,
            max_length=500,
            assume_scheme="https",
            help_text=_("Only patients with a confirmed place see it."),
            error_messages={
                "invalid": _("Please write the whole link, such as https://meet.example.org/back."),
                "max_length": _("This link is too long. Please use one of 500 characters at most."),
            },
            **options,
        )
