from scheduling.views.teach import publish, slot_new, teach
from scheduling.views.timetable import timetable

__all__ = ["publish", "slot_new", "teach", "timetable"]
