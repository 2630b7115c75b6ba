"""A closure or time off that is added twice at the same moment, as by a double click, is one."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from core import clock
from scheduling.models import Closure, TimeOff
from scheduling.operations import add_closure, add_time_off, closures
from tests.factories import InstructorFactory, RoomFactory
from tests.races.crowd import Pause, all_at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

Add = Callable[[], object]


def closing_the_clinic() -> Add:
    InstructorFactory()
    return partial(add_closure, place=None, reason="Works", **_times())


def closing_a_room() -> Add:
    return partial(add_closure, place=RoomFactory(), reason="Works", **_times())


def being_away() -> Add:
    return partial(add_time_off, instructor=InstructorFactory(), note="Holiday", **_times())


def _times() -> dict[str, Any]:
    starts_at = clock.now() + timedelta(days=3)
    return {"starts_at": starts_at, "ends_at": starts_at + timedelta(hours=2)}


WAYS = [closing_the_clinic, closing_a_room, being_away]


@pytest.fixture(autouse=True)
def _slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between looking whether it is there and adding it, the other has time to do the same."""
    monkeypatch.setattr(closures, "_added_already", Pause().after(closures._added_already))


def rows() -> int:
    return Closure.objects.count() + TimeOff.objects.count()


@pytest.mark.parametrize("way", WAYS)
def test_what_is_added_twice_at_once_is_there_once(way: Callable[[], Add]) -> None:
    add = way()

    assert all_at_once([add, add]) == {"ok": 2}
    assert rows() == 1


@pytest.mark.parametrize("way", WAYS)
def test_control_without_the_locks_it_is_there_twice(way: Callable[[], Add], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closures, "lock_for_planning", lambda *_rows: None)
    add = way()

    assert all_at_once([add, add]) == {"ok": 2}
    assert rows() == 2
