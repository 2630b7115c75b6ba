"""Fault 10, for series: two publish into one room at once; one of them is refused, with all its slots."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from django.db import connection

from scheduling.models import Series, Slot
from scheduling.operations import series as series_operations
from scheduling.operations import start_series
from tests.factories import ClassTypeFactory, InstructorFactory, RoomFactory, SeriesFactory
from tests.races.crowd import all_at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROOM_RULE = "a_room_holds_one_class_at_a_time"
WEEKS = 5


def several_into_one_room(count: int = 2) -> list[partial[Series]]:
    """Series of as many instructors, on the same days at the same time, in one room."""
    shared = {"class_type": ClassTypeFactory(), "room": RoomFactory(), "recurrence": f"FREQ=WEEKLY;COUNT={WEEKS}"}
    return [
        partial(start_series, series=SeriesFactory.build(instructor=InstructorFactory(), **shared))
        for _nth in range(count)
    ]


@pytest.fixture
def without_looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks for clashes before writing: only the database stands in the way."""
    monkeypatch.setattr(series_operations, "obstacles_to", lambda slots, moving=(): {})


@pytest.fixture
def without_rule() -> Iterator[None]:
    """The database without the rule about rooms, for a while."""
    [rule] = [each for each in Slot._meta.constraints if each.name == ROOM_RULE]
    with connection.schema_editor() as editor:
        editor.remove_constraint(Slot, rule)
    yield
    Slot.objects.all().delete()
    with connection.schema_editor() as editor:
        editor.add_constraint(Slot, rule)


@pytest.mark.parametrize("count", [2, 8])
def test_10_of_series_published_into_one_room_at_once_one_gets_it(count: int) -> None:
    ends: Any = all_at_once(several_into_one_room(count))

    assert ends == {"ok": 1, "days_blocked": count - 1}
    assert Series.objects.count() == 1
    assert Slot.objects.published().count() == Slot.objects.count() == WEEKS


@pytest.mark.usefixtures("without_looking")
def test_10_the_database_alone_lets_one_series_into_the_room() -> None:
    ends = all_at_once(several_into_one_room())

    assert ends == {"ok": 1, "IntegrityError": 1}
    assert (Series.objects.count(), Slot.objects.count()) == (1, WEEKS)


@pytest.mark.usefixtures("without_rule", "without_looking")
def test_10_control_without_the_rule_and_without_looking_both_get_the_room() -> None:
    ends = all_at_once(several_into_one_room())

    assert ends == {"ok": 2}
    assert Slot.objects.published().count() == 2 * WEEKS
