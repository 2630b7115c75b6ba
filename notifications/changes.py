"""What a message about a changed class says: how it was when the patient last heard of it, and how it is now."""

from datetime import datetime
from typing import Any

from django.db.models import Q

from notifications.models import Kind, Message
from scheduling.history import Line, told_lines, values_of
from scheduling.models import Slot, SlotChange

PREFIX = "change "
TOLD_TOGETHER = (("starts_at", "ends_at"), ("room", "online_link"), ("instructor",), ("class_type",))
NAME_TIME_AND_PLACE = (Kind.BOOKING_CONFIRMED, Kind.CLASS_CHANGED, Kind.CLASS_REMINDER)
PERHAPS_TOLD = (Message.VoidReason.NO_ADDRESS, Message.VoidReason.BEFORE_RESTORE)  # by telephone, or before the restore


def occasion_of_change(change: SlotChange) -> str:
    """The change that a message tells of; each is told once."""
    return f"{PREFIX}{change.revision}"


def is_told_by_a_later_message(message: Message) -> bool:
    """Whether the class has changed again since: the message about that says all that is new."""
    return any(_revision(other.occasion) > _revision(message.occasion) for other in _others(message))


def what_is_new(message: Message, slot: Slot) -> dict[str, Any]:
    """What the patient knows about the class and is not true any more: by field, the value they know.

    They know what the last message about a change said, or else what they booked. What was changed and changed back
    since then is nothing new to them, unless they may have heard of it meanwhile: then they must hear that it is over.
    """
    changes = _not_told(message, slot)
    now = values_of(slot)
    states = [now]
    for change in reversed(changes):
        states.append(states[-1] | change.before)
    between, known = states[1:-1], states[-1]
    heard = [known, *between] if changes and _may_have_heard_since(message, changes[0].made_at) else [known]
    new: dict[str, Any] = {}
    for state in heard:
        for fields in TOLD_TOGETHER:
            if new.keys().isdisjoint(fields):
                new |= {field: state[field] for field in fields if state[field] != now[field]}
    return new


def old_and_new(message: Message, slot: Slot) -> list[Line]:
    """What is different about the class, by label: as the patient knows it, and now."""
    return told_lines(what_is_new(message, slot), slot)


def _not_told(message: Message, slot: Slot) -> list[SlotChange]:
    """The changes up to `slot` as it was read, oldest first, of which no message about a change has been sent."""
    assert message.booking is not None
    sent = [_revision(other.occasion) for other in _others(message) if other.state == Message.State.SENT]
    if sent:
        not_told = Q(revision__gt=max(sent))
    else:  # the message's own one in any case: another machine's clock may be ahead of that which made the change
        not_told = Q(made_at__gte=message.booking.made_at) | Q(revision__gte=_revision(message.occasion))
    return list(slot.changes.filter(not_told, revision__lte=slot.revision).order_by("revision"))


def _may_have_heard_since(message: Message, moment: datetime) -> bool:
    """Whether any other message may have told the patient time and place since: one that was sent, or ever tried.

    A try may end badly here and yet in the patient's mailbox; and where there is no address, somebody calls.
    """
    others = Message.objects.filter(booking=message.booking_id, kind__in=NAME_TIME_AND_PLACE).exclude(pk=message.pk)
    never_tried = Q(state=Message.State.QUEUED, attempts=0)
    void_at_first_try = Q(state=Message.State.VOID, attempts__lte=1) & ~Q(void_reason__in=PERHAPS_TOLD)
    since = Q(sent_at__gte=moment) | Q(sent_at=None, next_try_at__gte=moment)
    return others.exclude(never_tried).exclude(void_at_first_try).filter(since).exists()


def _others(message: Message) -> list[Message]:
    """The booking's other messages about changes."""
    others = Message.objects.filter(booking=message.booking_id, kind=Kind.CLASS_CHANGED).exclude(pk=message.pk)
    return list(others.only("occasion", "state"))


def _revision(occasion: str) -> int:
    return int(occasion.removeprefix(PREFIX))
