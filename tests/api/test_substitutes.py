"""Substitutes by program: the pages' rules, the same one who is first, and nobody else's business."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts import roles
from core import clock
from notifications.models import Kind, Message
from scheduling.models import Instructor, Slot, SubstituteRequest
from scheduling.operations import ask_for_substitute
from tests.api.client import DescribedClient, signed_in
from tests.factories import (
    BookingFactory,
    InstructorFactory,
    QualificationFactory,
    SlotFactory,
    SubstituteRequestFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

SIX = datetime(2026, 11, 24, 17, tzinfo=UTC)  # 18:00 in Berlin, a Tuesday
REQUESTS = "/api/v1/substitute-requests/"


@pytest.fixture(autouse=True)
def _october(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "reading", lambda: datetime(2026, 10, 20, tzinfo=UTC))


@pytest.fixture
def own(instructor: Instructor) -> Slot:
    """A class of the instructor, who teaches by program."""
    return SlotFactory(instructor=instructor, starts_at=SIX)


@pytest.fixture
def helena(db: None) -> Instructor:
    return InstructorFactory(user__name="Helena Brandt")


@pytest.fixture
def wanted(own: Slot, helena: Instructor) -> SubstituteRequest:
    """The instructor looks for a substitute, and Helena is asked."""
    return ask_for_substitute(slot=own, by=own.instructor.user)


@pytest.fixture
def colleague(helena: Instructor) -> DescribedClient:
    """Helena's program."""
    return signed_in(helena.user)


def post(client: DescribedClient, path: str, **fields: Any) -> Any:
    return client.post(f"/api/v1/{path}", fields, format="json")


