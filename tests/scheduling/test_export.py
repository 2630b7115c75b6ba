"""The timetable as a spreadsheet and back again."""

import csv
import io
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import roles
from accounts.models import User
from core.errors import DomainError
from scheduling.exports import timetable_rows
from scheduling.models import ClassType, Instructor, Room, Series, Slot
from scheduling.operations import Scope, Wanted, cancel_slots, change_slots, draft_slot, publish_slot, start_series
from scheduling.operations.imports import import_timetable
from scheduling.sheet import FORMULA_STARTS, looks_like_formula, neutral, original, read_rows, write_rows
from tests.factories import (
    ClassTypeFactory,
    InstructorFactory,
    LocationFactory,
    RoomFactory,
    SeriesFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 11, 23)


@given(st.text(alphabet=st.sampled_from("=+-@'\t\r\n ;,\"aä1"), max_size=6) | st.text(max_size=20))
def test_every_cell_is_harmless_as_written_and_read_as_it_was(cell: str) -> None:
    """Fault 65."""
    written = neutral(cell)

    assert not written.lstrip(" ").startswith(FORMULA_STARTS)
    assert not looks_like_formula(written)
    assert original(written) == cell


def test_a_name_like_a_formula_is_neutralised_in_the_file_and_found_again(monday: datetime) -> None:
    """Fault 65."""
    manager = UserFactory(role=roles.MANAGER)
    dangerous = '=HYPERLINK("http://evil.example","x")'
    instructor = InstructorFactory(user__name="@Asha; Lind")
    draft_slot(
        class_type=ClassTypeFactory(name=dangerous),
        instructor=instructor,
        room=RoomFactory(name="-Willow", location=LocationFactory(name="+House")),
        starts_at=monday + timedelta(days=1),
    )

    data = write_rows(timetable_rows(manager))
    Slot.objects.all().delete()
    import_timetable(rows=read_rows(data), by=manager)

    _header, cells = csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=";")
    assert cells[:3] == [f"'{dangerous}", "'@Asha; Lind", "'-Willow, +House"]
    assert Slot.objects.get().class_type.name == dangerous


def everything() -> Counter[Any]:
    """All that the timetable says of the classes to come, and of the series that go on."""
    fields = ("class_type", "instructor", "room", "online_link", "capacity", "price")
    slots = Slot.objects.not_cancelled().values_list(*fields, "starts_at", "ends_at", "state")
    series = Series.objects.filter(slots__state__in=["draft", "published"]).distinct()
    told = series.values_list(*fields, "starts_on", "ends_on", "wall_time", "minutes", "fold", "publishes")
    return Counter([*slots, *told])


def test_moved_and_cancelled_days_of_a_series_come_back(monday: datetime) -> None:
    manager = UserFactory(role=roles.MANAGER)
    series = start_series(series=SeriesFactory.build(**_rows(), starts_on=MONDAY + timedelta(days=1)))
    second, third, *_rest = series.slots.all()[1:]
    wanted = Wanted.like(second, starts_at=second.starts_at + timedelta(days=1))
    change_slots(slot=second, wanted=wanted, scope=Scope.THIS, revision=0, by=manager)
    cancel_slots(slot=third, scope=Scope.THIS, revision=0, reason="", by=manager)
    before = everything()

    rows = list(timetable_rows(manager))
    Slot.objects.all().delete()
    Series.objects.all().delete()
    import_timetable(rows=read_rows(write_rows(rows)), by=manager)

    assert [row["day"] for row in rows] == ["Tuesday", "2026-12-02"]
    assert rows[0]["except"] == "2026-12-01 2026-12-08"
    assert everything() == before
    assert (Series.objects.count(), Slot.objects.filter(series=None).count()) == (1, 1)


def _rows() -> dict[str, Any]:
    return {"class_type": ClassTypeFactory(), "instructor": InstructorFactory(), "room": RoomFactory(size=500)}


