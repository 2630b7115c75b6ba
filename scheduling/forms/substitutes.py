"""What the forms about substitutes send: who, and which revision of the class was on the page."""

from django import forms
from django.utils.translation import gettext_lazy as _

from scheduling.models import Instructor

HIGHEST_REVISION = 2**31 - 1  # of the column


class AcceptForm(forms.Form):
    """The button of a colleague who accepts."""

    revision = forms.IntegerField(min_value=0, max_value=HIGHEST_REVISION, widget=forms.HiddenInput)


class AssignForm(AcceptForm):
    """The button beside a colleague, with which a manager decides."""

    instructor = forms.ModelChoiceField(
        Instructor.objects.teaching(),
        widget=forms.HiddenInput,
        error_messages={"invalid_choice": _("This instructor does not teach at present. Please choose somebody else.")},
    )
