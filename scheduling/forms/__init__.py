from scheduling.forms.absences import ClosureForm, TimeOffForm
from scheduling.forms.copies import CopySlotForm, CopyWeekForm
from scheduling.forms.fields import MoneyField, RevisionField, WhichOfTwoField
from scheduling.forms.series import SeriesForm
from scheduling.forms.slots import SlotForm
from scheduling.forms.substitutes import AcceptForm, AssignForm

__all__ = [
    "AcceptForm",
    "AssignForm",
    "ClosureForm",
    "CopySlotForm",
    "CopyWeekForm",
    "MoneyField",
    "RevisionField",
    "SeriesForm",
    "SlotForm",
    "TimeOffForm",
    "WhichOfTwoField",
]