RULES = [
    "FREQ=WEEKLY",
    "FREQ=WEEKLY;INTERVAL=2",
    "FREQ=DAILY;COUNT=5",
    "FREQ=MONTHLY;BYDAY=1TU",
    "FREQ=WEEKLY;BYDAY=MO,TH",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU",
    "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1,3",
]
PLANS = st.lists(
    st.fixed_dictionaries(
        {
            "who": st.integers(0, 2),
            "what": st.integers(0, 1),
            "where": st.integers(0, 2),
            "day": st.integers(1, 200),
            "wall": st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30])),
            "minutes": st.integers(5, 120),
            "capacity": st.integers(1, 500),
            "price": st.sampled_from([0, 50, 1999]),
            "publish": st.booleans(),
            "rule": st.sampled_from([None, None, *RULES]),
            "days": st.none() | st.integers(0, 100),
            "cancel": st.booleans(),
        }
    ),
    min_size=1,
    max_size=6,
)


@pytest.fixture
def people() -> tuple[User, list[Instructor], list[ClassType], list[Room | None]]:
    """Two namesakes among the instructors, two rooms of one name, and one place on-line."""
    instructors = [InstructorFactory(user__name=name) for name in ("Asha", "Asha", "=Ben")]
    class_types = [ClassTypeFactory(name=name) for name in ("Gentle; Back, “Care”", "-Core")]
    rooms = [RoomFactory(name="Willow", size=500), RoomFactory(name="Willow", size=500), None]
    return UserFactory(role=roles.MANAGER), instructors, class_types, rooms


@given(plans=PLANS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_timetable_comes_back_as_it_was(
    plans: list[dict[str, Any]],
    people: tuple[User, list[Instructor], list[ClassType], list[Room | None]],
    monday: datetime,
) -> None:
    """Exported, and imported into an empty timetable: the same classes and the same series."""
    with transaction.atomic():
        for plan in plans:
            _plan(plan, people)
        before = everything()
        data = write_rows(timetable_rows(people[0]))
        Slot.objects.all().delete()
        Series.objects.all().delete()

        if before:
            import_timetable(rows=read_rows(data), by=people[0])

        assert everything() == before
        assert write_rows(timetable_rows(people[0])) == data
        transaction.set_rollback(True)


def _plan(plan: dict[str, Any], people: tuple[User, list[Instructor], list[ClassType], list[Room | None]]) -> None:
    """One class or series, unless the rules refuse it; of every second series, the second day is cancelled."""
    manager, instructors, class_types, rooms = people
    day, room = MONDAY + timedelta(days=plan["day"]), rooms[plan["where"]]
    common = {
        "class_type": class_types[plan["what"]],
        "instructor": instructors[plan["who"]],
        "room": room,
        "online_link": "" if room else "https://meet.example.org/a=b",
        "minutes": plan["minutes"],
        "capacity": plan["capacity"],
        "price": plan["price"],
    }
    try:
        with transaction.atomic():
            if plan["rule"] is None:
                slot = draft_slot(starts_at=datetime.combine(day, plan["wall"], tzinfo=UTC), **common)
                if plan["publish"]:
                    publish_slot(slot=slot, by=None)
                return
            series = Series(
                recurrence=plan["rule"],
                starts_on=day,
                ends_on=day + timedelta(days=plan["days"]) if plan["days"] is not None else None,
                wall_time=plan["wall"],
                time_zone="Europe/Berlin",
                publishes=plan["publish"],
                **common,
            )
            slots = list(start_series(series=series).slots.all())
            if plan["cancel"] and len(slots) > 2:
                cancel_slots(slot=slots[1], scope=Scope.THIS, revision=0, reason="", by=manager)
    except DomainError:
        return


def test_an_empty_timetable_is_a_file_to_fill_in() -> None:
    assert write_rows([]).decode("utf-8-sig").splitlines() == [
        "class type;instructor;room;day;time;minutes;places;price;from;until;repeats;except;state;link"
    ]
