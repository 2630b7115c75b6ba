"""Drafting and publishing by program."""

from datetime import UTC, datetime
from typing import Any

import pytest

from accounts import roles
from core import clock
from scheduling.models import ClassType, Instructor, Room, Slot, SlotChange
from tests.api.client import DescribedClient
from tests.factories import ClassTypeFactory, InstructorFactory, RoomFactory, SlotFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _october(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "reading", lambda: datetime(2026, 10, 20, tzinfo=UTC))


@pytest.fixture
def class_type() -> ClassType:
    taught: ClassType = ClassTypeFactory(capacity=8, price=1800, minutes=60)
    return taught


@pytest.fixture
def room() -> Room:
    place: Room = RoomFactory(size=10)
    return place


def draft(client: DescribedClient, **fields: Any) -> Any:
    return client.post("/api/v1/slots/", fields, format="json")


def test_an_instructor_drafts_at_a_wall_time(
    teaching: DescribedClient, instructor: Instructor, class_type: ClassType, room: Room
) -> None:
    answer = draft(teaching, class_type=class_type.pk, room=room.pk, date="2026-11-24", wall_time="18:00")

    slot = Slot.objects.get()
    assert (answer.status_code, answer["Location"]) == (201, f"/api/v1/slots/{slot.pk}/")
    assert answer.json()["starts_at"] == "2026-11-24T18:00:00+01:00"
    assert (slot.state, slot.instructor, slot.room) == (Slot.State.DRAFT, instructor, room)
    assert (slot.capacity, slot.price, slot.duration.total_seconds()) == (8, 1800, 3600)


def test_an_instructor_drafts_at_an_instant_with_their_own_figures(
    teaching: DescribedClient, class_type: ClassType
) -> None:
    starts_at = "2026-11-24T19:00:00+02:00"

    answer = draft(teaching, class_type=class_type.pk, starts_at=starts_at, minutes=90, capacity=6, price=2500)

    slot = Slot.objects.get()
    assert answer.json()["starts_at"] == "2026-11-24T18:00:00+01:00"
    assert (slot.starts_at, slot.ends_at) == (
        datetime(2026, 11, 24, 17, tzinfo=UTC),
        datetime(2026, 11, 24, 18, 30, tzinfo=UTC),
    )
    assert (slot.capacity, slot.price, slot.room) == (6, 2500, None)


def test_of_two_programs_that_change_one_draft_the_second_is_told(
    teaching: DescribedClient, managing: DescribedClient, instructor: Instructor
) -> None:
    own = SlotFactory(state=Slot.State.DRAFT, instructor=instructor, starts_at=datetime(2026, 11, 24, 17, tzinfo=UTC))
    address = f"/api/v1/slots/{own.pk}/"

    first = managing.patch(address, {"revision": 0, "capacity": 5}, format="json")
    second = teaching.patch(address, {"revision": 0, "price": 900}, format="json")

    own.refresh_from_db()
    assert first.json()["slots"][0]["revision"] == 1
    assert (second.status_code, second.json()["code"]) == (409, "changed_meanwhile")
    assert (own.capacity, own.price, own.state) == (5, own.class_type.price, Slot.State.DRAFT)
    assert SlotChange.objects.get().before == {"capacity": 8}


def test_an_instructor_publishes_and_doing_it_again_changes_nothing(
    teaching: DescribedClient, visitor: DescribedClient, instructor: Instructor
) -> None:
    slot = SlotFactory(state=Slot.State.DRAFT, instructor=instructor)

    answers = [teaching.post(f"/api/v1/slots/{slot.pk}/publish/") for _ in range(2)]

    assert [(answer.status_code, answer.json()["state"]) for answer in answers] == [(200, "published")] * 2
    assert [slot["id"] for slot in visitor.get("/api/v1/slots/").json()["results"]] == [slot.pk]


def test_publishing_counts_as_a_change_for_whoever_saw_the_draft(
    teaching: DescribedClient, instructor: Instructor
) -> None:
    slot = SlotFactory(state=Slot.State.DRAFT, instructor=instructor)
    published = teaching.post(f"/api/v1/slots/{slot.pk}/publish/").json()

    stale, fresh = (
        teaching.patch(f"/api/v1/slots/{slot.pk}/", {"revision": revision, "capacity": 5}, format="json")
        for revision in (0, published["revision"])
    )

    assert published["revision"] == 1
    assert (stale.status_code, stale.json()["code"]) == (409, "changed_meanwhile")
    assert (fresh.status_code, fresh.json()["slots"][0]["capacity"]) == (200, 5)


