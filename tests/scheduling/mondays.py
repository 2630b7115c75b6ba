"""The fixture `mondays`, a series at 18:00 since 5 October: its slots, and what is done to them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import Any

from core import clock
from scheduling.models import Series, Slot
from scheduling.operations import Scope, Wanted, change_slots


def slot_on(series: Series, month: int, day: int) -> Slot:
    return Slot.objects.with_details().get(series_day=date(2026, month, day), class_type=series.class_type)


def change(slot: Slot, scope: Scope = Scope.THIS, **changes: Any) -> list[Slot]:
    wanted = Wanted.like(slot, **changes)
    return change_slots(slot=slot, wanted=wanted, scope=scope, revision=slot.revision, by=None)


def at(slot: Slot, hour: int, minute: int = 0, *, days: int = 0) -> datetime:
    """The same slot at another wall time, `days` later."""
    local = clock.clinic_time(slot.starts_at)
    return clock.instant_of(local.date() + timedelta(days=days), time(hour, minute))


def walls() -> list[str]:
    """When all slots begin, on the clinic's clock."""
    return [f"{clock.clinic_time(slot.starts_at):%d.%m. %H:%M}" for slot in Slot.objects.order_by("starts_at")]


@contextmanager
def heard(signal: object) -> Iterator[list[Slot]]:
    """The slots of which a signal tells meanwhile."""
    slots: list[Slot] = []

    def hear(*, slot: Slot, **_kwargs: object) -> None:
        slots.append(slot)

    signal.connect(hear)  # type: ignore[attr-defined]
    yield slots
    signal.disconnect(hear)  # type: ignore[attr-defined]
