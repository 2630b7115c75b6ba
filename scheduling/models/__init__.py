"""What is taught, where, by whom and when. The database itself refuses clashes and oversold slots."""

from scheduling.models.changes import SlotChange
from scheduling.models.feeds import FeedToken
from scheduling.models.houses import Closure, Location, Room
from scheduling.models.series import Series, SeriesQuerySet
from scheduling.models.slots import HIGHEST_REVISION, Slot, SlotQuerySet, clinic_currency
from scheduling.models.substitutes import SubstituteRequest
from scheduling.models.teaching import Certificate, ClassType, Instructor, Qualification, TimeOff, TimeOffQuerySet

__all__ = [
    "HIGHEST_REVISION",
    "Certificate",
    "ClassType",
    "Closure",
    "FeedToken",
    "Instructor",
    "Location",
    "Qualification",
    "Room",
    "Series",
    "SeriesQuerySet",
    "Slot",
    "SlotChange",
    "SlotQuerySet",
    "SubstituteRequest",
    "TimeOff",
    "TimeOffQuerySet",
    "clinic_currency",
]
