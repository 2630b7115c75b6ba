"""The form in which a series is planned; it builds the recurrence rule, so that nobody has to write one."""

from datetime import date
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from core import clock
from core.clock import AmbiguousWallTime
from core.errors import DomainError
from scheduling.forms import LEAST_MINUTES, MOST_MINUTES, MOST_PLACES, NOT_ON_OFFER, ClassTypeSelect, MoneyField
from scheduling.forms import RoomField as MatsField
from scheduling.models import ClassType, Instructor, Room, Series
from scheduling.operations import (
    MOST_AHEAD,
    InstructorHasLeft,
    NeedsRoomOrLink,
    NoDays,
    PriceTooHigh,
    PriceTooLow,
    RoomTooSmall,
    SlotInThePast,
    TooFarAhead,
)
from scheduling.rules import daily_rule, monthly_rule, weekly_rule

MOST_TIMES = 200
MOST_WEEKS_BETWEEN = 12


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

    def ask(self, wall_time: Any) -> None:
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


class SeriesForm(forms.Form):
    """What is taught, where, from when on and how often; `series` is the unsaved series.

    Empty figures mean those of the class type. Without `instructor`, the form asks who teaches. Which of two equal
    wall times is meant is asked only where a night within reach has two.
    """

    WEEKLY, MONTHLY, DAILY = "weekly", "monthly", "daily"
    NEVER, ON_DAY, AFTER = "never", "day", "times"
    REFUSED_BESIDE: ClassVar[dict[type[DomainError], str]] = {
        InstructorHasLeft: "instructor",
        NeedsRoomOrLink: "room",
        NoDays: "starts_on",
        PriceTooHigh: "price",
        PriceTooLow: "price",
        RoomTooSmall: "capacity",
        SlotInThePast: "starts_on",
        TooFarAhead: "starts_on",
    }

    class_type = forms.ModelChoiceField(
        label=_("Class type"),
        queryset=ClassType.objects.none(),
        empty_label=_("Please choose"),
        widget=ClassTypeSelect(attrs={"x-on:change": "fill"}),
        error_messages={"required": _("Please choose what is taught."), "invalid_choice": NOT_ON_OFFER},
    )
    instructor = forms.ModelChoiceField(
        label=_("Instructor"),
        queryset=Instructor.objects.none(),
        empty_label=_("Please choose"),
        error_messages={"required": _("Please choose who teaches."), "invalid_choice": NOT_ON_OFFER},
    )
    room = MatsField(
        label=_("Room"),
        queryset=Room.objects.none(),
        required=False,
        empty_label=_("None: on-line"),
        error_messages={"invalid_choice": NOT_ON_OFFER},
    )
    online_link = forms.URLField(
        label=_("Link to join on-line"),
        required=False,
        max_length=500,
        assume_scheme="https",
        help_text=_("Only booked patients see it."),
        error_messages={"invalid": _("Please copy the whole link, such as https://meet.example.org/back.")},
    )
    starts_on = DayField(label=_("First day"))
    wall_time = WallTimeField()
    fold = WhichOfTwoField()
    repeats = forms.ChoiceField(
        label=_("Repeats"),
        widget=forms.RadioSelect,
        initial=WEEKLY,
        choices=[
            (WEEKLY, _("Every week, or every few weeks")),
            (MONTHLY, _("Every month, on the same weekday as the first day (such as the second Tuesday)")),
            (DAILY, _("Every day")),
        ],
        error_messages={"required": _("Please choose how it repeats."), "invalid_choice": NOT_ON_OFFER},
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=_("On these days"),
        required=False,
        coerce=int,
        choices=list(WEEKDAYS.items()),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Choose none, and it is the weekday of the first day."),
        error_messages={"invalid_choice": NOT_ON_OFFER},
    )
    every = FigureField(
        label=_("Every how many weeks"),
        least=1,
        most=MOST_WEEKS_BETWEEN,
        required=False,
        initial=1,
        help_text=_("1 is every week, 2 every other week."),
    )
    ends = forms.ChoiceField(
        label=_("Ends"),
        widget=forms.RadioSelect,
        initial=NEVER,
        choices=[(NEVER, _("Never")), (ON_DAY, _("On a day")), (AFTER, _("After a number of times"))],
        error_messages={"required": _("Please choose when it ends."), "invalid_choice": NOT_ON_OFFER},
    )
    ends_on = DayField(label=_("Last day"), required=False)
    times = FigureField(label=_("How many times"), least=1, most=MOST_TIMES, required=False)
    minutes = FigureField(label=_("Minutes"), least=LEAST_MINUTES, most=MOST_MINUTES, required=False)
    capacity = FigureField(label=_("Places"), least=1, most=MOST_PLACES, required=False)
    price = MoneyField(required=False)
    publishes = forms.TypedChoiceField(
        label=_("Who sees the classes"),
        widget=forms.RadioSelect,
        coerce=lambda value: value == "yes",
        initial="yes",
        choices=[("yes", _("Everybody: publish them at once")), ("no", _("Staff only: drafts, published one by one"))],
        error_messages={"required": _("Please choose who sees them."), "invalid_choice": NOT_ON_OFFER},
    )

    def __init__(self, *args: Any, instructor: Instructor | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self._offer("class_type", ClassType.objects.filter(is_active=True))
        self._offer("room", Room.objects.select_related("location"))
        if instructor is None:
            self._offer("instructor", Instructor.objects.filter(is_active=True))
        else:
            del self.fields["instructor"]
        self.given_instructor = instructor
        self.asks_which = False
        self.fields["price"].label = _("Price in %(currency)s") % {"currency": settings.CLINIC_CURRENCY.upper()}
        self.fields["wall_time"].label = _("Begins at (%(zone)s)") % {"zone": clock.zone_label()}
        today = clock.clinic_today()
        for name in ("starts_on", "ends_on"):
            self.fields[name].widget.attrs["min"] = today.isoformat()
        self.fields["starts_on"].widget.attrs["max"] = (today + MOST_AHEAD).isoformat()

    @property
    def series(self) -> Series:
        """The series that a valid form describes; not saved."""
        values = self.cleaned_data
        return Series(
            instructor=self.given_instructor or values["instructor"],
            ends_on=values["ends_on"] if values["ends"] == self.ON_DAY else None,
            recurrence=self._recurrence(),
            time_zone=settings.CLINIC_TIME_ZONE,
            **{name: values[name] for name in ("class_type", "room", "online_link", "starts_on", "wall_time", "fold")},
            **{name: values[name] for name in ("minutes", "capacity", "price", "publishes")},
        )

    def clean_starts_on(self) -> date:
        day: date = self.cleaned_data["starts_on"]
        if day > clock.clinic_today() + MOST_AHEAD:
            raise ValidationError(str(TooFarAhead()))
        if day < clock.clinic_today():
            raise ValidationError(str(SlotInThePast()))
        return day

    def clean(self) -> dict[str, Any]:
        """Fill in the class type's figures, see that the end is given, and ask which of two equal times is meant."""
        values = super().clean() or self.cleaned_data
        if "class_type" in values:
            for figure in ("minutes", "capacity", "price"):
                if figure in values and values[figure] is None:
                    values[figure] = getattr(values["class_type"], figure)
        if {"room", "online_link"} <= values.keys() and not values["room"] and not values["online_link"]:
            self.refuse(NeedsRoomOrLink())
        self._check_end(values)
        if not self.errors:
            self._ask_which()
        return values

    def refuse(self, error: DomainError) -> None:
        """Show why the domain refused, beside the field that it is about."""
        field = self.REFUSED_BESIDE.get(type(error))
        self.add_error(field if field in self.fields else None, ValidationError(str(error), code=error.code))

    def missing(self) -> list[Any]:
        """The labels of the fields for which there is nothing to choose yet."""
        needed = [self.fields[name] for name in ("class_type", "instructor") if name in self.fields]
        choices = [field for field in needed if isinstance(field, forms.ModelChoiceField)]
        return [field.label for field in choices if field.queryset is not None and not field.queryset.exists()]

    def _offer(self, name: str, rows: QuerySet[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = rows

    def _recurrence(self) -> str:
        values = self.cleaned_data
        times = values["times"] if values["ends"] == self.AFTER else None
        first: date = values["starts_on"]
        if values["repeats"] == self.MONTHLY:
            return monthly_rule(first, times=times)
        if values["repeats"] == self.DAILY:
            return daily_rule(times=times)
        return weekly_rule(values["weekdays"] or [first.weekday()], every=values["every"] or 1, times=times)

    def _check_end(self, values: dict[str, Any]) -> None:
        if values.get("ends") == self.ON_DAY and "ends_on" in values:
            first = values.get("starts_on")
            if values["ends_on"] is None:
                self.add_error("ends_on", _("Please choose the last day."))
            elif first and values["ends_on"] < first:
                self.add_error("ends_on", _("The last day comes before the first. Please look at both."))
        if values.get("ends") == self.AFTER and "times" in values and values["times"] is None:
            self.add_error("times", _("Please say how many times."))

    def _ask_which(self) -> None:
        """Ask now for all nights within reach: later, when the sweep stamps them, nobody is there to be asked."""
        series = self.series
        chosen, series.fold = series.fold, None
        today = clock.clinic_today()
        try:
            for day in series.days(today, today + MOST_AHEAD):
                _exists_once(series, day)
        except AmbiguousWallTime as error:
            self.asks_which = True
            field = self.fields["fold"]
            assert isinstance(field, WhichOfTwoField)
            field.ask(series.wall_time)
            if chosen is None:
                self.add_error("fold", ValidationError(str(error), code=error.code))


def _exists_once(series: Series, day: date) -> None:
    """Raise AmbiguousWallTime where the day has the wall time twice."""
    try:
        series.instant_on(day)
    except clock.NonexistentWallTime:
        return
