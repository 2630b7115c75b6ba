"""The instructor's pages: planning, publishing, and what is nobody else's business."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts import roles
from scheduling.models import Instructor, Slot, SlotChange
from tests.booking.reading import buttons, words
from tests.factories import (
    ClassTypeFactory,
    InstructorFactory,
    LocationFactory,
    PatientFactory,
    RoomFactory,
    SlotFactory,
    UserFactory,
)
from tests.scheduling.conftest import MONDAY_MORNING
from tests.scheduling.outline import headings, skips_no_level

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]

NEW = "/teach/slots/new/"
TUESDAY_SIX = datetime(2026, 11, 24, 17, tzinfo=UTC)


@pytest.fixture
def typed() -> dict[str, Any]:
    """Gentle Back Care in the Quiet Room on Tuesday 24 November at 18:00."""
    room = RoomFactory(name="Quiet Room", size=8, location=LocationFactory(name="House by the Park"))
    return {
        "class_type": ClassTypeFactory(name="Gentle Back Care", capacity=8, price=1800).pk,
        "room": room.pk,
        "day": "2026-11-24",
        "wall_time": "18:00",
    }


def draft_of(instructor: Instructor, **fields: Any) -> Slot:
    made: Slot = SlotFactory(instructor=instructor, state=Slot.State.DRAFT, starts_at=TUESDAY_SIX, **fields)
    return made


@pytest.mark.parametrize(
    ("role", "way_on"), [(roles.INSTRUCTOR, "Please ask a manager to add it."), (roles.MANAGER, "Add what is missing")]
)
def test_a_form_with_nothing_to_choose_from_says_what_is_missing(client: Client, role: str, way_on: str) -> None:
    teacher = InstructorFactory()
    roles.assign_role(teacher.user, role)
    client.force_login(teacher.user)
    RoomFactory()

    text = words(client.get(NEW))
    ClassTypeFactory()

    assert f"There is nothing to choose from for: Class type. {way_on}" in text
    assert "No class can be planned yet" not in words(client.get(NEW))


class TestTheWeeks:
    def test_show_ones_own_classes_by_week_with_state_and_places(
        self, instructor: Instructor, instructors_client: Client
    ) -> None:
        draft_of(instructor, class_type__name="Gentle Back Care")
        SlotFactory(
            instructor=instructor,
            class_type__name="Steady Core",
            starts_at=TUESDAY_SIX + timedelta(days=7),
            capacity=8,
            taken=5,
        )
        SlotFactory(class_type__name="Somebody Else's", starts_at=TUESDAY_SIX)

        page = instructors_client.get("/teach/")

        text = words(page)
        assert headings(page.content.decode()) == [(1, "My classes"), (2, "This week"), (2, "Next week")]
        assert skips_no_level(page.content.decode())
        assert "Tue 24 Nov, 18:00–19:00 Gentle Back Care" in text and "0 of 8 Draft Publish" in text
        assert "Tue 1 Dec, 18:00–19:00 Steady Core" in text and "5 of 8 Published" in text
        assert "1 class is still a draft" in text
        assert "Somebody Else" not in text
        assert buttons(page) == ["New class"]

    def test_leave_out_what_is_over_and_lead_on_to_later_weeks(
        self, instructor: Instructor, instructors_client: Client
    ) -> None:
        SlotFactory(instructor=instructor, starts_at=MONDAY_MORNING - timedelta(hours=2), class_type__name="Over")
        SlotFactory(instructor=instructor, starts_at=MONDAY_MORNING - timedelta(minutes=30), class_type__name="Now")
        SlotFactory(instructor=instructor, starts_at=TUESDAY_SIX + timedelta(weeks=4), class_type__name="Far")

        now = instructors_client.get("/teach/")
        later = instructors_client.get("/teach/?from=2026-12-21")

        assert "Now" in words(now)
        assert "Over" not in words(now) and "Far" not in words(now)
        assert 'href="?from=2026-12-21"' in now.content.decode()
        assert "Far" in words(later) and "Week of 21 December" in words(later)

    def test_without_classes_say_what_to_do(self, instructors_client: Client) -> None:
        assert "No classes planned Plan the first one" in words(instructors_client.get("/teach/"))

    @pytest.mark.parametrize("count", [1, 3])
    def test_cost_the_same_few_queries_for_many_classes(
        self,
        instructor: Instructor,
        instructors_client: Client,
        count: int,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        for nth in range(count):
            SlotFactory(instructor=instructor, starts_at=TUESDAY_SIX + timedelta(hours=nth))

        with django_assert_num_queries(6):  # session, account, roles, slots, the instructor, substitutes
            page = instructors_client.get("/teach/")

        assert [words(page).count(slot.class_type.name) for slot in Slot.objects.all()] == [1] * count

    @pytest.mark.parametrize("query", ["?from=9999-12-31", "?from=\x00", "?instructor=\x00", "?instructor=" + "9" * 40])
    def test_ignore_what_they_do_not_understand(self, managers_client: Client, query: str) -> None:
        SlotFactory(starts_at=TUESDAY_SIX, class_type__name="Steady Core")

        assert "Steady Core" in words(managers_client.get("/teach/" + query))

    def test_show_a_manager_everyones_or_one_instructors(self, managers_client: Client) -> None:
        asha, helena = (InstructorFactory(user__name=name) for name in ("Asha Lind", "Helena Brandt"))
        SlotFactory(instructor=asha, starts_at=TUESDAY_SIX, class_type__name="Ashas Class")
        SlotFactory(instructor=helena, starts_at=TUESDAY_SIX, class_type__name="Helenas Class")

        everyone = words(managers_client.get("/teach/"))
        ashas = words(managers_client.get(f"/teach/?instructor={asha.pk}"))

        assert "All classes" in everyone and "Ashas Class" in everyone and "Helenas Class" in everyone
        assert "Ashas Class" in ashas and "Helenas Class" not in ashas

    def test_tell_somebody_with_the_role_but_without_an_instructors_entry_what_to_do(self, client: Client) -> None:
        user = UserFactory()
        roles.assign_role(user, roles.INSTRUCTOR)
        client.force_login(user)

        page = client.get("/teach/")

        assert "You are not in the list of instructors" in words(page)
        assert buttons(page) == []
        assert client.get(NEW).status_code == 404


class TestANewClass:
    def test_is_saved_as_a_draft(
        self, instructor: Instructor, instructors_client: Client, typed: dict[str, Any]
    ) -> None:
        page = instructors_client.post(NEW, typed | {"then": "draft"}, follow=True)

        slot = Slot.objects.get()
        assert (slot.state, slot.instructor, slot.starts_at) == (Slot.State.DRAFT, instructor, TUESDAY_SIX)
        assert (slot.capacity, slot.price, slot.duration) == (8, 1800, timedelta(hours=1))
        assert page.redirect_chain == [("/teach/", 302)]
        assert "Saved as a draft. Patients cannot see it until you publish it." in words(page)

    def test_is_published_at_once(self, instructors_client: Client, typed: dict[str, Any]) -> None:
        page = instructors_client.post(NEW, typed | {"then": "publish"}, follow=True)

        assert Slot.objects.get().is_published
        assert (
            "Published: Gentle Back Care, Tuesday 24 November, 18:00–19:00 (Berlin time). "
            "Patients can book it from now on."
        ) in words(page)

    def test_in_a_room_that_is_taken_is_refused_with_the_name_of_the_clash_and_nothing_typed_is_lost(
        self, instructors_client: Client, typed: dict[str, Any]
    ) -> None:
        SlotFactory(room_id=typed["room"], class_type__name="Steady Core", starts_at=TUESDAY_SIX)

        page = instructors_client.post(NEW, typed | {"price": "19,5", "minutes": "50", "then": "draft"})
        again = instructors_client.post(NEW, typed | {"price": "19,50", "minutes": "50", "then": "draft"})

        assert page.status_code == again.status_code == 422
        assert "Please write the amount in figures, such as 18,00." in words(page)
        assert (
            "Quiet Room, House by the Park is taken at that time: Steady Core, Tuesday 24 November, 18:00–19:00 "
            "(Berlin time). Please choose another time or room."
        ) in words(again)
        body = again.content.decode()
        assert all(f'value="{kept}"' in body for kept in ("19,50", "50", "2026-11-24", "18:00"))
        assert Slot.objects.count() == 1

    def test_while_the_instructor_teaches_is_refused_with_the_name_of_the_clash(
        self, instructor: Instructor, instructors_client: Client, typed: dict[str, Any]
    ) -> None:
        SlotFactory(instructor=instructor, class_type__name="Steady Core", starts_at=TUESDAY_SIX)

        page = instructors_client.post(NEW, typed | {"then": "publish"})

        assert "Asha Lind teaches at that time: Steady Core, Tuesday 24 November" in words(page)
        assert Slot.objects.count() == 1

    def test_for_more_people_than_the_room_holds_is_refused(
        self, instructors_client: Client, typed: dict[str, Any]
    ) -> None:
        page = instructors_client.post(NEW, typed | {"capacity": "9", "then": "draft"})

        assert "Quiet Room, House by the Park holds 8 mats." in words(page)
        assert not Slot.objects.exists()

    def test_on_line_needs_no_room_but_its_link(self, instructors_client: Client, typed: dict[str, Any]) -> None:
        nowhere = instructors_client.post(NEW, typed | {"room": "", "then": "draft"})
        link = "https://meet.example.org/back"
        instructors_client.post(NEW, typed | {"room": "", "online_link": link, "then": "publish"})

        slot = Slot.objects.get()
        assert nowhere.status_code == 422
        assert "Please choose a room, or enter the link under which people join on-line." in words(nowhere)
        assert (slot.room, slot.online_link, slot.is_published) == (None, link, True)

    def test_earlier_today_is_refused(self, instructors_client: Client, typed: dict[str, Any]) -> None:
        page = instructors_client.post(NEW, typed | {"day": "2026-11-23", "wall_time": "08:55", "then": "publish"})

        assert "This time is over. Please choose one in the future." in words(page)
        assert not Slot.objects.exists()

    def test_at_a_time_that_happens_twice_asks_which_beside_the_time(
        self, instructors_client: Client, typed: dict[str, Any]
    ) -> None:
        twice = typed | {"day": "2027-10-31", "wall_time": "02:30", "then": "draft"}

        asked = words(instructors_client.post(NEW, twice))
        instructors_client.post(NEW, twice | {"fold": "1"})

        assert "The first 02:30, before the clocks are set back" in asked
        assert Slot.objects.get().starts_at == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)

    def test_does_not_ask_which_when_there_is_only_one(self, instructors_client: Client) -> None:
        assert "Which of the two" not in words(instructors_client.get(NEW))

    def test_ignores_fields_that_are_not_on_the_form(
        self, instructor: Instructor, instructors_client: Client, typed: dict[str, Any]
    ) -> None:
        other = InstructorFactory()

        instructors_client.post(
            NEW, typed | {"instructor": other.pk, "taken": "5", "state": "published", "currency": "usd"}
        )

        slot = Slot.objects.get()
        assert (slot.instructor, slot.taken, slot.state, slot.currency) == (instructor, 0, Slot.State.DRAFT, "eur")

    def test_is_planned_by_a_manager_for_a_chosen_instructor(
        self, managers_client: Client, typed: dict[str, Any]
    ) -> None:
        helena = InstructorFactory(user__name="Helena Brandt")

        without = managers_client.post(NEW, typed | {"then": "draft"})
        managers_client.post(NEW, typed | {"instructor": helena.pk, "then": "draft"})

        assert "Instructor: Please choose who teaches." in words(without)
        assert Slot.objects.get().instructor == helena


class TestADraft:
    def test_is_published_from_the_list_on_the_record_and_twice_is_once(
        self, instructor: Instructor, instructors_client: Client
    ) -> None:
        draft = draft_of(instructor)

        pages = [instructors_client.post(f"/teach/slots/{draft.pk}/publish/", follow=True) for _ in range(2)]

        draft.refresh_from_db()
        record = SlotChange.objects.get()
        assert (draft.is_published, draft.published_at, draft.revision) == (True, MONDAY_MORNING, 1)
        assert (record.slot, record.revision, record.made_by) == (draft, 1, instructor.user)
        assert (record.before, record.tells) == ({"state": "draft"}, False)
        assert all("Patients can book it from now on." in words(page) for page in pages)

    @pytest.mark.parametrize(
        ("shown", "address"),
        [
            ({"first": "2026-12-21", "instructor": "7"}, "/teach/?from=2026-12-21&instructor=7"),
            ({"first": "//evil.example", "instructor": "x&y=1"}, "/teach/"),
        ],
    )
    def test_is_published_in_the_weeks_that_are_shown_which_stay(
        self, instructor: Instructor, instructors_client: Client, shown: dict[str, str], address: str
    ) -> None:
        draft = draft_of(instructor)

        answer = instructors_client.post(f"/teach/slots/{draft.pk}/publish/", shown)

        assert answer.headers["Location"] == address

    def test_that_was_changed_since_it_was_shown_is_not_published(
        self, instructor: Instructor, instructors_client: Client
    ) -> None:
        draft = draft_of(instructor)
        shown = instructors_client.get(f"/teach/slots/{draft.pk}/").content.decode()
        Slot.objects.filter(pk=draft.pk).update(price=0, revision=1)

        page = instructors_client.post(f"/teach/slots/{draft.pk}/publish/", {"revision": "0"}, follow=True)

        draft.refresh_from_db()
        assert 'name="revision" value="0"' in shown
        assert draft.state == Slot.State.DRAFT
        assert "Somebody else has changed this class meanwhile." in words(page)

    def test_whose_time_has_come_is_not_published(self, instructor: Instructor, instructors_client: Client) -> None:
        draft = SlotFactory(instructor=instructor, state=Slot.State.DRAFT, starts_at=MONDAY_MORNING)

        page = instructors_client.post(f"/teach/slots/{draft.pk}/publish/", follow=True)

        draft.refresh_from_db()
        assert draft.state == Slot.State.DRAFT
        assert "This time is over." in words(page)

    def test_is_published_from_its_own_page_which_comes_back(
        self, instructor: Instructor, instructors_client: Client
    ) -> None:
        draft = draft_of(instructor)

        shown = instructors_client.get(f"/teach/slots/{draft.pk}/")
        page = instructors_client.post(f"/teach/slots/{draft.pk}/publish/", {"from": "class"}, follow=True)

        draft.refresh_from_db()
        assert buttons(shown) == ["Publish"]
        assert page.redirect_chain == [(f"/teach/slots/{draft.pk}/", 302)]
        assert draft.is_published and buttons(page) == ["Change"]
        assert f"by {instructor.name} State: Published before: Draft" in words(page)

    def test_is_not_published_by_looking_at_the_address(
        self, instructor: Instructor, instructors_client: Client
    ) -> None:
        draft = draft_of(instructor)

        answer = instructors_client.get(f"/teach/slots/{draft.pk}/publish/")

        draft.refresh_from_db()
        assert (answer.status_code, answer["Location"]) == (302, "/teach/")
        assert draft.state == Slot.State.DRAFT


class TestAPublishedClass:
    def test_says_how_full_it_is_and_leads_to_what_patients_see(
        self, instructor: Instructor, instructors_client: Client
    ) -> None:
        slot = SlotFactory(instructor=instructor, starts_at=TUESDAY_SIX, capacity=8, taken=3)

        page = instructors_client.get(f"/teach/slots/{slot.pk}/")

        assert "Taken 3 of 8" in words(page) and "Day sheet" not in words(page)
        assert f'href="/slots/{slot.pk}/"' in page.content.decode()

    def test_leads_a_manager_to_its_day_sheet(self, managers_client: Client) -> None:
        slot = SlotFactory(starts_at=TUESDAY_SIX)

        page = managers_client.get(f"/teach/slots/{slot.pk}/")

        assert 'href="/desk/?day=2026-11-24"' in page.content.decode()


class TestWhoMayNot:
    @pytest.mark.parametrize("state", [Slot.State.DRAFT, Slot.State.PUBLISHED])
    def test_another_instructors_class_is_not_there(self, instructors_client: Client, state: str) -> None:
        slot = SlotFactory(starts_at=TUESDAY_SIX, state=state)

        answers = [
            instructors_client.get(f"/teach/slots/{slot.pk}/"),
            instructors_client.post(f"/teach/slots/{slot.pk}/publish/"),
        ]

        slot.refresh_from_db()
        assert [answer.status_code for answer in answers] == [404, 404]
        assert (slot.state, slot.starts_at) == (state, TUESDAY_SIX)

    @pytest.mark.parametrize("role", [roles.PATIENT, roles.FRONT_DESK])
    def test_patients_and_the_desk_plan_nothing(self, client: Client, typed: dict[str, Any], role: str) -> None:
        slot = SlotFactory(state=Slot.State.DRAFT, starts_at=TUESDAY_SIX)
        user = PatientFactory().account
        roles.assign_role(user, role)
        client.force_login(user)

        answers = [
            client.get("/teach/"),
            client.get(NEW),
            client.post(NEW, typed),
            client.get(f"/teach/slots/{slot.pk}/"),
            client.post(f"/teach/slots/{slot.pk}/publish/"),
        ]

        assert [answer.status_code for answer in answers] == [403] * 5
        assert Slot.objects.get().state == Slot.State.DRAFT

    @pytest.mark.parametrize("address", ["/teach/", NEW, "/teach/slots/1/"])
    def test_visitors_sign_in_first_and_come_back(self, client: Client, address: str) -> None:
        answer = client.get(address)

        assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={address}")
