"""The timetable for programs."""

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from core import clock
from scheduling.focus import FocusArea
from scheduling.models import Instructor, Slot
from tests.api.client import DescribedClient
from tests.factories import ClassTypeFactory, InstructorFactory, SlotFactory

pytestmark = pytest.mark.django_db

SATURDAY = datetime(2026, 10, 24, 16, tzinfo=UTC)  # 18:00 in Berlin, the evening before the clocks are set back


@pytest.fixture
def october(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "reading", lambda: datetime(2026, 10, 20, tzinfo=UTC))


def at(starts_at: datetime, **fields: object) -> Slot:
    slot: Slot = SlotFactory(starts_at=starts_at, **fields)
    return slot


def ids(client: DescribedClient, query: str = "") -> list[int]:
    return [slot["id"] for slot in client.get(f"/api/v1/slots/{query}").json()["results"]]


@pytest.mark.usefixtures("october")
def test_a_visitor_reads_a_published_slot(visitor: DescribedClient) -> None:
    slot = at(SATURDAY, capacity=8, taken=5)

    answer = visitor.get(f"/api/v1/slots/{slot.pk}/")

    assert slot.room
    assert answer.json() == {
        "id": slot.pk,
        "state": "published",
        "revision": 0,
        "series": None,
        "starts_at": "2026-10-24T18:00:00+02:00",
        "ends_at": "2026-10-24T19:00:00+02:00",
        "time_zone": "Europe/Berlin",
        "class_type": {
            "id": slot.class_type_id,
            "name": slot.class_type.name,
            "level": "gentle",
            "focus_areas": ["core-strength"],
        },
        "instructor": {"id": slot.instructor_id, "name": slot.instructor.name},
        "location": {"id": slot.room.location_id, "name": slot.room.location.name},
        "room": {"id": slot.room_id, "name": slot.room.name},
        "capacity": 8,
        "places_left": 3,
        "price": 1800,
        "currency": "eur",
    }


def test_a_slot_without_a_room_has_neither_room_nor_location(visitor: DescribedClient) -> None:
    slot = SlotFactory(room=None)

    answer = visitor.get(f"/api/v1/slots/{slot.pk}/").json()

    assert (answer["room"], answer["location"]) == (None, None)


def test_the_list_holds_published_slots_to_come_by_their_start(visitor: DescribedClient) -> None:
    now = clock.now()
    later, sooner = at(now + timedelta(days=2)), at(now + timedelta(days=1))
    at(now - timedelta(days=1))
    at(now + timedelta(days=1), state=Slot.State.DRAFT)
    at(now + timedelta(days=1), state=Slot.State.CANCELLED)

    assert ids(visitor) == [sooner.pk, later.pk]


@pytest.mark.usefixtures("october")
def test_a_day_is_a_day_at_the_clinic_even_when_it_has_25_hours(visitor: DescribedClient) -> None:
    at(datetime(2026, 10, 24, 21, 59, tzinfo=UTC))
    first = at(datetime(2026, 10, 24, 22, 0, tzinfo=UTC))  # 00:00 in Berlin, summer time
    last = at(datetime(2026, 10, 25, 22, 59, tzinfo=UTC))  # 23:59 in Berlin, winter time
    at(datetime(2026, 10, 25, 23, 0, tzinfo=UTC))

    assert ids(visitor, "?from=2026-10-25&to=2026-10-25") == [first.pk, last.pk]


@pytest.mark.usefixtures("october")
def test_an_instant_as_the_end_is_not_part_of_the_range(visitor: DescribedClient) -> None:
    slot = at(SATURDAY)
    at(SATURDAY + timedelta(hours=1))

    assert ids(visitor, "?from=2026-10-24T18:00:00%2B02:00&to=2026-10-24T17:00:00Z") == [slot.pk]


def test_the_past_is_read_by_asking_for_it(visitor: DescribedClient) -> None:
    past = at(clock.now() - timedelta(days=400))

    assert ids(visitor, f"?from={past.starts_at:%Y-%m-%d}") == [past.pk]


def test_focus_areas_add_up(visitor: DescribedClient) -> None:
    core, _tension, alignment = (
        SlotFactory(class_type=ClassTypeFactory(focus_areas=[area.value]))
        for area in (FocusArea.CORE_STRENGTH, FocusArea.MUSCLE_TENSION, FocusArea.ALIGNMENT)
    )

    assert ids(visitor, "?focus=core-strength") == [core.pk]
    assert sorted(ids(visitor, "?focus=core-strength&focus=alignment")) == sorted([core.pk, alignment.pk])


def test_slots_of_one_instructor_or_one_location(visitor: DescribedClient) -> None:
    slot, _other = SlotFactory.create_batch(2)

    assert ids(visitor, f"?instructor={slot.instructor_id}") == [slot.pk]
    assert ids(visitor, f"?location={slot.room.location_id}") == [slot.pk]
    assert ids(visitor, "?instructor=9223372036854775807") == []


