"""What people send to the pages of bookings."""

from datetime import date

from django import forms
from django.utils.translation import gettext_lazy as _

MOST = 2**31 - 1  # what the price's column holds


class BookForm(forms.Form):
    """The button of a class page. `price` and `starts_at` are what the page showed; they guard the click, no more.

    Without `starts_at` nobody claims to have seen a time: so it was on pages that were opened before it was asked for.
    """

    price = forms.IntegerField(min_value=0, max_value=MOST, widget=forms.HiddenInput)
    starts_at = forms.DateTimeField(required=False, widget=forms.HiddenInput)


class CheckForm(forms.Form):
    """A look at whether the payment has arrived; `since` is when the page began to look, in Unix seconds."""

    since = forms.IntegerField(min_value=0, max_value=MOST, required=False, widget=forms.HiddenInput)


class DayForm(forms.Form):
    """Which day the day sheet shows."""

    day = forms.DateField(
        label=_("Day"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": _("This is no day.")},
    )

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if not 2000 <= day.year < 2100:
            raise forms.ValidationError(_("This is no day."))
        return day
