from scheduling.forms.absences import ClosureForm, TimeOffForm
from scheduling.forms.copies import CopySlotForm, CopyWeekForm
from scheduling.forms.fields import LEAST_MINUTES, MOST_MINUTES, MoneyField, WhichOfTwoField
from scheduling.forms.series import SeriesForm
from scheduling.forms.slots import SlotForm
from scheduling.forms.substitutes import AcceptForm, AssignForm

__all__ = [
    "LEAST_MINUTES",
    "MOST_MINUTES",
    "AcceptForm",
    "AssignForm",
    "ClosureForm",
    "CopySlotForm",
    "CopyWeekForm",
    "MoneyField",
    "SeriesForm",
    "SlotForm",
    "TimeOffForm",
    "WhichOfTwoField",
]
