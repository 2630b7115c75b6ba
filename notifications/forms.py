"""What people fill in about messages."""

from django import forms
from django.db.models import BigAutoField
from django.utils.translation import gettext_lazy as _

from notifications.models import Kind, Message

LARGEST_KEY = BigAutoField.MAX_BIGINT


class LogFilterForm(forms.Form):
    """Which messages the log shows; `before` is the key below which the next page begins.

    It is posted, since what is looked for may name a person and does not belong into the address of a page.
    """

    q = forms.CharField(
        label=_("E-mail address or reference"),
        required=False,
        max_length=254,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("All states")), *Message.State.choices])
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("All kinds")), *Kind.choices])
    before = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_KEY, widget=forms.HiddenInput)


class PreferencesForm(forms.Form):
    reminders = forms.BooleanField(label=_("Remind me of my classes by e-mail"), required=False)