def test_a_state_in_the_request_publishes_nothing(teaching: DescribedClient, class_type: ClassType) -> None:
    draft(
        teaching,
        class_type=class_type.pk,
        starts_at="2026-11-24T18:00:00Z",
        state="published",
        taken=3,
        published_at="x",
    )

    slot = Slot.objects.get()
    assert (slot.state, slot.taken, slot.published_at) == (Slot.State.DRAFT, 0, None)


def test_nobody_publishes_the_slot_of_somebody_else(teaching: DescribedClient) -> None:
    slots = [SlotFactory(state=state) for state in (Slot.State.DRAFT, Slot.State.PUBLISHED)]

    answers = [teaching.post(f"/api/v1/slots/{slot.pk}/publish/") for slot in slots]

    assert [answer.status_code for answer in answers] == [404, 404]
    slots[0].refresh_from_db()
    assert slots[0].state == Slot.State.DRAFT


def test_an_instructor_drafts_for_nobody_else(teaching: DescribedClient, class_type: ClassType) -> None:
    other = InstructorFactory()

    answer = draft(teaching, class_type=class_type.pk, starts_at="2026-11-24T18:00:00Z", instructor=other.pk)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["instructor"])
    assert not Slot.objects.exists()


def test_who_teaches_and_works_at_the_desk_still_plans_the_own_classes_only(
    teaching: DescribedClient, instructor: Instructor, class_type: ClassType
) -> None:
    roles.assign_role(instructor.user, roles.FRONT_DESK)
    slot = SlotFactory(state=Slot.State.DRAFT)

    published = teaching.post(f"/api/v1/slots/{slot.pk}/publish/")
    drafted = draft(
        teaching, class_type=class_type.pk, instructor=slot.instructor_id, starts_at="2026-11-24T18:00:00+01:00"
    )

    assert (published.status_code, drafted.status_code) == (404, 400)


def test_an_instructor_who_has_left_plans_nothing_and_is_planned_for_nothing(
    teaching: DescribedClient, managing: DescribedClient, instructor: Instructor, class_type: ClassType
) -> None:
    planned = SlotFactory(instructor=instructor, state=Slot.State.DRAFT, starts_at=datetime(2026, 11, 25, tzinfo=UTC))
    Instructor.objects.filter(pk=instructor.pk).update(is_active=False)

    drafted = draft(teaching, class_type=class_type.pk, starts_at="2026-11-24T18:00:00Z")
    published = managing.post(f"/api/v1/slots/{planned.pk}/publish/")

    assert (drafted.status_code, list(drafted.json()["errors"])) == (400, ["instructor"])
    assert (published.status_code, published.json()["code"]) == (422, "instructor_has_left")


def test_the_manager_drafts_and_publishes_for_an_instructor(
    managing: DescribedClient, instructor: Instructor, class_type: ClassType
) -> None:
    unnamed = draft(managing, class_type=class_type.pk, starts_at="2026-11-24T18:00:00Z")
    named = draft(
        managing,
        class_type=class_type.pk,
        starts_at="2026-11-24T18:00:00Z",
        instructor=instructor.pk,
        online_link="https://meet.example.org/back",
    )
    published = managing.post(f"{named['Location']}publish/")

    assert (unnamed.status_code, list(unnamed.json()["errors"])) == (400, ["instructor"])
    assert (named.status_code, named.json()["instructor"]["id"]) == (201, instructor.pk)
    assert published.json()["state"] == "published"


def test_patients_the_desk_and_visitors_neither_draft_nor_publish(
    api: DescribedClient, at_the_desk: DescribedClient, visitor: DescribedClient, class_type: ClassType
) -> None:
    slot = SlotFactory(state=Slot.State.DRAFT)

    for client, status in ((api, 403), (at_the_desk, 403), (visitor, 401)):
        assert draft(client, class_type=class_type.pk, starts_at="2026-11-24T18:00:00Z").status_code == status
        assert client.post(f"/api/v1/slots/{slot.pk}/publish/").status_code == status
    assert Slot.objects.get().state == Slot.State.DRAFT


