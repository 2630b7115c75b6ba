"""What a message about a changed class says: how it was, and how it is now."""

from datetime import datetime

from django.utils.translation import gettext as _

from core import clock
from notifications.models import Message
from scheduling.models import ClassType, Instructor, Room, Slot, SlotChange

PREFIX = "change "
Line = tuple[str, str, str]  # label, before, now


def occasion_of_change(change: SlotChange) -> str:
    """The change that a message tells of; each is told once."""
    return f"{PREFIX}{change.revision}"


def is_told_by_a_later_message(message: Message, slot: Slot) -> bool:
    """Whether the class has changed again since: that change has a message of its own, with what is true now."""
    return slot.changes.filter(revision__gt=_revision(message), tells=True).exists()


def old_and_new(message: Message, slot: Slot) -> list[Line]:
    """What is different about the class, by label: before the change, and now."""
    before = SlotChange.objects.get(slot=slot, revision=_revision(message)).before
    lines: list[Line] = []
    if {"starts_at", "ends_at"} & before.keys():
        start, end = _instant(before, "starts_at", slot.starts_at), _instant(before, "ends_at", slot.ends_at)
        lines.append((_("When"), clock.format_when(start, end), clock.format_when(slot.starts_at, slot.ends_at)))
    if {"room", "online_link"} & before.keys():
        old_room = _name(Room, before["room"]) if "room" in before else str(slot.room or "")
        lines.append((_("Where"), old_room or _("On-line"), str(slot.room or _("On-line, under a new link"))))
    if "instructor" in before:
        lines.append((_("With"), _name(Instructor, before["instructor"]), slot.instructor.name))
    if "class_type" in before:
        lines.append((_("Class"), _name(ClassType, before["class_type"]), slot.class_type.name))
    return lines


def _revision(message: Message) -> int:
    return int(message.occasion.removeprefix(PREFIX))


def _instant(before: dict[str, str], field: str, now: datetime) -> datetime:
    return datetime.fromisoformat(before[field]) if field in before else now


def _name(model: type[Room] | type[Instructor] | type[ClassType], key: int | None) -> str:
    row = model._default_manager.filter(pk=key).first() if key else None
    return str(row or "")
