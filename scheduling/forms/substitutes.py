"""What the forms about substitutes send: who, and which revision of the class was on the page."""

from django import forms
from django.utils.translation import gettext_lazy as _

from scheduling.forms.fields import RevisionField
from scheduling.models import Instructor


class AcceptForm(forms.Form):
    """The button of a colleague who accepts."""

    revision = RevisionField()


class AssignForm(AcceptForm):
    """The button beside a colleague, with which a manager decides."""

    instructor = forms.ModelChoiceField(
        Instructor.objects.teaching(),
        widget=forms.HiddenInput,
        error_messages={"invalid_choice": _("This instructor does not teach at present. Please choose somebody else.")},
    )
