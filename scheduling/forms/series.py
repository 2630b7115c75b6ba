"""The form in which a series is planned; it builds the recurrence rule, so that nobody has to write one."""

from datetime import date
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from core import clock
from core.clock import AmbiguousWallTime
from core.errors import DomainError
from scheduling.forms.fields import NOT_ON_OFFER, DayField, FigureField, WallTimeField, WhichOfTwoField
from scheduling.forms.plan import PlaceForm, PlanForm, day_ahead
from scheduling.models import Series
from scheduling.operations import MOST_AHEAD, NoDays, SlotInThePast, TooFarAhead
from scheduling.operations.series import ask_which
from scheduling.rules import daily_rule, monthly_rule, weekly_rule

MOST_TIMES = 200
MOST_WEEKS_BETWEEN = 12


class SeriesForm(PlanForm, PlaceForm):
    """What is taught, where, from when on and how often; `series` is the unsaved series.

    Which of two equal wall times is meant is asked only where a night within reach has two.
    """

    WEEKLY, MONTHLY, DAILY = "weekly", "monthly", "daily"
    NEVER, ON_DAY, AFTER = "never", "day", "times"
    REFUSED_BESIDE: ClassVar[dict[type[DomainError], str]] = (
        PlanForm.REFUSED_BESIDE
        | PlaceForm.REFUSED_BESIDE
        | {
            NoDays: "starts_on",
            SlotInThePast: "starts_on",
            TooFarAhead: "starts_on",
        }
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
    publishes = forms.TypedChoiceField(
        label=_("Who sees the classes"),
        widget=forms.RadioSelect,
        coerce=lambda value: value == "yes",
        initial="yes",
        choices=[("yes", _("Everybody: publish them at once")), ("no", _("Staff only: drafts, published afterwards"))],
        error_messages={"required": _("Please choose who sees them."), "invalid_choice": NOT_ON_OFFER},
    )

    field_order = (
        *("class_type", "instructor", "room", "online_link", "starts_on", "wall_time", "fold", "repeats", "weekdays"),
        *("every", "ends", "ends_on", "times", "minutes", "capacity", "price", "publishes"),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.asks_which = False
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
            instructor=self.teacher(),
            ends_on=values["ends_on"] if values["ends"] == self.ON_DAY else None,
            recurrence=self._recurrence(),
            time_zone=settings.CLINIC_TIME_ZONE,
            **{name: values[name] for name in ("class_type", "room", "online_link", "starts_on", "wall_time", "fold")},
            **{name: values[name] for name in ("minutes", "capacity", "price", "publishes")},
        )

    def clean_starts_on(self) -> date:
        return day_ahead(self.cleaned_data["starts_on"])

    def clean(self) -> dict[str, Any]:
        """See that the end is given, and ask which of two equal times is meant."""
        values = super().clean()
        self._check_end(values)
        if not self.errors:
            self._ask_which()
        return values

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
        """Ask also when it was answered already, so that the answer can be changed."""
        series = self.series
        try:
            ask_which(series)
        except AmbiguousWallTime as error:
            self.asks_which = True
            field = self.fields["fold"]
            assert isinstance(field, WhichOfTwoField)
            field.ask(series.wall_time)
            if series.fold is None:
                self.add_error("fold", ValidationError(str(error), code=error.code))