def test_each_refusal_carries_its_code(
    teaching: DescribedClient, instructor: Instructor, class_type: ClassType, room: Room
) -> None:
    SlotFactory(room=room, starts_at=datetime(2026, 11, 24, 17, tzinfo=UTC))
    SlotFactory(instructor=instructor, starts_at=datetime(2026, 11, 25, 17, tzinfo=UTC))
    wanted = {"class_type": class_type.pk, "room": room.pk}

    def refusal(**fields: Any) -> tuple[int, str]:
        answer = draft(teaching, **wanted | fields)
        return answer.status_code, answer.json()["code"]

    assert refusal(date="2026-11-24", wall_time="18:30") == (409, "room_taken")
    assert refusal(date="2026-11-25", wall_time="17:30") == (409, "instructor_teaching")
    assert refusal(date="2026-10-19", wall_time="18:00") == (422, "slot_in_the_past")
    assert refusal(date="2028-11-26", wall_time="18:00") == (422, "too_far_ahead")
    assert refusal(date="2026-11-26", wall_time="18:00", price=1_000_001) == (422, "price_too_high")
    assert refusal(date="2026-11-26", wall_time="18:00", capacity=11) == (422, "room_too_small")
    assert refusal(date="2026-11-26", wall_time="18:00", capacity=501) == (400, "invalid_input")
    assert refusal(date="2026-11-26", wall_time="18:00", minutes=601) == (400, "invalid_input")
    ClassType.objects.update(capacity=501)
    assert refusal(date="2026-11-26", wall_time="18:00") == (422, "places_out_of_range")
    assert refusal(date="2027-03-28", wall_time="02:30") == (422, "nonexistent_wall_time")
    assert refusal(date="2026-10-25", wall_time="02:30") == (422, "ambiguous_wall_time")
    assert Slot.objects.count() == 2


@pytest.mark.parametrize(("fold", "hour"), [(0, 0), (1, 1)])
def test_a_wall_time_that_happens_twice_is_chosen_by_its_fold(
    teaching: DescribedClient, class_type: ClassType, fold: int, hour: int
) -> None:
    draft(teaching, class_type=class_type.pk, date="2026-10-25", wall_time="02:30", fold=fold)

    assert Slot.objects.get().starts_at == datetime(2026, 10, 25, hour, 30, tzinfo=UTC)


def test_a_class_type_that_is_not_offered_any_more_is_not_known(teaching: DescribedClient) -> None:
    gone = ClassTypeFactory(is_active=False)

    answer = draft(teaching, class_type=gone.pk, starts_at="2026-11-24T18:00:00Z")

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["class_type"])


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, "starts_at"),
        ({"date": "2026-11-24"}, "starts_at"),
        ({"wall_time": "18:00"}, "starts_at"),
        ({"starts_at": "2026-11-24T18:00:00Z", "date": "2026-11-24", "wall_time": "18:00"}, "starts_at"),
        ({"starts_at": "2026-11-24T18:00:00"}, "starts_at"),
        ({"starts_at": "9999-12-31T23:59:59Z"}, "starts_at"),
        ({"starts_at": 1_700_000_000}, "starts_at"),
        ({"starts_at": ["2026-11-24T18:00:00Z"]}, "starts_at"),
        ({"starts_at": "\x00"}, "starts_at"),
        ({"date": "9999-12-31", "wall_time": "23:59"}, "starts_at"),
        ({"date": "2026-11-24", "wall_time": "25:00"}, "wall_time"),
        ({"date": "2026-11-24", "wall_time": "\x00"}, "wall_time"),
        ({"date": "2026-11-24", "wall_time": "18:00", "room": -1}, "room"),
        ({"date": "2026-11-24", "wall_time": "18:00", "room": 10**30}, "room"),
        ({"date": "2026-11-24", "wall_time": "18:00", "room": "\x00"}, "room"),
        ({"date": "2026-11-24", "wall_time": "18:00", "room": {"id": 1}}, "room"),
        ({"date": "2026-11-24", "wall_time": "18:00", "class_type": True}, "class_type"),
        ({"date": "2026-11-24", "wall_time": "18:00", "capacity": 0}, "capacity"),
        ({"date": "2026-11-24", "wall_time": "18:00", "capacity": 10**12}, "capacity"),
        ({"date": "2026-11-24", "wall_time": "18:00", "price": -1}, "price"),
        ({"date": "2026-11-24", "wall_time": "18:00", "price": 10**12}, "price"),
        ({"date": "2026-11-24", "wall_time": "18:00", "minutes": 10**6}, "minutes"),
    ],
)
def test_a_draft_that_makes_no_sense_names_its_field(
    teaching: DescribedClient, class_type: ClassType, fields: dict[str, Any], wrong: str
) -> None:
    answer = draft(teaching, **{"class_type": class_type.pk} | fields)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, [wrong])
    assert not Slot.objects.exists()