def test_pages_follow_each_other_without_gap_or_repeat_even_at_one_instant(visitor: DescribedClient) -> None:
    at_once = clock.now() + timedelta(days=1)
    slots = [at(at_once) for _ in range(4)] + [at(at_once + timedelta(hours=n)) for n in (1, 2, 3)]
    seen: list[int] = []
    address = "/api/v1/slots/?limit=3"

    while address:
        page = visitor.get(address).json()
        seen += [slot["id"] for slot in page["results"]]
        address = page["next"]

    assert seen == [slot.pk for slot in slots]


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_takes_one_query_however_long_it_is(
    visitor: DescribedClient, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    SlotFactory.create_batch(rows)

    with django_assert_num_queries(1):
        assert len(ids(visitor)) == rows


def test_a_draft_is_there_for_its_instructor_and_the_staff_only(
    visitor: DescribedClient,
    api: DescribedClient,
    teaching: DescribedClient,
    managing: DescribedClient,
    instructor: Instructor,
) -> None:
    own = SlotFactory(state=Slot.State.DRAFT, instructor=instructor)
    other = SlotFactory(state=Slot.State.DRAFT, instructor=InstructorFactory())

    def sees(client: DescribedClient, slot: Slot) -> int:
        status: int = client.get(f"/api/v1/slots/{slot.pk}/").status_code
        return status

    assert [sees(client, own) for client in (visitor, api, teaching, managing)] == [404, 404, 200, 200]
    assert [sees(client, other) for client in (visitor, api, teaching, managing)] == [404, 404, 404, 200]


def test_a_draft_that_was_cancelled_is_no_colleagues_business(
    visitor: DescribedClient, teaching: DescribedClient, instructor: Instructor
) -> None:
    own, other = (
        SlotFactory(state=Slot.State.CANCELLED, published_at=None, instructor=each)
        for each in (instructor, InstructorFactory())
    )

    def sees(client: DescribedClient, slot: Slot) -> int:
        status: int = client.get(f"/api/v1/slots/{slot.pk}/").status_code
        return status

    assert [sees(teaching, own), sees(teaching, other), sees(visitor, other)] == [200, 404, 404]


def test_drafts_are_listed_for_those_who_may_see_them(
    visitor: DescribedClient,
    api: DescribedClient,
    teaching: DescribedClient,
    at_the_desk: DescribedClient,
    instructor: Instructor,
) -> None:
    own = SlotFactory(state=Slot.State.DRAFT, instructor=instructor)
    other = SlotFactory(state=Slot.State.DRAFT, starts_at=own.starts_at + timedelta(hours=1))
    SlotFactory(instructor=instructor, starts_at=own.starts_at + timedelta(hours=2))

    listed = [ids(client, "?state=draft") for client in (visitor, api, teaching, at_the_desk)]

    assert listed == [[], [], [own.pk], [own.pk, other.pk]]


def test_a_cancelled_slot_says_so(visitor: DescribedClient) -> None:
    slot = SlotFactory(state=Slot.State.CANCELLED)

    assert visitor.get(f"/api/v1/slots/{slot.pk}/").json()["state"] == "cancelled"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=yesterday", "from"),
        ("from=2026-13-01", "from"),
        ("from=0001-01-01", "from"),
        ("to=9999-12-31", "to"),
        ("to=9999-12-31T23:59:59-12:00", "to"),
        ("to=2026-10-24T18:00:00", "to"),
        ("to=2026-10-24%00", "to"),
        ("focus=hearts", "focus"),
        ("focus=%00", "focus"),
        ("instructor=-1", "instructor"),
        ("instructor=me", "instructor"),
        ("location=99999999999999999999", "location"),
        ("location=" + "9" * 5000, "location"),
        ("state=cancelled", "state"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=1e9", "limit"),
        ("after=nowhere", "after"),
        ("after=WzEsMl0", "after"),  # [1,2]
        ("after=WyI5OTk5LTEyLTMxVDIzOjU5OjU5KzAwOjAwIiwxXQ", "after"),  # ["9999-12-31T23:59:59+00:00",1]
        ("after=WyIyMDI2LTEyLTMxVDIzOjU5OjU5KzAwOjAwIiwtMV0", "after"),  # ["2026-…", -1]
        ("after=%00", "after"),
    ],
)
def test_a_query_that_makes_no_sense_names_its_field(visitor: DescribedClient, query: str, field: str) -> None:
    answer = visitor.get(f"/api/v1/slots/?{query}")

    assert (answer.status_code, answer.json()["code"], list(answer.json()["errors"])) == (400, "invalid_input", [field])
