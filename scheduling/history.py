"""Changes of a class in words: what each value is called, how it was before, and how it is now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core import clock
from core.money import format_money
from scheduling.models import ClassType, Instructor, Room, Slot, SlotChange

KEPT = ("class_type_id", "instructor_id", "room_id", "online_link", "starts_at", "ends_at", "capacity", "price")
TOLD = frozenset({"class_type", "instructor", "room", "online_link", "starts_at", "ends_at"})
NAMED: dict[str, type[ClassType] | type[Instructor] | type[Room]] = {
    "class_type": ClassType,
    "instructor": Instructor,
    "room": Room,
}
MOST_ENTRIES = 50

Values = Mapping[str, Any]
Names = Mapping[tuple[str, int], str]


class Line(NamedTuple):
    """One thing that is different."""

    label: str
    before: str
    now: str


@dataclass(frozen=True)
class Entry:
    """One change on the record, in words."""

    change: SlotChange
    lines: list[Line]


def values_of(slot: Slot) -> dict[str, Any]:
    """The values of a slot as its record keeps them: instants in ISO 8601, rows by their keys."""
    values = {name.removesuffix("_id"): getattr(slot, name) for name in KEPT}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def history_of(slot: Slot) -> list[Entry]:
    """What was changed about `slot`, the latest first, in a fixed number of queries."""
    changes = list(slot.changes.select_related("made_by").order_by("-revision")[:MOST_ENTRIES])
    now: Values = {**values_of(slot), "state": slot.state}
    names = names_in([now, *(change.before for change in changes)]) if changes else {}
    entries = []
    for change in changes:
        entries.append(Entry(change, _lines(change.before, now, names)))
        now = {**now, **change.before}
    return entries


def values_before(changes: Iterable[SlotChange]) -> dict[str, Any]:
    """The values from before the first of `changes`, which come oldest first, of all that they changed."""
    before: dict[str, Any] = {}
    for change in changes:
        before = change.before | before
    return before


def lines_between(before: Values, slot: Slot) -> list[Line]:
    """What is different about `slot` now, of the values in `before`."""
    now = {**values_of(slot), "state": slot.state}
    different = {name: value for name, value in before.items() if now[name] != value}
    return _lines(different, now, names_in([different, now])) if different else []


def told_lines(before: Values, slot: Slot) -> list[Line]:
    """The same for patients: without places and price, which were agreed on when they booked."""
    return lines_between({name: value for name, value in before.items() if name in TOLD}, slot)


def names_in(values: Iterable[Values]) -> dict[tuple[str, int], str]:
    """What the rows are called whose keys stand in `values`; a query for each kind."""
    all_values = list(values)
    names: dict[tuple[str, int], str] = {}
    for field, model in NAMED.items():
        keys = {each[field] for each in all_values if each.get(field)}
        rows: QuerySet[Any] = model._default_manager.filter(pk__in=keys)
        for row in rows.select_related("location") if model is Room else rows:
            names[field, row.pk] = str(row)
    return names


def _lines(before: Values, now: Values, names: Names) -> list[Line]:
    old = {**now, **before}
    lines = []
    if {"starts_at", "ends_at"} & before.keys():
        lines.append(Line(_("When"), _when(old), _when(now)))
    if {"room", "online_link"} & before.keys():
        new_place = names.get(("room", now["room"] or 0)) or _("On-line, under a new link")
        lines.append(Line(_("Where"), names.get(("room", old["room"] or 0)) or _("On-line"), new_place))
    for field, label in (("instructor", _("With")), ("class_type", _("Class"))):
        if field in before:
            lines.append(Line(label, names.get((field, old[field]), ""), names.get((field, now[field]), "")))
    if "capacity" in before:
        lines.append(Line(_("Places"), str(old["capacity"]), str(now["capacity"])))
    if "price" in before:
        lines.append(Line(_("Price"), _price(old), _price(now)))
    if "state" in before:
        lines.append(Line(_("State"), _state(old), _state(now)))
    return lines


def _when(values: Values) -> str:
    return clock.format_when(datetime.fromisoformat(values["starts_at"]), datetime.fromisoformat(values["ends_at"]))


def _price(values: Values) -> str:
    return format_money(values["price"], settings.CLINIC_CURRENCY)


def _state(values: Values) -> str:
    return str(Slot.State(values["state"]).label)