def outcome(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


class TestAsking:
    def test_tells_those_who_are_free_and_twice_is_once(
        self, teaching: DescribedClient, own: Slot, helena: Instructor
    ) -> None:
        SlotFactory(starts_at=SIX)  # a colleague who is not

        first, again = (post(teaching, f"slots/{own.pk}/ask-for-substitute/") for _ in range(2))

        asked = first.json()
        assert first.status_code == 200 and again.json() == asked
        assert (asked["state"], asked["slot"]["id"], asked["filled_by"]) == ("open", own.pk, None)
        assert asked["instead_of"] == {"id": own.instructor_id, "name": own.instructor.name}
        assert [each.recipient for each in Message.objects.filter(kind=Kind.SUBSTITUTE_WANTED)] == [helena.user]

    def test_for_a_class_that_has_begun_or_was_cancelled_is_refused(
        self, teaching: DescribedClient, instructor: Instructor
    ) -> None:
        begun = SlotFactory(instructor=instructor, starts_at=clock.now() - timedelta(minutes=5))
        cancelled = SlotFactory(instructor=instructor, state=Slot.State.CANCELLED, starts_at=SIX)

        answers = [post(teaching, f"slots/{slot.pk}/ask-for-substitute/") for slot in (begun, cancelled)]

        assert [outcome(answer) for answer in answers] == [(409, "cannot_change")] * 2

    def test_is_taken_back_and_twice_is_once(self, teaching: DescribedClient, wanted: SubstituteRequest) -> None:
        first, again = (post(teaching, f"substitute-requests/{wanted.pk}/withdraw/") for _ in range(2))

        assert first.json()["state"] == again.json()["state"] == "withdrawn"
        assert first.json()["closed_at"] == again.json()["closed_at"] is not None


class TestColleagues:
    def test_those_who_can_come_first_and_the_others_say_why_not(
        self, teaching: DescribedClient, own: Slot, helena: Instructor
    ) -> None:
        busy = SlotFactory(starts_at=SIX, instructor__user__name="Ben Ott", class_type__name="Steady Core").instructor

        listed = teaching.get(f"/api/v1/slots/{own.pk}/colleagues/").json()["colleagues"]

        assert [(each["instructor"]["name"], each["can"]) for each in listed] == [
            ("Helena Brandt", True),
            (busy.name, False),
        ]
        assert listed[0]["why_not"] is None
        assert listed[1]["why_not"]["code"] == "instructor_teaching"
        assert "Steady Core" in listed[1]["why_not"]["detail"]

    def test_nobody_can_teach_what_is_over(self, teaching: DescribedClient, instructor: Instructor) -> None:
        InstructorFactory()
        over = SlotFactory(instructor=instructor, starts_at=clock.now() - timedelta(days=1))

        assert teaching.get(f"/api/v1/slots/{over.pk}/colleagues/").json() == {"colleagues": []}

    @pytest.mark.parametrize("count", [1, 3])
    def test_cost_the_same_few_queries_for_many(
        self, teaching: DescribedClient, own: Slot, count: int, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        InstructorFactory.create_batch(count)

        # token, patient, permissions (2), roles, slot, instructors, needs, closures, times off, clashes
        with django_assert_num_queries(11):
            answer = teaching.get(f"/api/v1/slots/{own.pk}/colleagues/")

        assert len(answer.json()["colleagues"]) == count


class TestAccepting:
    def test_gives_the_class_to_who_accepts_tells_the_patients_and_twice_is_once(
        self, colleague: DescribedClient, helena: Instructor, wanted: SubstituteRequest
    ) -> None:
        booking = BookingFactory(slot=wanted.slot)

        first, again = (post(colleague, f"substitute-requests/{wanted.pk}/accept/", revision=0) for _ in range(2))

        taken = first.json()
        assert first.status_code == 200 and again.json() == taken
        assert (taken["state"], taken["filled_by"]["id"]) == ("filled", helena.pk)
        assert (taken["slot"]["instructor"]["id"], taken["slot"]["revision"]) == (helena.pk, 1)
        assert Message.objects.get(kind=Kind.CLASS_CHANGED).booking == booking

    def test_the_second_is_told_who_was_first(
        self, colleague: DescribedClient, helena: Instructor, wanted: SubstituteRequest
    ) -> None:
        late = signed_in(InstructorFactory().user)
        post(colleague, f"substitute-requests/{wanted.pk}/accept/", revision=0)

        refused = post(late, f"substitute-requests/{wanted.pk}/accept/", revision=0)

        assert outcome(refused) == (409, "already_taken_over")
        assert "Helena Brandt has taken this class over already" in refused.json()["detail"]
        assert Slot.objects.get().instructor == helena

    def test_each_refusal_carries_its_code(
        self, teaching: DescribedClient, colleague: DescribedClient, helena: Instructor, wanted: SubstituteRequest
    ) -> None:
        accept = f"substitute-requests/{wanted.pk}/accept/"
        stale = post(colleague, accept, revision=3)
        SlotFactory(instructor=helena, starts_at=SIX)
        busy = post(colleague, accept, revision=0)
        post(teaching, f"substitute-requests/{wanted.pk}/withdraw/")
        late = post(colleague, accept, revision=0)
        nonsense = post(colleague, accept, revision="x")

        assert [outcome(answer) for answer in (stale, busy, late, nonsense)] == [
            (409, "changed_meanwhile"),
            (409, "instructor_teaching"),
            (409, "no_longer_wanted"),
            (400, "invalid_input"),
        ]
        assert Slot.objects.get(pk=wanted.slot_id).instructor == wanted.instead_of

    def test_who_is_not_qualified_is_refused(self, colleague: DescribedClient, wanted: SubstituteRequest) -> None:
        wanted.slot.class_type.qualifications.add(QualificationFactory())

        refused = post(colleague, f"substitute-requests/{wanted.pk}/accept/", revision=0)

        assert outcome(refused) == (409, "not_qualified")

    def test_a_manager_who_does_not_teach_cannot_take_a_class_over(
        self, managing: DescribedClient, wanted: SubstituteRequest
    ) -> None:
        refused = post(managing, f"substitute-requests/{wanted.pk}/accept/", revision=0)

        assert outcome(refused) == (403, "permission_denied")
        assert Slot.objects.get().instructor == wanted.instead_of

    def test_who_has_accepted_cannot_be_sent_away_by_withdrawing(
        self, managing: DescribedClient, colleague: DescribedClient, wanted: SubstituteRequest
    ) -> None:
        post(colleague, f"substitute-requests/{wanted.pk}/accept/", revision=0)

        refused = post(managing, f"substitute-requests/{wanted.pk}/withdraw/")

        assert outcome(refused) == (409, "already_taken_over")


class TestAssigning:
    def test_gives_the_class_to_somebody_at_once(
        self, managing: DescribedClient, own: Slot, helena: Instructor
    ) -> None:
        answer = post(managing, f"slots/{own.pk}/assign-substitute/", instructor=helena.pk, revision=0)

        done = answer.json()
        assert (answer.status_code, done["state"], done["filled_by"]["id"]) == (200, "filled", helena.pk)
        assert done["slot"]["instructor"]["id"] == helena.pk

    def test_each_refusal_carries_its_code(self, managing: DescribedClient, own: Slot, helena: Instructor) -> None:
        def assign(instructor: Instructor, revision: int = 0) -> tuple[int, str]:
            fields = {"instructor": instructor.pk, "revision": revision}
            return outcome(post(managing, f"slots/{own.pk}/assign-substitute/", **fields))

        left = InstructorFactory(is_active=False)
        busy = SlotFactory(starts_at=SIX).instructor

        assert assign(helena, revision=7) == (409, "changed_meanwhile")
        assert assign(own.instructor) == (409, "teaches_it_anyway")
        assert assign(busy) == (409, "instructor_teaching")
        assert assign(left) == (400, "invalid_input")


class TestReading:
    def test_an_instructor_sees_the_own_requests_and_those_to_accept_and_a_manager_all(
        self, teaching: DescribedClient, managing: DescribedClient, wanted: SubstituteRequest
    ) -> None:
        to_accept = SubstituteRequestFactory(slot__starts_at=SIX + timedelta(days=1))
        while_teaching = SubstituteRequestFactory(slot__starts_at=SIX)
        SubstituteRequestFactory(state=SubstituteRequest.State.WITHDRAWN, closed_at=clock.now())

        listed = [[each["id"] for each in client.get(REQUESTS).json()["results"]] for client in (teaching, managing)]

        assert listed == [[wanted.pk, to_accept.pk], [wanted.pk, to_accept.pk, while_teaching.pk]]

    def test_one_request_is_shown_with_what_became_of_it(
        self, teaching: DescribedClient, colleague: DescribedClient, wanted: SubstituteRequest
    ) -> None:
        post(colleague, f"substitute-requests/{wanted.pk}/accept/", revision=0)

        shown = [client.get(f"{REQUESTS}{wanted.pk}/").json() for client in (teaching, colleague)]

        assert [(each["state"], each["filled_by"]["name"]) for each in shown] == [("filled", "Helena Brandt")] * 2

    @pytest.mark.parametrize("count", [1, 3])
    def test_lists_cost_the_same_few_queries_for_many(
        self,
        teaching: DescribedClient,
        managing: DescribedClient,
        count: int,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        for day in range(count):
            SubstituteRequestFactory(slot__starts_at=SIX + timedelta(days=day))

        # token, patient, permissions (2), roles; who it is, live ones, what is in the way (4), the page
        with django_assert_num_queries(12):
            of_instructor = teaching.get(REQUESTS)
        with django_assert_num_queries(6):
            of_manager = managing.get(REQUESTS)

        assert [len(answer.json()["results"]) for answer in (of_instructor, of_manager)] == [count, count]

    def test_the_link_to_join_is_in_no_answer(self, managing: DescribedClient) -> None:
        slot = SlotFactory(room=None, online_link="https://meet.example.org/secret", starts_at=SIX)
        wanted = SubstituteRequestFactory(slot=slot)

        answers = [managing.get(REQUESTS), managing.get(f"{REQUESTS}{wanted.pk}/")]

        assert not any(b"meet.example.org" in answer.content for answer in answers)


class TestWhoMay:
    """Fault 51: each way, by each role; a colleague's slot is not there, and nothing changes."""

    WAYS = [
        ("get", "slots/{slot}/colleagues/", 404),
        ("post", "slots/{slot}/ask-for-substitute/", 404),
        ("post", "slots/{slot}/assign-substitute/", 403),
        ("get", "substitute-requests/", 200),
        ("get", "substitute-requests/{request}/", 200),
        ("post", "substitute-requests/{request}/withdraw/", 404),
        ("post", "substitute-requests/4711/accept/", 404),
    ]

    @pytest.mark.parametrize(("method", "path", "colleagues"), WAYS)
    def test_only_who_plans(
        self,
        visitor: DescribedClient,
        api: DescribedClient,
        at_the_desk: DescribedClient,
        colleague: DescribedClient,
        helena: Instructor,
        wanted: SubstituteRequest,
        method: str,
        path: str,
        colleagues: int,
    ) -> None:
        before = [list(rows.values()) for rows in (Slot.objects, SubstituteRequest.objects)]
        address = f"/api/v1/{path.format(slot=wanted.slot_id, request=wanted.pk)}"

        answers = [
            getattr(client, method)(address, {"revision": 0, "instructor": helena.pk}, format="json").status_code
            for client in (visitor, api, at_the_desk, colleague)
        ]

        assert answers == [401, 403, 403, colleagues]
        assert [list(rows.values()) for rows in (Slot.objects, SubstituteRequest.objects)] == before

    def test_patients_and_the_desk_accept_nothing(
        self, visitor: DescribedClient, api: DescribedClient, at_the_desk: DescribedClient, wanted: SubstituteRequest
    ) -> None:
        answers = [
            post(client, f"substitute-requests/{wanted.pk}/accept/", revision=0).status_code
            for client in (visitor, api, at_the_desk)
        ]

        assert answers == [401, 403, 403]
        assert Slot.objects.get().instructor == wanted.instead_of

    def test_who_teaches_no_more_sees_none(self, wanted: SubstituteRequest) -> None:
        left = UserFactory(role=roles.INSTRUCTOR)
        InstructorFactory(user=left, is_active=False)
        client = signed_in(left)

        listed = client.get(REQUESTS)
        answers = [
            client.get(f"{REQUESTS}{wanted.pk}/"),
            client.post(f"{REQUESTS}{wanted.pk}/accept/", {"revision": 0}),
        ]

        assert listed.json()["results"] == []
        assert [answer.status_code for answer in answers] == [404, 404]
