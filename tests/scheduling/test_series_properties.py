"""What holds for all series: wall times in every zone, and whatever is edited in whatever order."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from django.db import transaction
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from core import clock
from core.clock import AmbiguousWallTime, NonexistentWallTime
from core.errors import DomainError
from scheduling.models import ClassType, Instructor, Room, Series, Slot
from scheduling.operations import (
    DaysBlocked,
    Scope,
    Wanted,
    affected_slots,
    cancel_slots,
    change_slots,
    stamp_series,
    start_series,
)
from scheduling.operations.series import slot_of
from tests.factories import ClassTypeFactory, InstructorFactory, RoomFactory, SeriesFactory, SlotFactory

TEN_YEARS = (date(2026, 1, 1), date(2036, 1, 1))
MINUTE = timedelta(minutes=1)


@cache
def days_of_transitions() -> dict[str, list[date]]:
    """The local days on which the clocks change within ten years, of each IANA zone that has any."""
    found = {zone: list(_transitions(ZoneInfo(zone))) for zone in sorted(available_timezones())}
    return {zone: days for zone, days in found.items() if days}


def _transitions(zone: ZoneInfo) -> list[date]:
    days = []
    day, offset = TEN_YEARS[0], None
    while day < TEN_YEARS[1]:
        now = datetime(day.year, day.month, day.day, 12, tzinfo=zone).utcoffset()
        if offset is not None and now != offset:
            days.append(day)
        day, offset = day + timedelta(days=1), now
    return days


@st.composite
def nights(draw: st.DrawFn) -> tuple[str, date, time]:
    """A zone, a day beside one of its transitions, and a wall time, most often of the small hours."""
    zone = draw(st.sampled_from(sorted(days_of_transitions())))
    day = draw(st.sampled_from(days_of_transitions()[zone])) + timedelta(days=draw(st.integers(-1, 1)))
    hour = draw(st.sampled_from([0, 1, 2, 3, 23]) | st.integers(0, 23))
    return zone, day, time(hour, draw(st.sampled_from([0, 15, 30, 45])))


@given(night=nights(), fold=st.sampled_from([0, 1]))
@settings(max_examples=400, deadline=None)
def test_a_slot_shows_the_wall_time_of_its_series_in_every_zone(night: tuple[str, date, time], fold: int) -> None:
    zone, day, wall = night
    series = Series(
        class_type=ClassType(), instructor=Instructor(), room=Room(), recurrence="FREQ=DAILY", time_zone=zone
    )
    series.starts_on, series.wall_time, series.minutes, series.fold, series.capacity = day, wall, 60, fold, 1
    moments = shown_as(ZoneInfo(zone), day, wall)

    try:
        starts_at = slot_of(series, day).starts_at
    except NonexistentWallTime:
        event("missing")
        assert moments == []
        return

    event("twice" if len(moments) == 2 else "once")
    assert starts_at == moments[fold if len(moments) == 2 else 0]
    series.fold = None
    if len(moments) == 2:
        with pytest.raises(AmbiguousWallTime):
            slot_of(series, day)


def shown_as(zone: ZoneInfo, day: date, wall: time) -> list[datetime]:
    """By looking at every minute: the instants at which the clock of `zone` shows that time on that day."""
    start = datetime.combine(day, wall, tzinfo=UTC) - timedelta(hours=15)
    minutes = (start + MINUTE * nth for nth in range(30 * 60))
    shown = datetime.combine(day, wall, tzinfo=UTC).replace(tzinfo=None)
    return [minute for minute in minutes if minute.astimezone(zone).replace(tzinfo=None) == shown]


def test_the_zones_with_transitions_are_many() -> None:
    assert len(days_of_transitions()) > 100


# Whatever is edited

EDITS = st.tuples(
    st.sampled_from(["time", "day", "capacity", "time of others", "day of others", "cancel", "later"]),
    st.sampled_from(list(Scope)),
    st.integers(0, 11),  # which of the upcoming slots
    st.integers(-3, 3),  # by how much
)
RULES = [
    *("DAILY", "WEEKLY", "WEEKLY;BYDAY=MO,TH"),
    *("WEEKLY;INTERVAL=2;BYDAY=MO,SU", "WEEKLY;INTERVAL=3;BYDAY=TU"),  # the first day, a Thursday, is none of theirs
]
START = datetime(2026, 9, 28, 8, tzinfo=UTC)


@pytest.mark.django_db
@given(edits=st.lists(EDITS, min_size=1, max_size=8), rule=st.sampled_from(RULES))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_sequence_of_edits_touches_the_past_or_exceptions_or_leaves_a_mess(
    edits: list[tuple[str, Scope, int, int]], rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction.atomic(), monkeypatch.context() as patch:
        clinic = Clinic(patch, rule)
        for edit in edits:
            clinic.do(*edit)
            assert clinic.mess() == []
        transaction.set_rollback(True)


class Clinic:
    """One series beside a foreign class in its room, edited at moments that go on."""

    def __init__(self, patch: pytest.MonkeyPatch, rule: str) -> None:
        self.patch = patch
        self.stand_at(START)
        parts = {"class_type": ClassTypeFactory(), "instructor": InstructorFactory(), "room": RoomFactory()}
        ends_on = date(2026, 10, 12) if rule == "DAILY" else None
        start_series(
            series=SeriesFactory.build(recurrence=f"FREQ={rule}", starts_on=date(2026, 10, 1), ends_on=ends_on, **parts)
        )
        SlotFactory(room=parts["room"], starts_at=datetime(2026, 10, 15, 18, tzinfo=UTC))
        self.fixed: dict[int, Any] = {}
        self.left_out: set[int] = set()
        self.blocked_again: list[str] = []

    def stand_at(self, moment: datetime) -> None:
        self.now = moment
        self.patch.setattr(clock, "reading", lambda: moment)

    def do(self, what: str, scope: Scope, which: int, by: int) -> None:
        upcoming = list(Slot.objects.filter(series__isnull=False).published().upcoming().order_by("starts_at"))
        assume(upcoming)
        slot = Slot.objects.with_details().get(pk=upcoming[which % len(upcoming)].pk)
        self.fixed = {
            each.pk: facts(each)
            for each in Slot.objects.all()
            if each.has_started or each.is_exception or each.is_cancelled
        }
        self.fixed.pop(slot.pk, None)
        try:
            self.edits[what](self, slot, scope, by)
        except DomainError as error:
            event(f"{what}: {error.code}")
        else:
            event(what)

    def _move(self, slot: Slot, scope: Scope, by: int) -> None:
        self._change(slot, scope, starts_at=slot.starts_at + timedelta(minutes=45 * by))

    def _shift(self, slot: Slot, scope: Scope, by: int) -> None:
        local = clock.clinic_time(slot.starts_at)
        self._change(slot, scope, starts_at=clock.instant_of(local.date() + timedelta(days=by), local.time()))

    def _move_others(self, slot: Slot, scope: Scope, by: int) -> None:
        self._change_others(slot, scope, starts_at=slot.starts_at + timedelta(minutes=45 * by))

    def _shift_others(self, slot: Slot, scope: Scope, by: int) -> None:
        local = clock.clinic_time(slot.starts_at)
        self._change_others(slot, scope, starts_at=clock.instant_of(local.date() + timedelta(days=by), local.time()))

    def _resize(self, slot: Slot, scope: Scope, by: int) -> None:
        self._change(slot, scope, capacity=8 + by)

    def _cancel(self, slot: Slot, scope: Scope, by: int) -> None:
        cancel_slots(slot=slot, scope=scope, reason="", revision=slot.revision, by=None)

    def _go_on(self, slot: Slot, scope: Scope, by: int) -> None:
        self.stand_at(self.now + timedelta(days=5))
        for series in Series.objects.all():
            stamp_series(series=series)

    edits: dict[str, Callable[["Clinic", Slot, Scope, int], None]] = {
        "time": _move,
        "day": _shift,
        "capacity": _resize,
        "time of others": _move_others,
        "day of others": _shift_others,
        "cancel": _cancel,
        "later": _go_on,
    }

    def _change(self, slot: Slot, scope: Scope, *, leave_out: Collection[int] = (), **changes: Any) -> None:
        asked: dict[str, Any] = {"slot": slot, "scope": scope, "revision": slot.revision, "by": None}
        changed = change_slots(wanted=Wanted.like(slot, **changes), leave_out=leave_out, **asked)
        if changed:
            self.left_out |= set(leave_out)

    def _change_others(self, slot: Slot, scope: Scope, **changes: Any) -> None:
        """Every third class is left out, and then whatever is named as standing in the way."""
        leave_out = {each.pk for each in affected_slots(slot=slot, scope=scope)[1::3]}
        self._fix(leave_out)
        try:
            self._change(slot, scope, leave_out=leave_out, **changes)
        except DaysBlocked as refusal:
            event("left out what was blocked")
            leave_out |= {day.slot.pk for day in refusal.blocked if day.slot}
            self._fix(leave_out)
            try:
                self._change(slot, scope, leave_out=leave_out, **changes)
            except DaysBlocked as again:
                self.blocked_again.append(str(again))

    def _fix(self, keys: Collection[int]) -> None:
        """These must stay as they are now."""
        self.fixed |= {each.pk: facts(each) for each in Slot.objects.filter(pk__in=keys)}

    def mess(self) -> list[str]:
        """What must never be: one line for each fault."""
        slots = list(Slot.objects.select_related("series"))
        now = {each.pk: facts(each) for each in slots}
        stamped = [each for each in slots if each.series]
        ruled = [each for each in stamped if not (each.is_exception or each.is_cancelled or each.has_started)]
        exceptions = {each.pk for each in slots if each.is_exception}
        days = Counter((each.series_id, each.series_day) for each in stamped)
        return [
            *(f"touched: {self.fixed[pk]} is {now.get(pk)}" for pk in self.fixed if now.get(pk) != self.fixed[pk]),
            *(f"twice: {day}" for day, times in days.items() if times > 1),
            *(f"follows its series: {facts(each)}" for each in slots if each.pk in self.left_out - exceptions),
            *(f"blocked though left out: {said}" for said in self.blocked_again),
            *(f"orphan: {facts(each)}" for each in ruled if not is_as_its_rule_says(each)),
            *clashes([each for each in slots if not each.is_cancelled]),
        ]


def facts(slot: Slot) -> tuple[Any, ...]:
    return slot.starts_at, slot.ends_at, slot.room_id, slot.instructor_id, slot.capacity, slot.state


def is_as_its_rule_says(slot: Slot) -> bool:
    """It is no orphan: its series still knows its day, and at which time."""
    series = slot.series
    return (
        series is not None
        and slot.series_day is not None
        and list(series.days(slot.series_day, slot.series_day)) == [slot.series_day]
        and slot.starts_at == series.instant_on(slot.series_day)
        and slot.capacity == series.capacity
    )


def clashes(slots: list[Slot]) -> Iterator[str]:
    for kind in ("room_id", "instructor_id"):
        ordered = sorted((getattr(slot, kind), slot.starts_at, slot.ends_at) for slot in slots)
        for (first, _, end), (second, start, _) in pairwise(ordered):
            if first == second and end > start:
                yield f"clash: {kind} {first} until {end} and from {start}"
