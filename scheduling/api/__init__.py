"""The timetable for programs: the pages' operations, with the same rules."""

from scheduling.api.catalogue import ClassTypeList, InstructorList, LocationList
from scheduling.api.changes import SlotCancellation, SlotDetail, SlotRestoration
from scheduling.api.closures import ClosureDetail, ClosureList
from scheduling.api.series import SeriesList, SeriesPreviewing
from scheduling.api.slots import SlotList, SlotPublication
from scheduling.api.substitutes import (
    SlotColleagues,
    SlotSubstitute,
    SlotSubstituteRequest,
    SubstituteAcceptance,
    SubstituteRequestDetail,
    SubstituteRequestList,
    SubstituteWithdrawal,
)

__all__ = [
    "ClassTypeList",
    "ClosureDetail",
    "ClosureList",
    "InstructorList",
    "LocationList",
    "SeriesList",
    "SeriesPreviewing",
    "SlotCancellation",
    "SlotColleagues",
    "SlotDetail",
    "SlotList",
    "SlotPublication",
    "SlotRestoration",
    "SlotSubstitute",
    "SlotSubstituteRequest",
    "SubstituteAcceptance",
    "SubstituteRequestDetail",
    "SubstituteRequestList",
    "SubstituteWithdrawal",
]
