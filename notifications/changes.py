"""What a message about a changed class says: how it was, and how it is now."""

from notifications.models import Message
from scheduling.history import Line, told_lines
from scheduling.models import Slot, SlotChange

PREFIX = "change "


def occasion_of_change(change: SlotChange) -> str:
    """The change that a message tells of; each is told once."""
    return f"{PREFIX}{change.revision}"


def is_told_by_a_later_message(message: Message, slot: Slot) -> bool:
    """Whether the class has changed again since: that change has a message of its own, with what is true now."""
    return slot.changes.filter(revision__gt=_revision(message), tells=True).exists()


def old_and_new(message: Message, slot: Slot) -> list[Line]:
    """What is different about the class, by label: before the change, and now."""
    return told_lines(SlotChange.objects.get(slot=slot, revision=_revision(message)).before, slot)


def _revision(message: Message) -> int:
    return int(message.occasion.removeprefix(PREFIX))
