"""Changing, cancelling, series and closures by program: the pages' rules, and nobody else's business."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core import clock
from scheduling.models import ClassType, Closure, Instructor, Room, Series, Slot
from scheduling.operations import stamp_series
from tests.api.client import DescribedClient
from tests.factories import (
    BookingFactory,
    ClassTypeFactory,
    ClosureFactory,
    InstructorFactory,
    RoomFactory,
    SeriesFactory,
    SlotFactory,
)

pytestmark = pytest.mark.django_db

SIX = datetime(2026, 11, 24, 17, tzinfo=UTC)  # 18:00 in Berlin, a Tuesday
CHRISTMAS = {"from": "2026-12-24", "to": "2026-12-26", "reason": "Christmas"}


@pytest.fixture(autouse=True)
def _october(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "reading", lambda: datetime(2026, 10, 20, tzinfo=UTC))


@pytest.fixture
def own(instructor: Instructor) -> Slot:
    return SlotFactory(instructor=instructor, starts_at=SIX)


@pytest.fixture
def own_series(instructor: Instructor) -> Series:
    series = SeriesFactory(instructor=instructor, starts_on=SIX.date())
    stamp_series(series=series)
    return series


def patch(client: DescribedClient, slot: Slot, **fields: Any) -> Any:
    return client.patch(f"/api/v1/slots/{slot.pk}/", {"revision": slot.revision} | fields, format="json")


def post(client: DescribedClient, path: str, **fields: Any) -> Any:
    return client.post(f"/api/v1/{path}", fields, format="json")


class TestChanging:
    def test_moves_one_slot_and_leaves_the_rest_as_it_is(self, teaching: DescribedClient, own: Slot) -> None:
        answer = patch(teaching, own, date="2026-11-24", wall_time="18:30")

        [slot] = answer.json()["slots"]
        assert (slot["starts_at"], slot["ends_at"]) == ("2026-11-24T18:30:00+01:00", "2026-11-24T19:30:00+01:00")
        assert (slot["revision"], slot["capacity"], slot["price"]) == (1, own.capacity, own.price)

    def test_changes_this_and_the_following_of_a_series(self, teaching: DescribedClient, own_series: Series) -> None:
        slots = list(own_series.slots.order_by("starts_at"))

        answer = patch(teaching, slots[2], scope="following", capacity=5)

        assert [slot["id"] for slot in answer.json()["slots"]] == [slot.pk for slot in slots[2:]]
        assert [slot.capacity for slot in Slot.objects.order_by("starts_at")] == [8, 8] + [5] * (len(slots) - 2)

    def test_without_a_difference_changes_nothing(self, teaching: DescribedClient, own: Slot) -> None:
        assert patch(teaching, own, capacity=own.capacity).json() == {"slots": []}

    def test_is_refused_when_somebody_was_faster(self, teaching: DescribedClient, own: Slot) -> None:
        Slot.objects.filter(pk=own.pk).update(revision=1)

        answer = patch(teaching, own, capacity=5)

        own.refresh_from_db()
        assert (answer.status_code, answer.json()["code"], own.capacity) == (409, "changed_meanwhile", 8)

    def test_each_refusal_carries_its_code(self, teaching: DescribedClient, instructor: Instructor, own: Slot) -> None:
        taken = SlotFactory(starts_at=SIX)
        BookingFactory.create_batch(2, slot=own)
        begun = SlotFactory(instructor=instructor, starts_at=datetime(2026, 10, 19, tzinfo=UTC))

        def refusal(slot: Slot, **fields: Any) -> tuple[int, str]:
            answer = patch(teaching, slot, **fields)
            return answer.status_code, answer.json()["code"]

        assert refusal(own, room=taken.room_id) == (409, "room_taken")
        assert refusal(own, capacity=1) == (409, "capacity_below_taken")
        assert refusal(own, scope="following", capacity=9) == (422, "not_part_of_series")
        assert refusal(own, room=None) == (422, "needs_room_or_link")
        assert refusal(own, date="2027-03-28", wall_time="02:30") == (422, "nonexistent_wall_time")
        assert refusal(begun, capacity=9) == (409, "cannot_change")

    def test_of_a_series_names_what_is_in_the_way_which_can_be_left_out(
        self, teaching: DescribedClient, own_series: Series
    ) -> None:
        first, second, third, *_others = own_series.slots.order_by("starts_at")
        taken = SlotFactory(starts_at=third.starts_at)

        refused = patch(teaching, second, scope="following", room=taken.room_id)
        done = patch(teaching, second, scope="following", room=taken.room_id, leave_out=[third.pk])
        nobody = patch(teaching, first, leave_out=[first.pk], capacity=5)

        [blocked] = refused.json()["blocked"]
        assert (refused.status_code, refused.json()["code"]) == (409, "days_blocked")
        assert (blocked["day"], blocked["slot"], blocked["code"]) == ("2026-12-08", third.pk, "room_taken")
        assert third.pk not in [slot["id"] for slot in done.json()["slots"]]
        assert list(Slot.objects.filter(room=taken.room).order_by("starts_at")[:2]) == [second, taken]
        assert Slot.objects.get(is_exception=True) == third
        assert (nobody.status_code, nobody.json()["code"]) == (422, "no_class_left")

    @pytest.mark.parametrize(
        ("fields", "wrong"),
        [
            ({"leave_out": 3}, "leave_out"),
            ({"leave_out": ["x"]}, "leave_out"),
            ({"leave_out": [10**30]}, "leave_out"),
            ({"leave_out": [1] * 801}, "leave_out"),
            ({"revision": -1}, "revision"),
            ({"revision": 10**30}, "revision"),
            ({"revision": None}, "revision"),
            ({"scope": "everything"}, "scope"),
            ({"wall_time": "18:00"}, "starts_at"),
            ({"date": "9999-12-31", "wall_time": "18:00"}, "starts_at"),
            ({"online_link": "javascript:alert(1)"}, "online_link"),
            ({"capacity": 0}, "capacity"),
            ({"price": 10**30}, "price"),
        ],
    )
    def test_what_makes_no_sense_names_its_field(
        self, teaching: DescribedClient, own: Slot, fields: dict[str, Any], wrong: str
    ) -> None:
        answer = patch(teaching, own, **fields)

        assert (answer.status_code, list(answer.json()["errors"])) == (400, [wrong])

    def test_takes_no_field_that_is_not_the_planners(self, teaching: DescribedClient, own: Slot) -> None:
        patch(teaching, own, capacity=6, taken=3, state="cancelled", moved_at="2026-01-01T00:00:00Z", currency="usd")

        own.refresh_from_db()
        assert (own.capacity, own.taken, own.state, own.moved_at, own.currency) == (6, 0, "published", None, "eur")

    def test_an_instructor_hands_no_class_to_somebody_else_but_a_manager_does(
        self, teaching: DescribedClient, managing: DescribedClient, own: Slot
    ) -> None:
        other = InstructorFactory()

        refused, done = (patch(client, own, instructor=other.pk) for client in (teaching, managing))

        assert (refused.status_code, list(refused.json()["errors"])) == (400, ["instructor"])
        assert done.json()["slots"][0]["instructor"]["id"] == other.pk


class TestCancelling:
    def test_tells_why_and_doing_it_again_changes_nothing(self, teaching: DescribedClient, own: Slot) -> None:
        wish = {"revision": 0, "reason": "Burst pipe"}

        first, again = (post(teaching, f"slots/{own.pk}/cancel/", **wish) for _ in range(2))

        own.refresh_from_db()
        assert [slot["state"] for slot in first.json()["slots"]] == ["cancelled"]
        assert again.json() == {"slots": []}
        assert (own.state, own.cancel_reason, own.revision) == (Slot.State.CANCELLED, "Burst pipe", 1)

    def test_of_all_upcoming_ends_the_series(self, teaching: DescribedClient, own_series: Series) -> None:
        slot = own_series.slots.first()

        answer = post(teaching, f"slots/{slot.pk}/cancel/", revision=0, scope="upcoming")

        assert len(answer.json()["slots"]) == own_series.slots.count()
        assert not Slot.objects.published().exists()

    def test_of_an_older_revision_is_refused(self, teaching: DescribedClient, own: Slot) -> None:
        Slot.objects.filter(pk=own.pk).update(revision=3)

        answer = post(teaching, f"slots/{own.pk}/cancel/", revision=2)

        assert (answer.status_code, answer.json()["code"]) == (409, "changed_meanwhile")
        assert Slot.objects.published().count() == 1

    def test_can_be_taken_back_until_people_were_told(
        self, teaching: DescribedClient, instructor: Instructor, own: Slot
    ) -> None:
        booked = BookingFactory(slot__instructor=instructor, slot__starts_at=SIX + timedelta(days=1)).slot
        for slot in (own, booked):
            post(teaching, f"slots/{slot.pk}/cancel/", revision=0)

        restored, refused = (post(teaching, f"slots/{slot.pk}/restore/") for slot in (own, booked))

        assert (restored.status_code, restored.json()["state"]) == (200, "published")
        assert (refused.status_code, refused.json()["code"]) == (409, "people_were_told")


class TestSeries:
    @pytest.fixture
    def wish(self) -> dict[str, Any]:
        return {
            "class_type": ClassTypeFactory(capacity=8, price=1800, minutes=60).pk,
            "room": RoomFactory(size=10).pk,
            "recurrence": "FREQ=WEEKLY;COUNT=3",
            "starts_on": "2026-10-20",
            "wall_time": "18:00",
        }

    def test_are_previewed_without_saving_anything(self, teaching: DescribedClient, wish: dict[str, Any]) -> None:
        SlotFactory(room_id=wish["room"], starts_at=datetime(2026, 10, 27, 17, tzinfo=UTC))
        ClosureFactory(starts_at=datetime(2026, 11, 3, tzinfo=UTC))

        days = post(teaching, "series/preview/", **wish).json()["days"]

        assert [(day["day"], day["starts_at"], day["is_closed"]) for day in days] == [
            ("2026-10-20", "2026-10-20T18:00:00+02:00", False),
            ("2026-10-27", None, False),
            ("2026-11-03", None, True),
        ]
        assert [day["problem"] and day["problem"]["code"] for day in days] == [None, "room_taken", "closed"]
        assert not Series.objects.exists() and Slot.objects.count() == 1

    def test_start_with_all_their_slots_or_none(
        self, teaching: DescribedClient, instructor: Instructor, wish: dict[str, Any]
    ) -> None:
        SlotFactory(room_id=wish["room"], starts_at=datetime(2026, 10, 27, 17, tzinfo=UTC))

        refused = post(teaching, "series/", **wish)
        started = post(teaching, "series/", **wish, skipped_days=["2026-10-27"], publishes=False)

        series = Series.objects.get()
        assert (refused.status_code, refused.json()["code"]) == (409, "days_blocked")
        assert (started.status_code, started.json()["id"], started.json()["wall_time"]) == (201, series.pk, "18:00")
        assert (series.instructor, series.time_zone) == (instructor, "Europe/Berlin")
        assert [slot.state for slot in series.slots.all()] == ["draft", "draft"]

    def test_of_others_are_listed_for_managers_only(
        self, teaching: DescribedClient, managing: DescribedClient, own_series: Series
    ) -> None:
        other = SeriesFactory()

        listed = [
            [series["id"] for series in client.get("/api/v1/series/").json()["results"]]
            for client in (teaching, managing)
        ]

        assert listed == [[own_series.pk], [own_series.pk, other.pk]]

    @pytest.mark.parametrize(
        ("fields", "wrong"),
        [
            ({"starts_on": "9999-12-31"}, "starts_on"),
            ({"starts_on": "0001-01-01"}, "starts_on"),
            ({"ends_on": "2026-10-19"}, "ends_on"),
            ({"time_zone": "Europe/Nowhere"}, "time_zone"),
            ({"time_zone": "../../etc/passwd"}, "time_zone"),
            ({"wall_time": "25:00"}, "wall_time"),
            ({"recurrence": "x" * 501}, "recurrence"),
            ({"recurrence": "\x00"}, "recurrence"),
            ({"skipped_days": ["2026-10-27"] * 801}, "skipped_days"),
            ({"minutes": 0}, "minutes"),
        ],
    )
    def test_what_makes_no_sense_names_its_field(
        self, teaching: DescribedClient, wish: dict[str, Any], fields: dict[str, Any], wrong: str
    ) -> None:
        answers = [post(teaching, path, **wish | fields) for path in ("series/", "series/preview/")]

        assert [(answer.status_code, list(answer.json()["errors"])) for answer in answers] == [(400, [wrong])] * 2

    @pytest.mark.parametrize("rule", ["FREQ=SECONDLY", "FREQ=WEEKLY;UNTIL=20270101", "nonsense", "FREQ=DAILY;COUNT=0"])
    def test_a_rule_that_is_none_is_refused(self, teaching: DescribedClient, wish: dict[str, Any], rule: str) -> None:
        answer = post(teaching, "series/preview/", **wish | {"recurrence": rule})

        assert (answer.status_code, answer.json()["code"]) == (422, "rule_not_understood")

    def test_30_a_wall_time_that_some_night_has_twice_is_asked_about_before_they_start(
        self, teaching: DescribedClient, wish: dict[str, Any]
    ) -> None:
        nightly = wish | {"recurrence": "FREQ=WEEKLY", "starts_on": "2026-11-01", "wall_time": "02:30"}

        unsaid = [post(teaching, path, **nightly) for path in ("series/", "series/preview/")]
        said = post(teaching, "series/", **nightly, fold=1)

        assert [(answer.status_code, answer.json()["code"]) for answer in unsaid] == [(422, "ambiguous_wall_time")] * 2
        assert (said.status_code, Series.objects.get().fold) == (201, 1)

    def test_are_planned_for_nobody_else(self, teaching: DescribedClient, wish: dict[str, Any]) -> None:
        other = InstructorFactory()

        answers = [post(teaching, path, **wish, instructor=other.pk) for path in ("series/", "series/preview/")]

        assert [(answer.status_code, list(answer.json()["errors"])) for answer in answers] == [
            (400, ["instructor"])
        ] * 2


class TestClosures:
    def test_cancel_nothing_name_the_classes_in_them_and_sent_twice_are_one(self, managing: DescribedClient) -> None:
        slot = SlotFactory(starts_at=datetime(2026, 12, 24, 9, tzinfo=UTC))

        answer, again = (post(managing, "closures/", **CHRISTMAS) for _ in range(2))

        closure = answer.json()
        assert (closure["starts_at"], closure["ends_at"]) == ("2026-12-24T00:00:00+01:00", "2026-12-27T00:00:00+01:00")
        assert [each["id"] for each in closure["conflicts"]] == [slot.pk]
        assert answer["Location"] == f"/api/v1/closures/{closure['id']}/"
        assert (again.json(), Slot.objects.published().count()) == (closure, 1)

    def test_are_public_while_they_are_not_over(self, visitor: DescribedClient) -> None:
        room = RoomFactory()
        over = ClosureFactory(starts_at=datetime(2026, 10, 1, tzinfo=UTC))
        closure = ClosureFactory(room=room)

        listed = visitor.get("/api/v1/closures/").json()["results"]

        assert [each["id"] for each in listed] == [closure.pk]
        assert (listed[0]["room"], listed[0]["location"]) == ({"id": room.pk, "name": room.name}, None)
        assert visitor.get(f"/api/v1/closures/{over.pk}/").json()["id"] == over.pk

    def test_are_removed(self, managing: DescribedClient) -> None:
        closure = ClosureFactory()

        first, again = (managing.delete(f"/api/v1/closures/{closure.pk}/") for _ in range(2))

        assert (first.status_code, first.json()["id"], again.status_code) == (200, closure.pk, 404)
        assert not Closure.objects.exists()

    def test_refuse_impossible_times_and_two_places(self, managing: DescribedClient) -> None:
        room = RoomFactory()

        backwards = post(managing, "closures/", **CHRISTMAS | {"to": "2026-12-20"})
        over = post(managing, "closures/", **CHRISTMAS | {"from": "2026-01-01", "to": "2026-01-02"})
        far = post(managing, "closures/", **CHRISTMAS | {"to": "2999-01-01"})
        both = post(managing, "closures/", **CHRISTMAS, room=room.pk, location=room.location_id)

        assert [(each.status_code, each.json()["code"]) for each in (backwards, over, far, both)] == [
            (422, "ends_before_it_begins"),
            (422, "already_over"),
            (422, "too_far_ahead"),
            (400, "invalid_input"),
        ]


class TestWhoMay:
    """Fault 51: each way of writing, and of reading what is not public, by each role; nothing changes."""

    @pytest.fixture
    def rows(self, class_type: ClassType, room: Room) -> dict[str, Any]:
        return {"slot": SlotFactory(starts_at=SIX), "closure": ClosureFactory()}

    @pytest.fixture
    def class_type(self) -> ClassType:
        return ClassTypeFactory()

    @pytest.fixture
    def room(self) -> Room:
        return RoomFactory()

    ASKED = [
        ("patch", "slots/{slot.pk}/", True),
        ("post", "slots/{slot.pk}/cancel/", True),
        ("post", "slots/{slot.pk}/restore/", True),
        ("get", "series/", False),
        ("post", "series/", False),
        ("post", "series/preview/", False),
        ("post", "closures/", None),
        ("delete", "closures/{closure.pk}/", None),
    ]

    @pytest.mark.parametrize(("method", "path", "is_of_somebody"), ASKED)
    def test_only_who_plans(
        self,
        visitor: DescribedClient,
        api: DescribedClient,
        at_the_desk: DescribedClient,
        teaching: DescribedClient,
        rows: dict[str, Any],
        method: str,
        path: str,
        is_of_somebody: bool | None,
    ) -> None:
        before = list(Slot.objects.values())
        address = f"/api/v1/{path.format(**rows)}"

        answers = [
            getattr(client, method)(address, CHRISTMAS | {"revision": 0, "capacity": 3}, format="json").status_code
            for client in (visitor, api, at_the_desk, teaching)
        ]

        teachers = {True: 404, False: 200 if method == "get" else 400, None: 403}[is_of_somebody]
        assert answers == [401, 403, 403, teachers]
        assert list(Slot.objects.values()) == before
        assert (Closure.objects.count(), Series.objects.count()) == (1, 0)

    def test_the_link_to_join_is_in_no_answer(self, visitor: DescribedClient, managing: DescribedClient) -> None:
        slot = SlotFactory(room=None, online_link="https://meet.example.org/secret", starts_at=SIX)

        answers = [visitor.get("/api/v1/slots/"), visitor.get(f"/api/v1/slots/{slot.pk}/")]
        answers.append(patch(managing, slot, capacity=5))

        assert not any(b"meet.example.org" in answer.content for answer in answers)
