"""The timetable for programs: the pages' operations, with the same rules."""

from scheduling.api.catalogue import ClassTypeList, InstructorList, LocationList
from scheduling.api.changes import SlotCancellation, SlotDetail, SlotRestoration
from scheduling.api.closures import ClosureDetail, ClosureList
from scheduling.api.series import SeriesList, SeriesPreviewing
from scheduling.api.slots import SlotList, SlotPublication

__all__ = [
    "ClassTypeList",
    "ClosureDetail",
    "ClosureList",
    "InstructorList",
    "LocationList",
    "SeriesList",
    "SeriesPreviewing",
    "SlotCancellation",
    "SlotDetail",
    "SlotList",
    "SlotPublication",
    "SlotRestoration",
]
